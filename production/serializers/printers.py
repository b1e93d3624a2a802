"""Printers and their slots, as JSON."""

from rest_framework import serializers

from inventory.models import Location
from production.models import Printer, PrinterSlot
from tenants.fields import NameField
from tenants.serializers import RowSerializer


class PrinterSlotSerializer(RowSerializer):
    spool_code = serializers.CharField(
        source="spool.code", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = PrinterSlot
        fields = ["id", "label", "spool", "spool_code"]
        read_only_fields = fields


class PrinterSerializer(RowSerializer):
    location_name = NameField(
        source="location",
        lookup="name__iexact",
        queryset=Location.objects.all(),
        allow_null=True,
    )
    slots = PrinterSlotSerializer(many=True, read_only=True)

    class Meta:
        model = Printer
        fields = [
            "id",
            "name",
            "manufacturer",
            "model",
            "bed_x_mm",
            "bed_y_mm",
            "bed_z_mm",
            "nozzle_diameter_mm",
            "has_hardened_nozzle",
            "max_nozzle_temp",
            "max_bed_temp",
            "hour_rate",
            "power_watts",
            "location",
            "location_name",
            "needs_clearing",
            "is_active",
            "notes",
            "slots",
        ]
