"""The lines of a run, at addresses of their own."""

from rest_framework import status
from rest_framework.response import Response

from production.api.plan_changes import CHANGES, REMOVED, ChangesMixin
from production.api.runs import AllowedVerbsMixin
from production.models import ProductionRun, RunItem, RunMaterial
from production.serializers.lines import RunItemSerializer, RunMaterialSerializer
from production.serializers.plan_changes import ChangedItem
from production.services.runs import lines
from tenants.api.views import Nested, ReadViewSet


class RunLineViewSet(AllowedVerbsMixin, Nested, ReadViewSet):
    """The lines of a run: changed while it is open, each change a change of the run."""

    help_topic = "api#plan"
    parents, parent = ProductionRun.objects.live(), "run"
    add = change = remove = None  # the services' verbs
    ordering_fields = ["id"]

    def create(self, request, run_id):
        line = self.call(type(self).add, self.get_parent(), **self.get_validated_data())
        return self.row_response(line, status=status.HTTP_201_CREATED)

    def update(self, request, run_id, pk, *, partial=False):
        line = self.get_object()
        return self.row_response(
            self.call(type(self).change, line, **self.get_validated_data(line, partial=partial))
        )

    def partial_update(self, request, run_id, pk):
        return self.update(request, run_id, pk, partial=True)

    def destroy(self, request, run_id, pk):
        self.call(type(self).remove, self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class RunItemViewSet(ChangesMixin, RunLineViewSet):
    """What a run makes."""

    answers = {**dict.fromkeys(CHANGES, ChangedItem), "destroy": REMOVED}
    queryset = RunItem.objects.all()
    serializer_class = RunItemSerializer
    add, change, remove = lines.add_item, lines.change_item, lines.remove_item
    search_fields = ["product__sku", "product__name", "order_reference"]


class RunMaterialViewSet(RunLineViewSet):
    """What a run takes."""

    queryset = RunMaterial.objects.all()
    serializer_class = RunMaterialSerializer
    add, change, remove = lines.add_material, lines.change_material, lines.remove_material
    search_fields = ["spool__code", "filament__name"]
