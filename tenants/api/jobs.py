"""The jobs of a farm."""

from drf_spectacular.types import OpenApiTypes
from rest_framework.decorators import action

from tenants.api.access import require_scope
from tenants.api.async_answers import JobSerializer
from tenants.api.csv_format import CSV, CSVRenderer
from tenants.api.filters import FollowedFilter, PersonFilter, SeveralFilter
from tenants.api.serializers import NoBody
from tenants.api.views import ReadViewSet
from tenants.jobs import downloads, kinds, services
from tenants.jobs.models import Job


class JobFilter(FollowedFilter):
    status = SeveralFilter(choices=Job.Status.choices)
    kind = SeveralFilter(choices=kinds.choices)
    by = PersonFilter()

    class Meta:
        model = Job
        fields = []


class JobViewSet(ReadViewSet):
    """One's own jobs, newest first; a manager has those of everybody."""

    queryset = Job.objects.all()
    serializer_class = JobSerializer
    bodies = {"cancel": NoBody}
    answers = {
        "result": {(200, CSV): OpenApiTypes.STR, (200, "application/json"): OpenApiTypes.OBJECT}
    }
    permissions = {"result": "view"}
    filterset_class = JobFilter
    ordering_fields = ["id", "created_at", "finished_at"]

    def get_queryset(self):
        return super().get_queryset().visible_to(self.request.user)

    def get_renderers(self):
        more = [CSVRenderer()] if self.action == "result" else []
        return [*super().get_renderers(), *more]

    @action(detail=True, methods=["post"])
    def cancel(self, request, pk):
        """End a job that is not finished: nothing of it stays. A token ends what was begun with a
        scope that its own includes."""
        require_scope(request.user.scope, self.get_object().scope)
        return self.verb(services.cancel)

    @action(detail=True, methods=["get"])
    def result(self, request, pk):
        """Read the file that a job has made; it is kept for a day."""
        return downloads.file_answer(self.get_object())
