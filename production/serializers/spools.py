"""Spools that runs print from, and what a scanner read, as JSON."""

from django.urls import reverse
from rest_framework import serializers

from inventory.serializers.ledger import InventoryTransactionSerializer
from inventory.serializers.spools import BookedSpool
from inventory.serializers.verbs import SPOOL_VERBS
from tenants.api.fields import GRAMS, FlagField, QuantityField, TextField
from tenants.api.serializers import Body


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


API = {"spool": "spools", "printer": "printers", "run": "production-runs", "filament": "filaments"}
KINDS = [*API, "slot", "label", "gtin", "spoolman_spool", "spoolman_filament", "text"]


class ScanBody(Body):
    """The text as it was read or typed: a whole address, a code, a barcode's digits."""

    text = TextField(max_length=300)


class ScanRowSerializer(serializers.Serializer):
    """A row that the text leads to."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField(source="*")
    url = serializers.CharField(help_text="Its address in the API.")


class ScanSerializer(serializers.Serializer):
    """``kind`` is what was read; nothing of this farm is called so where ``results`` is empty."""

    kind = serializers.ChoiceField(KINDS)
    code = serializers.CharField(help_text="The code, the number or the digits without the rest.")
    detail = serializers.CharField(help_text="What it is, or why nothing was found.")
    results = ScanRowSerializer(source="rows", many=True)

    def to_representation(self, scan):
        for row in scan.rows:
            row.url = _address(scan.kind, row)
        return super().to_representation(scan)


def _address(kind, row):
    if kind == "slot":
        return reverse("printers-slots-detail", args=[row.printer_id, row.pk])
    return reverse(f"{API[kind]}-detail", args=[row.pk])
