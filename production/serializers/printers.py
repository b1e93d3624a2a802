"""Printers and their slots, as JSON."""

from django.utils.translation import gettext as _
from rest_framework import serializers

from inventory.models import Location
from production.models import Printer, PrinterSlot, ProductionRun
from production.serializers.variance import Amount
from production.services.printing.adding import LIKE, LONGEST, LONGEST_LABEL, MOST, MOST_SLOTS
from production.services.printing.printer_models import printer_models
from tenants.api.fields import (
    GRAMS,
    ChoiceField,
    FlagField,
    IdField,
    MomentField,
    NameField,
    QuantityField,
    TextField,
)
from tenants.api.serializers import Body, RowSerializer

BED = ("bed_x_mm", "bed_y_mm", "bed_z_mm")
BED_OF_MODEL = {name: {"required": False} for name in BED}


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


class PrinterModelSerializer(serializers.Serializer):
    """A usual model of printer: what the maker states, null where it is not known. The watts are an
    estimate of what a print draws on average."""

    key = serializers.CharField()
    manufacturer = serializers.CharField()
    model = serializers.CharField()
    bed_mm = serializers.ListField(child=QuantityField(max_digits=7, decimal_places=2))
    nozzle_mm = QuantityField(max_digits=4, decimal_places=2)
    hardened_nozzle = serializers.BooleanField()
    max_nozzle_temp = serializers.IntegerField(allow_null=True)
    max_bed_temp = serializers.IntegerField(allow_null=True)
    power_watts = serializers.IntegerField(allow_null=True)
    slots = serializers.ListField(child=serializers.CharField(), help_text="Their labels.")


class PrinterModelsSerializer(serializers.Serializer):
    """The models, by maker."""

    models = PrinterModelSerializer(many=True)


class RunningRunSerializer(serializers.Serializer):
    """What a printer is busy with."""

    id = serializers.IntegerField()
    number = serializers.CharField()
    started_at = MomentField()
    planned_minutes = Amount(2)
    progress_percent = Amount(2)

    class Meta:
        model = ProductionRun


class OfModelBody(RowSerializer):
    """Of a new printer: what is left out is as the model has it, by its ``preset``."""

    preset = ChoiceField([], required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["preset"] = ChoiceField(list(printer_models()), required=False)

    def validate(self, values):
        model = printer_models().get(values.pop("preset", ""))
        given = {**model.fields(), "slots": model.slots} if model else {}
        values = given | values
        missing = [name for name in BED if values.get(name) is None]
        if missing:
            errors = {name: [_("Needed, unless a preset has it.")] for name in missing}
            raise serializers.ValidationError(errors, code="required")
        return values


class SeveralPrintersBody(OfModelBody):
    """Printers of a kind: their names, and what all of them are. What is left out is as the model
    has it, by its ``preset``; ``slots`` are labels, by default those of the model, else one."""

    names = serializers.ListField(
        child=TextField(max_length=LONGEST), allow_empty=False, max_length=MOST
    )
    slots = serializers.ListField(
        child=TextField(max_length=LONGEST_LABEL),
        required=False,
        allow_empty=False,
        max_length=MOST_SLOTS,
    )
    location_name = NameField(
        source="location", lookup="name__iexact", queryset=Location.objects.all(), allow_null=True
    )

    class Meta:
        model = Printer
        fields = ["preset", "names", "slots", *LIKE, "location_name", "moonraker_url", "notes"]
        extra_kwargs = BED_OF_MODEL


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


class NewPrinterSerializer(OfModelBody, PrinterSerializer):
    """A new printer; with a ``preset`` it has the slots of the model, else none yet."""

    class Meta(PrinterSerializer.Meta):
        fields = ["preset", *PrinterSerializer.Meta.fields]
        extra_kwargs = BED_OF_MODEL


class PrintersSerializer(serializers.Serializer):
    """The printers that were added, in the order of their names."""

    printers = PrinterSerializer(many=True)
