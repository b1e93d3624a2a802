"""What slicers say against what was measured, and corrections by it, as JSON."""

from rest_framework import serializers

from inventory.models import Filament
from production.models import Printer, SlicerCorrection
from production.serializers.variance import Amount
from tenants.api.fields import IdField, PersonNameField
from tenants.api.serializers import Body, RowSerializer


class SlicerGroupSerializer(serializers.Serializer):
    """One group of slots of completed runs that were planned by a sliced file. ``sliced`` is what
    the slicer says, ``booked`` what was booked, of which some was weighed or metered. The factor is
    of the ``evident_runs`` alone: measured throughout and printed whole. ``correction`` is what
    plans are corrected by now."""

    filament = serializers.IntegerField(allow_null=True)
    filament_name = serializers.CharField(allow_null=True)
    printer = serializers.IntegerField(allow_null=True)
    printer_name = serializers.CharField(allow_null=True)
    filename = serializers.CharField(allow_null=True)
    slot = serializers.IntegerField(allow_null=True)
    runs = serializers.IntegerField()
    sliced, booked, weighed, metered = (Amount(6) for _ in range(4))
    evident_runs = serializers.IntegerField()
    evident_sliced, evident_grams = Amount(6), Amount(6)
    factor, percent, lowest_factor, highest_factor = (Amount(4) for _ in range(4))
    correction = serializers.IntegerField(allow_null=True)
    correction_factor = Amount(4)


class SlicerCorrectionSerializer(RowSerializer):
    """What plans by a sliced file multiply the slicer's grams by; withdrawn ones no more."""

    filament_name = serializers.CharField(source="filament.name", read_only=True, allow_null=True)
    printer_name = serializers.CharField(source="printer.name", read_only=True, allow_null=True)
    accepted_by_name, withdrawn_by_name = (
        PersonNameField("accepted_by"),
        PersonNameField("withdrawn_by"),
    )
    is_current = serializers.BooleanField(read_only=True)

    class Meta:
        model = SlicerCorrection
        fields = [
            "id",
            "filament",
            "filament_name",
            "printer",
            "printer_name",
            "factor",
            "run_count",
            "sliced_grams",
            "measured_grams",
            "accepted_by",
            "accepted_by_name",
            "accepted_at",
            "withdrawn_by",
            "withdrawn_by_name",
            "withdrawn_at",
            "former",
            "is_current",
        ]
        read_only_fields = fields


class SlicerCorrectionBody(Body):
    """What is corrected: a filament, a printer, or a filament on a printer. The factor is that of
    what was measured."""

    filament = IdField(queryset=Filament.objects.present(), required=False, allow_null=True)
    printer = IdField(queryset=Printer.objects.all(), required=False, allow_null=True)
