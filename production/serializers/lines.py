"""Items and materials of a run, as JSON."""

from rest_framework import serializers

from inventory import codes
from inventory.models import Spool
from production.models import Product, Reason, RunItem, RunMaterial
from tenants.fields import NameField
from tenants.serializers import RowSerializer

OVERRIDE_REASON = {
    "write_only": True,
    "required": False,
    "allow_blank": True,
    "max_length": 1000,
    "help_text": "A manager's, to go past a refusal.",
}


class RunItemSerializer(RowSerializer):
    """What the run makes. Counts that are saved here are drafts until the run is completed."""

    product_sku = NameField("sku", source="product", queryset=Product.objects.all())
    product_name = serializers.CharField(source="product.name", read_only=True)
    scrap_reason_code = NameField(
        "code",
        source="scrap_reason",
        queryset=Reason.objects.filter(kind=Reason.Kind.SCRAP),
        allow_null=True,
    )
    override_reason = serializers.CharField(**OVERRIDE_REASON)

    class Meta:
        model = RunItem
        needed = ("product",)
        fields = [
            "id",
            "product",
            "product_sku",
            "product_name",
            "quantity",
            "planned_quantity",
            "good_count",
            "scrapped_count",
            "scrap_reason",
            "scrap_reason_code",
            "bed_position",
            "order_reference",
            "override_reason",
        ]
        update_only = (
            "good_count",
            "scrapped_count",
            "scrap_reason",
            "scrap_reason_code",
        )


class RunMaterialSerializer(RowSerializer):
    """What the run takes. Name a spool, or the filament or material type it must hold; actual
    grams that are saved here are drafts, booked when the run is completed."""

    spool_code = NameField(
        "code",
        source="spool",
        normalise=codes.normalise,
        queryset=Spool.objects.all(),
        allow_null=True,
    )
    filament_name = serializers.CharField(source="filament.name", read_only=True, default=None)
    material_type_code = serializers.CharField(
        source="material_type.code", read_only=True, default=None
    )
    override_reason = serializers.CharField(**OVERRIDE_REASON)

    class Meta:
        model = RunMaterial
        fields = [
            "id",
            "spool",
            "spool_code",
            "filament",
            "filament_name",
            "material_type",
            "material_type_code",
            "slot",
            "planned_grams",
            "planned_purge_grams",
            "reserved_grams",
            "actual_grams",
            "actual_purge_grams",
            "gross_before_grams",
            "gross_after_grams",
            "actual_source",
            "override_reason",
        ]
        update_only = (
            "actual_grams",
            "actual_purge_grams",
            "gross_before_grams",
            "gross_after_grams",
        )
