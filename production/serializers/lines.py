"""Items and materials of a run, as JSON."""

from rest_framework import serializers

from inventory.models import Filament, MaterialType
from inventory.serializers.spools import SpoolCodeField
from production.models import ActualSource, GramsSource, Product, Reason, RunItem, RunMaterial
from tenants.api.fields import GRAMS, NameField, QuantityField, TextField, WholeField
from tenants.api.serializers import RowSerializer

MAX_LINES = 200  # of a run, in one request
OVERRIDE_REASON = {
    "write_only": True,
    "required": False,
    "allow_blank": True,
    "max_length": 1000,
    "help_text": "Of a manager, to override a refusal.",
}


class ScrapReasonField(NameField):
    """Why parts were scrapped, by the reason's code."""

    def __init__(self, **kwargs):
        reasons = Reason.objects.filter(kind=Reason.Kind.SCRAP)
        super().__init__("code", source="scrap_reason", queryset=reasons, allow_null=True, **kwargs)


class FrozenBomLineSerializer(serializers.Serializer):
    """A line of the bill of materials, as it was at the start."""

    material_type = serializers.IntegerField(read_only=True)
    filament = serializers.IntegerField(read_only=True, allow_null=True)
    grams_per_unit = QuantityField(read_only=True, **GRAMS)


class RunItemSerializer(RowSerializer):
    """What the run makes. Counts that are saved here are drafts until the run is completed."""

    product_sku = NameField(
        "sku", source="product", lookup="sku__iexact", queryset=Product.objects.all()
    )
    product_name = serializers.CharField(source="product.name", read_only=True)
    good_count_source = serializers.ChoiceField(
        ActualSource.choices, allow_blank=True, read_only=True
    )
    scrap_reason_code = ScrapReasonField()
    bom = FrozenBomLineSerializer(many=True, read_only=True, allow_null=True)
    override_reason = TextField(**OVERRIDE_REASON)

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
            "sliced_quantity",
            "good_count",
            "good_count_source",
            "scrapped_count",
            "scrap_reason",
            "scrap_reason_code",
            "bed_position",
            "order_reference",
            "bom",
            "bom_grams_per_unit",
            "labour_minutes_per_unit",
            "override_reason",
        ]
        update_only = ("good_count", "scrapped_count", "scrap_reason", "scrap_reason_code")


class RunMaterialSerializer(RowSerializer):
    """What the run takes. Name a spool, or the filament or material type it must hold; actual
    grams that are saved here are drafts, booked when the run is completed."""

    spool_code = SpoolCodeField(source="spool", allow_null=True)
    filament_name = NameField(
        source="filament",
        lookup="name__iexact",
        queryset=Filament.objects.present(),
        allow_null=True,
    )
    material_type_code = NameField(
        "code",
        source="material_type",
        lookup="code__iexact",
        queryset=MaterialType.objects.all(),
        allow_null=True,
    )
    actual_source = serializers.ChoiceField(ActualSource.choices, allow_blank=True, read_only=True)
    sliced_source = serializers.ChoiceField(GramsSource.choices, allow_blank=True, read_only=True)
    instead_of = WholeField(
        write_only=True,
        required=False,
        min_value=1,
        help_text="The material of the run that it stands in for: it asks for what that one does.",
    )
    override_reason = TextField(**OVERRIDE_REASON)

    class Meta:
        model = RunMaterial
        create_only = ("instead_of",)
        fields = [
            "id",
            "instead_of",
            "spool",
            "spool_code",
            "filament",
            "filament_name",
            "material_type",
            "material_type_code",
            "slot",
            "planned_spool",
            "planned_grams",
            "planned_purge_grams",
            "planned_cost_per_gram",
            "planned_source",
            "sliced_slot",
            "sliced_grams",
            "sliced_purge_grams",
            "sliced_source",
            "slicer_factor",
            "expected_grams",
            "reserved_grams",
            "metered_grams",
            "metered_before_grams",
            "added_grams",
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
        extra_kwargs = {"planned_grams": {"required": True}}
