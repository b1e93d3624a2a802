"""Corrections of what slicers say."""

from rest_framework import status
from rest_framework.decorators import action

from production.filters.slicer import SlicerCorrectionFilter
from production.models import SlicerCorrection
from production.serializers.slicer import SlicerCorrectionBody, SlicerCorrectionSerializer
from production.services.sliced_files import corrections
from tenants.api.serializers import NoBody
from tenants.api.views import ReadViewSet


class SlicerCorrectionViewSet(ReadViewSet):
    """What plans by a sliced file multiply the slicer's grams by, the latest first."""

    help_topic = "api#slicer-and-scale"
    queryset = SlicerCorrection.objects.all()
    serializer_class = SlicerCorrectionSerializer
    filterset_class = SlicerCorrectionFilter
    bodies = {"create": SlicerCorrectionBody, "withdraw": NoBody}
    permissions = {"create": "accept"}
    answers = {"create": {201: SlicerCorrectionSerializer}, "withdraw": SlicerCorrectionSerializer}
    search_fields = ["filament__name", "printer__name"]
    ordering_fields = ["id", "accepted_at", "factor"]

    def with_related(self, rows):
        return rows.with_names().select_related("accepted_by", "withdrawn_by")

    def create(self, request):
        """Correct plans by what was measured of a filament, on a printer, or both."""
        values = {"filament": None, **self.get_validated_data()}
        correction = self.call(corrections.accept, values.pop("filament"), **values)
        return self.row_response(correction, status=status.HTTP_201_CREATED)

    @action(detail=True, methods=["post"])
    def withdraw(self, request, pk):
        """Correct no longer by it: what it took the place of is current again."""
        self.get_validated_data()
        return self.row_response(self.call(corrections.withdraw, self.get_object()))
