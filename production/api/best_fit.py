"""Spools for all planned runs together."""

from rest_framework.response import Response

from production.models import ProductionRun
from production.serializers.best_fit import (
    BestFitQuery,
    BestFitSerializer,
    TakenRunsSerializer,
    TakeSpoolsBody,
)
from production.services.best_fit import proposals, taking
from tenants.api.views import BaseViewSet


class BestFitViewSet(BaseViewSet):
    """Which spools the planned runs of the next days could take, looked at together."""

    help_topic = "api#best-fit"
    observed_as = "best_fit.get"
    queryset = ProductionRun.objects.all()
    serializer_class = BestFitSerializer
    bodies = {"create": TakeSpoolsBody}
    answers = {"create": {200: TakenRunsSerializer}}
    queries = {"show": BestFitQuery}
    permissions = {"show": "view", "create": "change", "metadata": "view"}
    pagination_class = None

    def get_view_name(self):
        return "Best fit"

    def show(self, request):
        """Propose spools for the materials of planned runs that have none, all together.

        With the fewest changes during a print, the fewest rests under 50 g, one lot for an order,
        and of no spool more than is available. Nothing is written.
        """
        found = proposals.best_fit(days=self.get_query_values()["days"])
        return Response(BestFitSerializer(found).data)

    def create(self, request):
        """Take proposals, all or some: the spools are reserved.

        Each run is changed as a whole or not at all; what can't be done any more is answered with
        its reason.
        """
        done = self.call(taking.take, **self.get_validated_data())
        return Response(TakenRunsSerializer({"runs": done}).data)
