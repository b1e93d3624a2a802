"""What is different about a spool where there are runs that print from it."""

from rest_framework.decorators import action

from inventory.api import spools
from inventory.serializers.ledger import InventoryTransactionSerializer
from production.serializers.spools import KeptForSerializer, WeighedSpool, WeighInUseBody
from production.services.printing import weighing


class SpoolViewSet(spools.SpoolViewSet):
    """Spools. POST receives one; its grams move through the verbs and the production runs."""

    bodies = {**spools.SpoolViewSet.bodies, "weigh": WeighInUseBody}
    answers = {**spools.SpoolViewSet.answers, "weigh": WeighedSpool}

    @action(detail=True, methods=["post"])
    def weigh(self, request, pk):
        """Say what the scale shows: a count, the truth of the shelf.

        While a running run prints from the spool, the weight is kept for its completion instead,
        unless ``as_count`` asks for a count.
        """
        spool = self.get_object()
        done = self.call(weighing.weigh, spool, **self.get_validated_data(spool))
        entry = done.entry and InventoryTransactionSerializer(done.entry).data
        kept_for = done.line and KeptForSerializer(done.line).data
        return self.row_response(spool, entry=entry, kept_for=kept_for)
