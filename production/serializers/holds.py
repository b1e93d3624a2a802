"""Holds, and what of their spools is in use, as JSON."""

from rest_framework import serializers

from inventory.models import Filament, Hold, Spool
from inventory.serializers.ledger import InventoryTransactionSerializer
from inventory.serializers.spools import SpoolCodeField
from production.models import ProductionRun
from tenants.api.fields import (
    GRAMS,
    MONEY,
    FlagField,
    IdField,
    NameField,
    PersonNameField,
    QuantityField,
    TextField,
)
from tenants.api.serializers import Body, RowSerializer

REASON_LENGTH = Hold._meta.get_field("reason").max_length
LOT_LENGTH = Hold._meta.get_field("lot_number").max_length


class HoldSerializer(RowSerializer):
    """A hold of a spool, of a filament, of a lot, or of all that was received with the spool
    ``delivery_of``: one of these is set. It is open while it is not released."""

    spool_code = serializers.CharField(source="spool.code", read_only=True, allow_null=True)
    filament_name = serializers.CharField(source="filament.name", read_only=True, allow_null=True)
    delivery_of_code = serializers.CharField(
        source="delivery_of.code", read_only=True, allow_null=True
    )
    placed_by_name, released_by_name = PersonNameField("placed_by"), PersonNameField("released_by")

    class Meta:
        model = Hold
        fields = [
            "id",
            "spool",
            "spool_code",
            "filament",
            "filament_name",
            "lot_number",
            "delivery_of",
            "delivery_of_code",
            "reason",
            "placed_by",
            "placed_by_name",
            "placed_at",
            "released_by",
            "released_by_name",
            "released_at",
            "release_note",
        ]
        read_only_fields = fields


class RunOfHeldSerializer(serializers.Serializer):
    """An open run that has the spool."""

    id = serializers.IntegerField(source="pk")
    number = serializers.CharField()
    status = serializers.ChoiceField(ProductionRun.Status.choices)

    class Meta:
        model = ProductionRun


class HeldInUseSerializer(serializers.Serializer):
    """A spool of the hold that is in a printer, or that open runs have."""

    spool = serializers.IntegerField(source="spool.pk")
    spool_code = serializers.CharField(source="spool.code")
    filament_name = serializers.CharField(source="spool.filament")
    remaining_grams = QuantityField(source="spool.live_grams", **GRAMS)
    printer_name = serializers.CharField(source="slot.printer.name", default=None, allow_null=True)
    slot = serializers.IntegerField(source="slot.pk", default=None, allow_null=True)
    slot_label = serializers.CharField(source="slot.label", default=None, allow_null=True)
    is_printing = serializers.BooleanField(help_text="A run prints from it now.")
    runs = RunOfHeldSerializer(many=True)


class InUseSerializer(serializers.Serializer):
    """How many spools the hold covers, and those that are in use: what prints now comes first."""

    spool_count = serializers.IntegerField()
    in_use = HeldInUseSerializer(many=True)


class PlacedHold(HoldSerializer):
    """A hold, and those of its spools that are in use."""

    spool_count = serializers.IntegerField(read_only=True)
    in_use = HeldInUseSerializer(many=True, read_only=True)

    class Meta(HoldSerializer.Meta):
        fields = [*HoldSerializer.Meta.fields, "spool_count", "in_use"]
        read_only_fields = fields


class HoldBody(Body):
    """What is held, one of them, and why. Of a filament and a lot, what is received later is held
    too; of a delivery any spool is named."""

    spool = IdField(queryset=Spool.objects.present(), required=False)
    spool_code = SpoolCodeField(source="spool")
    filament = IdField(queryset=Filament.objects.present(), required=False)
    filament_name = NameField(
        source="filament", lookup="name__iexact", queryset=Filament.objects.present()
    )
    lot_number = TextField(required=False, max_length=LOT_LENGTH)
    delivery_of = IdField(queryset=Spool.objects.present(), required=False)
    delivery_of_code = SpoolCodeField(source="delivery_of")
    reason = TextField(max_length=REASON_LENGTH)


class ReleaseBody(Body):
    """Why it is no longer held."""

    note = TextField(required=False, allow_blank=True, max_length=REASON_LENGTH)


class HoldReturnBody(Body):
    """What the supplier credits for all spools together, shared out by their grams; left out or
    null, it is not known. With ``dry_run`` nothing is saved."""

    credit = QuantityField(required=False, allow_null=True, **MONEY)
    note = TextField(required=False, allow_blank=True, max_length=2000)
    dry_run = FlagField(required=False)


class LeftSpoolSerializer(serializers.Serializer):
    """A spool of the hold that stays, and why: ``spool_loaded``, ``spool_claimed`` or
    ``nothing_to_return``, where the book has nothing on it."""

    spool = serializers.IntegerField(source="spool.pk")
    spool_code = serializers.CharField(source="spool.code")
    code = serializers.CharField()
    detail = serializers.CharField()


class HoldReturnSerializer(serializers.Serializer):
    """The entries of the spools that go back, in a dry run without ids, and those that stay."""

    hold = serializers.IntegerField(source="hold.pk")
    dry_run = serializers.BooleanField(read_only=True)
    grams = QuantityField(help_text="That go back, of all spools.", **GRAMS)
    entries = InventoryTransactionSerializer(many=True)
    left = LeftSpoolSerializer(many=True)
