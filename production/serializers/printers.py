"""Printers and their slots, as JSON."""

from rest_framework import serializers

from inventory.models import Location
from production.models import Printer, PrinterSlot, ProductionRun
from production.serializers.variance import Amount
from tenants.api.fields import GRAMS, FlagField, IdField, MomentField, NameField, QuantityField
from tenants.api.serializers import Body, RowSerializer


class PrinterSlotSerializer(RowSerializer):
    """A place on a printer; its spool comes and goes by verbs."""

    spool_code = serializers.CharField(
        source="spool.code", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = PrinterSlot
        fields = ["id", "label", "spool", "spool_code"]
        read_only_fields = ["spool"]


class UnloadBody(Body):
    """Where the spool goes and what it weighs, with the reel or without it; what is left out stays
    as the book has it."""

    location = IdField(queryset=Location.objects.all(), required=False, allow_null=True)
    location_name = NameField(
        source="location", lookup="name__iexact", queryset=Location.objects.all(), allow_null=True
    )
    gross_grams = QuantityField(required=False, allow_null=True, **GRAMS)
    remaining_grams = QuantityField(required=False, allow_null=True, **GRAMS)
    confirm = FlagField(required=False)


class RunningRunSerializer(serializers.Serializer):
    """What a printer is busy with."""

    id = serializers.IntegerField()
    number = serializers.CharField()
    started_at = MomentField()
    planned_minutes = Amount(2)
    progress_percent = Amount(2)

    class Meta:
        model = ProductionRun


class PrinterSerializer(RowSerializer):
    """A printer, the run that it is busy with, and its slots, which are written at slots."""

    location_name = NameField(
        source="location", lookup="name__iexact", queryset=Location.objects.all(), allow_null=True
    )
    running = RunningRunSerializer(read_only=True, allow_null=True)
    slots = PrinterSlotSerializer(many=True, read_only=True)

    class Meta:
        model = Printer
        write_at = {"slots": "printers/{id}/slots/"}
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
            "code",
            "moonraker_url",
            "notes",
            "running",
            "slots",
        ]
        read_only_fields = ["code"]
