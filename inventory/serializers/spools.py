"""Spools and their ledger, as JSON."""

from rest_framework import serializers

from inventory.models import InventoryTransaction, Location, Spool
from tenants.fields import MomentField, NameField, QuantityField
from tenants.serializers import Body, RowSerializer

GRAMS = {"max_digits": 14, "decimal_places": 6}


class SpoolSerializer(RowSerializer):
    """A spool; POST receives it. Balances are the ledger's, so they can't be written here."""

    filament_name = serializers.CharField(source="filament.name", read_only=True)
    manufacturer_name = serializers.CharField(
        source="filament.manufacturer.name", read_only=True, default=None
    )
    material_type = serializers.CharField(source="filament.material_type.code", read_only=True)
    color_hex = serializers.CharField(source="filament.color_hex", read_only=True)
    location_name = NameField(
        source="location",
        lookup="name__iexact",
        queryset=Location.objects.all(),
        allow_null=True,
    )
    available_grams = QuantityField(read_only=True, signed=True, **GRAMS)
    is_archived = serializers.BooleanField(read_only=True)

    class Meta:
        model = Spool
        create_only = ("filament", "initial_grams")
        fields = [
            "id",
            "code",
            "filament",
            "filament_name",
            "manufacturer_name",
            "material_type",
            "color_hex",
            "initial_grams",
            "tare_grams",
            "remaining_grams",
            "reserved_grams",
            "available_grams",
            "lot_number",
            "price",
            "supplier",
            "received_on",
            "opened_at",
            "dried_at",
            "first_used_at",
            "last_used_at",
            "location",
            "location_name",
            "needs_weighing",
            "is_archived",
            "archived_at",
            "comment",
            "version",
        ]
        extra_kwargs = {
            "initial_grams": {"required": False},
            "received_on": {"required": False},
        }


class WeighBody(Body):
    """What the scale shows, filament and reel together."""

    gross_grams = QuantityField(**GRAMS)
    weighed_at = MomentField(required=False, allow_null=True)
    basis = serializers.ChoiceField(["now", "then"], required=False, allow_null=True)
    confirm = serializers.BooleanField(required=False)
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000)


class InventoryTransactionSerializer(RowSerializer):
    """A ledger entry: never written here."""

    spool_code = serializers.CharField(source="spool.code", read_only=True)
    production_run_number = serializers.CharField(
        source="production_run.number", read_only=True, default=None
    )

    class Meta:
        model = InventoryTransaction
        fields = [
            "id",
            "spool",
            "spool_code",
            "kind",
            "grams",
            "balance_grams",
            "cost_per_gram",
            "production_run",
            "production_run_number",
            "reverses",
            "reason",
            "note",
            "source",
            "performed_by",
            "performed_by_name",
            "occurred_at",
            "created_at",
        ]
        read_only_fields = fields


class WeighedSpoolSerializer(SpoolSerializer):
    """A spool, and the entry that its weighing made."""

    entry = InventoryTransactionSerializer(read_only=True)

    class Meta(SpoolSerializer.Meta):
        fields = [*SpoolSerializer.Meta.fields, "entry"]
