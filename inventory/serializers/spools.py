"""Spools, as JSON."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from inventory.models import Filament, Location, Spool, SpoolEvent, SpoolTag
from inventory.serializers.ledger import InventoryTransactionSerializer
from inventory.services.receiving import MAX_AT_ONCE
from tenants.api.fields import (
    GRAMS,
    MONEY,
    NameField,
    PersonNameField,
    QuantityField,
    TextField,
    UsernameField,
    WholeField,
)
from tenants.api.parameters import (
    MomentAtParameter,
)
from tenants.api.serializers import RowSerializer


class SpoolCodeField(NameField):
    """A spool by the code on its label, a former label's included."""

    def __init__(self, **kwargs):
        super().__init__("code", queryset=Spool.objects.all(), **kwargs)

    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid")
        return self.get_row(self.get_queryset().labelled(data), data)


class SpoolSerializer(RowSerializer):
    """A spool; POST receives it. Balances are the ledger's: later they are changed by verbs."""

    filament_name = NameField(
        source="filament", lookup="name__iexact", queryset=Filament.objects.present()
    )
    filament_external_id = NameField(
        "external_id", source="filament", queryset=Filament.objects.present()
    )
    manufacturer_name = serializers.CharField(
        source="filament.manufacturer.name", read_only=True, allow_null=True, default=None
    )
    material_type_code = serializers.CharField(source="filament.material_type.code", read_only=True)
    color_hex = serializers.CharField(source="filament.color_hex", read_only=True)
    location_name = NameField(
        source="location", lookup="name__iexact", queryset=Location.objects.all(), allow_null=True
    )
    remaining_grams = QuantityField(
        source="live_grams",
        required=False,
        help_text="Net. On receipt: what is left of a spool used before.",
        **GRAMS,
    )
    gross_grams = QuantityField(
        required=False,
        write_only=True,
        help_text="On receipt, instead: what the scale shows of a spool used before.",
        **GRAMS,
    )
    available_grams = QuantityField(
        read_only=True,
        signed=True,
        help_text="Remaining minus reserved. Of a spool that is_held nothing is offered.",
        **GRAMS,
    )
    is_archived = serializers.BooleanField(read_only=True)
    grams_then = QuantityField(
        read_only=True,
        allow_null=True,
        default=None,
        help_text="Remaining grams at the time of as_of; null before the receipt.",
        **GRAMS,
    )

    class Meta:
        model = Spool
        needed = ("filament",)
        annotated = ("grams_then",)
        create_only = (
            *("filament", "filament_name", "filament_external_id"),
            *("initial_grams", "remaining_grams", "gross_grams"),
        )
        fields = [
            "id",
            "code",
            "number",
            "filament",
            "filament_name",
            "filament_external_id",
            "manufacturer_name",
            "material_type_code",
            "color_hex",
            "initial_grams",
            "tare_grams",
            "remaining_grams",
            "gross_grams",
            "reserved_grams",
            "available_grams",
            "grams_then",
            "lot_number",
            "price",
            "late_cost_per_gram",
            "supplier",
            "received_on",
            "opened_at",
            "dried_at",
            "first_used_at",
            "last_used_at",
            "location",
            "location_name",
            "needs_weighing",
            "is_held",
            "is_archived",
            "merged_into",
            "archived_at",
            "removed_at",
            "created_at",
            "comment",
            "version",
        ]
        extra_kwargs = {"initial_grams": {"required": False}, "received_on": {"required": False}}

    def to_internal_value(self, data):
        values = super().to_internal_value(data)
        if "live_grams" in values:
            values["remaining_grams"] = values.pop("live_grams")
        return values


@extend_schema_field(OpenApiTypes.STR)
class AsOfField(serializers.Field):
    """A moment, or a day of the farm: its end."""

    def to_internal_value(self, data):
        return MomentAtParameter().to_python(data)


class AsOfQuery(serializers.Serializer):
    """As of when a spool is looked at."""

    as_of = AsOfField(
        default=None, help_text="A moment, or a day of the farm (its end): see grams_then."
    )


class MergeSerializer(serializers.Serializer):
    """A double that was merged: what was booked, and by which weight. After a ``dry_run`` the
    entries have no ids."""

    double = serializers.IntegerField(source="double_id")
    double_code = serializers.CharField(source="double.code")
    reason = serializers.CharField()
    explanation = serializers.CharField()
    entries = InventoryTransactionSerializer(many=True)


class BookedSpool(SpoolSerializer):
    """A spool, and the ledger entry that was made just now."""

    entry = InventoryTransactionSerializer(read_only=True)

    class Meta(SpoolSerializer.Meta):
        fields = [*SpoolSerializer.Meta.fields, "entry"]


class ReceiveBody(SpoolSerializer):
    """Many equal spools, by ``count`` or by the ``codes`` of the labels on them; ``price`` is of
    each, ``total_price`` of all together."""

    count = WholeField(required=False, min_value=1, max_value=MAX_AT_ONCE, write_only=True)
    codes = serializers.ListField(
        child=TextField(max_length=300),
        required=False,
        max_length=MAX_AT_ONCE,
        write_only=True,
        help_text="Of blank labels that are on the spools, as scanned; else new codes are made.",
    )
    total_price = QuantityField(required=False, allow_null=True, write_only=True, **MONEY)

    class Meta(SpoolSerializer.Meta):
        fields = [
            "filament",
            "filament_name",
            "filament_external_id",
            "count",
            "codes",
            "initial_grams",
            "remaining_grams",
            "gross_grams",
            "tare_grams",
            "lot_number",
            "price",
            "total_price",
            "supplier",
            "received_on",
            "opened_at",
            "dried_at",
            "location",
            "location_name",
            "needs_weighing",
            "comment",
        ]


class SpoolEventSerializer(RowSerializer):
    """What happened to a spool and moved no grams; ``before`` and ``after`` are texts."""

    spool_code = serializers.CharField(source="spool.code", read_only=True)
    by_username = UsernameField("by")
    by_name = PersonNameField("by")

    class Meta:
        model = SpoolEvent
        fields = [
            "id",
            "spool",
            "spool_code",
            "verb",
            "before",
            "after",
            "by",
            "by_username",
            "by_name",
            "at",
        ]
        read_only_fields = fields


class SpoolTagSerializer(RowSerializer):
    """A tag on a spool. POST puts it on: ``moves`` takes it off another spool."""

    spool_code = serializers.CharField(source="spool.code", read_only=True)

    class Meta:
        model = SpoolTag
        fields = ["id", "spool", "spool_code", "uid", "kind", "bound_at"]
        read_only_fields = fields


class MergedSpool(SpoolSerializer):
    """A spool, and the double that is the same reel."""

    merge = MergeSerializer(read_only=True)
    dry_run = serializers.BooleanField(read_only=True)

    class Meta(SpoolSerializer.Meta):
        fields = [*SpoolSerializer.Meta.fields, "merge", "dry_run"]


class ReceivedSpools(serializers.Serializer):
    """The spools of one delivery, in order of their ids."""

    spools = SpoolSerializer(many=True)
