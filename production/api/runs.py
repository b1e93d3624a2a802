"""Production runs: planned, changed, deleted, and what can be read of one."""

from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response

from production import filters, serializers
from production.api.verbs import RunVerbs
from production.models import ProductionRun
from production.services import demand, lifecycle, moves, statuses, variance
from production.services.lines import NewItem, NewMaterial
from tenants.api.views import ReadViewSet


class OfRun:
    """For views that change runs: a refusal names what is allowed as addresses are called."""

    def handle_exception(self, exc):
        if isinstance(exc, moves.InvalidRunStatus):
            exc.numbers["allowed"] = serializers.addresses(exc.numbers["allowed"])
        return super().handle_exception(exc)


class ProductionRunViewSet(OfRun, RunVerbs, ReadViewSet):
    """Production runs and their verbs."""

    queryset = ProductionRun.objects.live().newest_first()
    serializer_class = serializers.ProductionRunSerializer
    bodies = serializers.RUN_VERBS
    answers = {
        **dict.fromkeys(["complete", "fail", "correct", "reassign"], serializers.ClosedRun),
        "record": {200: serializers.Rehearsal, 201: serializers.ClosedRun},
        "reprint": {201: serializers.ProductionRunSerializer},
        "variance": serializers.VarianceSerializer,
        "blockers": serializers.BlockersSerializer,
    }
    permissions = {"variance": "view", "blockers": "view", "actuals": "save_actuals"}
    filterset_class = filters.ProductionRunFilter
    title_field = "number"
    search_fields = [
        "number",
        "external_id",
        "notes",
        "items__product__sku",
        "items__product__name",
    ]
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

    def detailed(self, rows):
        return rows.with_lines()

    def create(self, request):
        """Plan a run; without ``materials`` they are derived from the bills of materials."""
        values = self.body()
        values.pop("status", None)
        items = [NewItem(**item) for item in values.pop("items", ())]
        materials = values.pop("materials", None)
        if materials is not None:
            materials = [NewMaterial(**material) for material in materials]
        run = self.do(lifecycle.create, items=items, materials=materials, **values)
        return self.answer(run, status=status.HTTP_201_CREATED)

    def update(self, request, pk, *, partial=False):
        """Change the run's own fields; a new ``status`` is carried out by its verb."""
        run = self.find()
        values = self.body(run, partial=partial)
        verb = statuses.verb_to(run, values.get("status"))
        if verb and not request.user.has_perm(self.permission_of(verb)):
            raise PermissionDenied(f"You may not {verb} a run.")
        return self.answer(self.do(statuses.update_and_move, run, verb=verb, **values))

    def partial_update(self, request, pk):
        """Change some of the run's own fields; a new ``status`` is carried out by its verb."""
        return self.update(request, pk, partial=True)

    def destroy(self, request, pk):
        """Delete a run that booked nothing; its number stays taken."""
        self.do(lifecycle.delete, self.find())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, methods=["get"])
    def variance(self, request, pk):
        """Read planned and actual grams, minutes and cost of one run."""
        return Response(variance.of_run(self.find()))

    @action(detail=True, methods=["get"])
    def blockers(self, request, pk):
        """Read what keeps a planned run from starting."""
        run = self.find()
        found = {"run": run, "blockers": demand.blockers([run])[run.pk]}
        return Response(serializers.BlockersSerializer(found).data)
