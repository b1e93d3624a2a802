"""What a scanner read, as JSON."""

from django.urls import reverse
from rest_framework import serializers

from tenants.api.fields import TextField
from tenants.api.serializers import Body

API = {"spool": "spools", "printer": "printers", "run": "production-runs", "filament": "filaments"}
KINDS = [*API, "label", "gtin", "spoolman_spool", "spoolman_filament", "text"]


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
            row.url = reverse(f"{API[scan.kind]}-detail", args=[row.pk])
        return super().to_representation(scan)
