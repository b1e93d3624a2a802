"""Weighing a spool that may be on a printer, as JSON."""

from rest_framework import serializers

from inventory.serializers.ledger import InventoryTransactionSerializer
from inventory.serializers.spools import BookedSpool
from inventory.serializers.verbs import SPOOL_VERBS
from tenants.api.fields import GRAMS, FlagField, QuantityField


class WeighInUseBody(SPOOL_VERBS["weigh"]):
    """What the scale shows; ``as_count`` posts it as a count while a run prints from the spool."""

    as_count = FlagField(required=False)


class SavedForSerializer(serializers.Serializer):
    """The material of a run in progress that a weight was saved for."""

    run = serializers.IntegerField(source="run_id")
    run_number = serializers.CharField(source="run.number")
    material = serializers.IntegerField(source="pk")
    gross_after_grams = QuantityField(**GRAMS)


class WeighedSpool(BookedSpool):
    """A spool, and where its weight went: an entry, or the material of a run in progress."""

    entry = InventoryTransactionSerializer(read_only=True, allow_null=True)
    saved_for = SavedForSerializer(read_only=True, allow_null=True)

    class Meta(BookedSpool.Meta):
        fields = [*BookedSpool.Meta.fields, "saved_for"]
