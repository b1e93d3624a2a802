"""Products, their bills of materials, and reasons, as JSON."""

from rest_framework import serializers

from inventory.models import MaterialType
from production.models import BomLine, Product, Reason
from tenants.fields import NameField
from tenants.serializers import RowSerializer


class BomLineSerializer(RowSerializer):
    """Grams of a material type, optionally one exact filament, in one unit."""

    material_type_code = NameField(
        "code", source="material_type", lookup="code__iexact", queryset=MaterialType.objects.all()
    )
    filament_name = serializers.CharField(source="filament.name", read_only=True, default=None)

    class Meta:
        model = BomLine
        needed = ("material_type",)
        fields = [
            "id",
            "material_type",
            "material_type_code",
            "filament",
            "filament_name",
            "grams_per_unit",
        ]


class ProductSerializer(RowSerializer):
    """Its bill of materials is read here and written at bom-lines."""

    bom_lines = BomLineSerializer(many=True, read_only=True)

    class Meta:
        model = Product
        fields = [
            "id",
            "sku",
            "name",
            "description",
            "units_per_plate",
            "plate_minutes",
            "plate_purge_grams",
            "height_mm",
            "labour_minutes",
            "is_active",
            "bom_lines",
        ]


class ReasonSerializer(RowSerializer):
    class Meta:
        model = Reason
        fields = ["id", "kind", "code", "label", "is_active"]
