"""One search by words in all that a farm has."""

from rest_framework.response import Response

from inventory.models import Spool
from production.serializers.finding import FindQuery, FoundSerializer
from production.services.finding import found
from tenants.api.views import BaseViewSet


class FindViewSet(BaseViewSet):
    """What of the farm has all of some words."""

    help_topic = "api#find"
    observed_as = "find.get"
    queryset = Spool.objects.all()
    serializer_class = FoundSerializer
    queries = {"show": FindQuery}
    permissions = {"show": "view", "metadata": "view"}
    pagination_class = None

    def get_view_name(self):
        return "Find"

    def show(self, request):
        """Find spools, runs, orders, printers and more by words.

        A row is found by the beginnings of words in what it is called, without case and accents:
        a spool also by what it is of and where it is, a run by the last digits of its number, its
        orders and products. Each kind is found by those who may view it, people by managers.
        """
        words = self.get_query_values()["q"]
        kinds = found.find(words, user=request.user)
        return Response(FoundSerializer({"q": words, "kinds": kinds}).data)
