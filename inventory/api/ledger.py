"""The ledger, read-only but for one verb: reversing an entry."""

from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from inventory import filters
from inventory.models import InventoryTransaction, Spool
from inventory.serializers.ledger import (
    CorrectedClock,
    InventoryTransactionSerializer,
    ReverseBody,
)
from inventory.services import clock_correcting, reversing
from tenants.api.serializers import NoBody
from tenants.api.views import Nested, ReadViewSet


class LedgerViewSet(ReadViewSet):
    """Entries are made by verbs, and never changed."""

    help_topic = "api#use-weigh-and-correct"
    queryset = InventoryTransaction.objects.all()
    serializer_class = InventoryTransactionSerializer
    filterset_class = filters.InventoryTransactionFilter
    ordering_fields = ["id", "created_at", "occurred_at", "grams"]

    def with_related(self, rows):
        return rows.with_references()


class InventoryTransactionViewSet(LedgerViewSet):
    """The whole ledger, in the order in which it was written."""

    bodies = {"reverse": ReverseBody, "correct_clock": NoBody}
    answers = {
        "reverse": {201: InventoryTransactionSerializer},
        "correct_clock": CorrectedClock,
    }

    @action(detail=True, methods=["post"])
    def reverse(self, request, pk):
        """Undo an entry that no run made: the answer is the reversal."""
        reversal = self.call(reversing.reverse, self.get_object(), **self.get_validated_data())
        return self.row_response(reversal, status=status.HTTP_201_CREATED)

    @action(detail=False, methods=["post"], url_path="correct-clock")
    def correct_clock(self, request):
        """Say that entries which are later than now were dated by a wrong clock: posting goes on.

        On each spool concerned a count of 0 g says so. The wrong entries stay in the ledger.
        """
        self.get_validated_data()
        entries = self.call(clock_correcting.correct_clock)
        return Response(CorrectedClock({"entries": entries}).data)


class SpoolTransactionViewSet(Nested, LedgerViewSet):
    """The ledger of one spool, in the order in which it was written."""

    parents = Spool.objects.all()
    parent = "spool"
