"""Production runs, and the documents and figures of one."""

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response

from production.api.plan_changes import ChangesMixin
from production.api.verbs import FOLLOWED, NEW_RUNS, OUTCOMES, PERMISSIONS, RunVerbs
from production.filters.runs import ProductionRunFilter, RunEventFilter
from production.models import ProductionRun, RunEvent, conditions
from production.paper import traveller
from production.serializers.estimating import EstimateSerializer
from production.serializers.explanation import ExplanationSerializer
from production.serializers.fitting_spools import WantedSpoolsSerializer
from production.serializers.outcomes import BlockersSerializer, ClosedRun, DryRun
from production.serializers.plan_changes import ChangedRun
from production.serializers.planning import PlannedRuns
from production.serializers.runs import ProductionRunSerializer, RunEventSerializer, addresses
from production.serializers.variance import VarianceSerializer
from production.serializers.verbs import RUN_BODIES
from production.services import estimating, explanation, product_plans, run_state, variance
from production.services.reports import demand
from production.services.requirements import wanted_spools
from production.services.runs import lifecycle, planning, status_change
from production.services.sliced_files import fitting
from production.services.transitions import TRANSITIONS
from tenants.accounts.models import FarmSettings
from tenants.api.documents import PDF, pdf_answer
from tenants.api.views import ReadViewSet


class AllowedVerbsMixin:
    """For views that change runs: InvalidRunStatus lists the allowed verbs as addresses."""

    def handle_exception(self, exc):
        if isinstance(exc, run_state.InvalidRunStatus):
            exc.numbers["allowed"] = addresses(exc.numbers["allowed"])
        return super().handle_exception(exc)


class ProductionRunViewSet(AllowedVerbsMixin, ChangesMixin, RunVerbs, ReadViewSet):
    """Production runs and their verbs."""

    queryset = ProductionRun.objects.live().newest_first()
    changes_at = conditions.changes_at()
    serializer_class = ProductionRunSerializer
    bodies = RUN_BODIES
    answers = {
        **dict.fromkeys(FOLLOWED, ChangedRun),
        **dict.fromkeys(OUTCOMES, ClosedRun),
        "record": {200: DryRun, 201: ClosedRun},
        **dict.fromkeys(["bulk", "plan"], {201: PlannedRuns}),
        **dict.fromkeys(NEW_RUNS, {201: ProductionRunSerializer}),
        "variance": VarianceSerializer,
        "estimate": EstimateSerializer,
        "explanation": ExplanationSerializer,
        "blockers": BlockersSerializer,
        "fitting_spools": WantedSpoolsSerializer,
        "traveller": {(200, PDF): OpenApiTypes.BINARY},
    }
    permissions = PERMISSIONS | {
        "variance": "view",
        "estimate": "view",
        "explanation": "view",
        "blockers": "view",
        "fitting_spools": "view",
        "bulk": "add",
        "plan": "add",
        "traveller": "view",
    }
    documents = ("traveller",)
    filterset_class = ProductionRunFilter
    ordering_fields = [
        "id",
        "number",
        "status",
        "priority",
        "due_on",
        "scheduled_at",
        "started_at",
        "finished_at",
        "created_at",
        "updated_at",
    ]
    natural_ordering = ("number",)
    ordering_aliases = {
        "start_date": "started_at",
        "completion_date": "finished_at",
        "status": ("status", "scheduled_at"),
    }

    def get_queryset(self):
        """Live runs; deleted ones too if the request includes them, or restores one."""
        if self._sees_deleted():
            return ProductionRun.objects.newest_first()
        return super().get_queryset()

    @property
    def has_fixed_rows(self):
        return not self._sees_deleted()

    def permission_needed(self):
        restore = TRANSITIONS["restore"].codename
        return restore if self._sees_deleted() else super().permission_needed()

    def _sees_deleted(self):
        if self.action == "list":
            return "is_deleted" in self.request.query_params
        return self.action == "restore"

    def create(self, request):
        """Plan a run; without ``materials`` they are derived from the bills of materials."""
        return self.row_response(
            self.call(lifecycle.create, **self.get_validated_data()), status=status.HTTP_201_CREATED
        )

    @action(detail=False, methods=["post"])
    def bulk(self, request):
        """Plan up to 100 runs at once: all of them, or none."""
        planned = self.call(planning.create_many, **self.get_validated_data())
        return self.made_response("runs", planned)

    @action(detail=False, methods=["post"])
    def plan(self, request):
        """Plan as many runs as a quantity of a product needs, over the printers named."""
        planned = self.call(product_plans.plan, **self.get_validated_data())
        return self.made_response("runs", planned)

    def update(self, request, pk, *, partial=False):
        """Change the run's own fields; a new ``status`` is carried out by its verb."""
        run = self.get_object()
        values = self.get_validated_data(run, partial=partial)
        verb = status_change.verb_to(run, values.get("status"))
        if verb and not request.user.has_perm(TRANSITIONS[verb].codename):
            raise PermissionDenied(_("You may not %(verb)s a run.") % {"verb": verb})
        return self.row_response(self.call(status_change.update_and_move, run, verb=verb, **values))

    def partial_update(self, request, pk):
        """Change some of the run's own fields; a new ``status`` is carried out by its verb."""
        return self.update(request, pk, partial=True)

    def destroy(self, request, pk):
        """Delete a run that booked nothing; its number stays taken."""
        self.call(lifecycle.delete, self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, methods=["get"])
    def variance(self, request, pk):
        """Read planned and actual grams, minutes and cost of one run."""
        return Response(variance.of_run(self.get_object()))

    @action(detail=True, methods=["get"])
    def estimate(self, request, pk):
        """Read what one run will cost, by prices and rates of now or of its start: an estimate."""
        return Response(estimating.of_run(self.get_object()).as_dict())

    @action(detail=True, methods=["get"])
    def explanation(self, request, pk):
        """Read why a run did not take and cost what was planned: parts that sum to the difference,
        and a sentence."""
        return Response(explanation.of_run(self.get_object()).as_dict())

    @action(detail=True, methods=["get"])
    def blockers(self, request, pk):
        """Read what keeps a planned run from starting, and what of its file does not fit."""
        run = self.get_object()
        found = {"run": run, "blockers": demand.blockers([run])[run.pk]}
        found["warnings"] = fitting.misfits_of_run(run)
        return Response(BlockersSerializer(found).data)

    @action(detail=True, methods=["get"], url_path="fitting-spools")
    def fitting_spools(self, request, pk):
        """Read which spools fit what an open run needs, the best first, and why."""
        run = self.get_object()
        found = {"run": run, "materials": wanted_spools.of_run(run)}
        return Response(WantedSpoolsSerializer(found).data)

    @action(detail=True, methods=["get"])
    def traveller(self, request, pk):
        """Print the run's traveller, as PDF: what it makes, what to load, boxes to write in."""
        runs = list(ProductionRun.objects.filter(pk=self.get_object().pk).for_paper())
        farm = FarmSettings.load().address_for(request)
        printed = {"farm": farm, "farm_name": request.tenant.name, "printed_at": timezone.now()}
        return pdf_answer(traveller.pdf(runs, **printed), runs[0].number)


class RunEventViewSet(ReadViewSet):
    """What was done to runs, in the order in which it was done: to follow them, deletions too."""

    help_topic = "api#history"
    queryset = RunEvent.objects.order_by("pk")
    serializer_class = RunEventSerializer
    filterset_class = RunEventFilter
    ordering_fields = ["id", "at", "verb"]

    def with_related(self, rows):
        return rows.select_related("run", "by")
