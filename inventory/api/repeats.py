"""Reports of devices that were taken for repeats."""

from rest_framework.decorators import action

from inventory import filters
from inventory.models import RecognisedRepeat
from inventory.serializers.repeats import RecognisedRepeatSerializer
from inventory.services import overruling
from tenants.api.serializers import NoBody
from tenants.api.views import ReadViewSet


class RecognisedRepeatViewSet(ReadViewSet):
    """Reports that were not counted again, or were perhaps counted twice, the latest first."""

    help_topic = "printers#what-printers-report"
    queryset = RecognisedRepeat.objects.all()
    serializer_class = RecognisedRepeatSerializer
    filterset_class = filters.RecognisedRepeatFilter
    bodies = {"overrule": NoBody}
    answers = {"overrule": RecognisedRepeatSerializer}
    search_fields = ["token__name", "spool__code"]
    ordering_fields = ["id", "received_at", "grams"]

    def with_related(self, rows):
        return rows.with_references()

    @action(detail=True, methods=["post"])
    def overrule(self, request, pk):
        """Count what was not counted again after all; of what was perhaps counted twice, take back
        the report before it. The entry of that can be reversed."""
        self.get_validated_data()
        return self.row_response(self.call(overruling.overrule, self.get_object()))
