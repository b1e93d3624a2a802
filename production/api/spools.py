"""Spools, weighed while a run may print from them."""

from rest_framework.decorators import action

from inventory.api import spools
from inventory.serializers.ledger import InventoryTransactionSerializer
from production.serializers.spools import SavedForSerializer, WeighedSpool, WeighInUseBody
from production.services.printing import weighing


class SpoolViewSet(spools.SpoolViewSet):
    """Spools. POST receives one; its grams move through the verbs and the production runs."""

    bodies = {**spools.SpoolViewSet.bodies, "weigh": WeighInUseBody}
    answers = {**spools.SpoolViewSet.answers, "weigh": WeighedSpool}

    @action(detail=True, methods=["post"])
    def weigh(self, request, pk):
        """Enter what the scale shows: a count.

        While a run prints from the spool, the weight is saved for its completion instead, unless
        ``as_count`` asks for a count.
        """
        spool = self.get_object()
        done = self.call(weighing.weigh, spool, **self.get_validated_data(spool))
        entry = done.entry and InventoryTransactionSerializer(done.entry).data
        saved_for = done.line and SavedForSerializer(done.line).data
        return self.row_response(spool, entry=entry, saved_for=saved_for)
