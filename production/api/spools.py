"""What is different about a spool where there are runs that print from it."""

from rest_framework.decorators import action

from inventory import api
from inventory.serializers import InventoryTransactionSerializer
from production import serializers
from production.services.printing import weighing


class SpoolViewSet(api.SpoolViewSet):
    """Spools. POST receives one; its grams move through the verbs and the production runs."""

    bodies = {**api.SpoolViewSet.bodies, "weigh": serializers.WeighInUseBody}
    answers = {**api.SpoolViewSet.answers, "weigh": serializers.WeighedSpool}

    @action(detail=True, methods=["post"])
    def weigh(self, request, pk):
        """Say what the scale shows: a count, the truth of the shelf.

        While a running run prints from the spool, the weight is kept for its completion instead,
        unless ``as_count`` asks for a count.
        """
        spool = self.get_object()
        done = self.call(weighing.weigh, spool, **self.get_validated_data(spool))
        entry = done.entry and InventoryTransactionSerializer(done.entry).data
        kept_for = done.line and serializers.KeptForSerializer(done.line).data
        return self.row_response(spool, entry=entry, kept_for=kept_for)
