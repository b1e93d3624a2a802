"""Products, their bills of materials, and reasons, as JSON."""

from inventory.models import Filament, MaterialType
from production.models import BomLine, Product, Reason
from production.serializers.pictures import PictureField
from tenants.api.fields import NameField
from tenants.api.serializers import RowSerializer


class BomLineSerializer(RowSerializer):
    """Grams of a material type, optionally one exact filament, in one unit."""

    material_type_code = NameField(
        "code", source="material_type", lookup="code__iexact", queryset=MaterialType.objects.all()
    )
    filament_name = NameField(
        source="filament",
        lookup="name__iexact",
        queryset=Filament.objects.present(),
        allow_null=True,
    )

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

    photo = PictureField("photo", allow_null=True)
    thumbnail = PictureField("photo", is_thumbnail=True, allow_null=True)
    bom_lines = BomLineSerializer(many=True, read_only=True)

    class Meta:
        model = Product
        write_at = {
            "bom_lines": "products/{id}/bom-lines/",
            "photo": "products/{id}/photo/",
            "thumbnail": "products/{id}/photo/",
        }
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
            "photo",
            "thumbnail",
            "bom_lines",
        ]


class ReasonSerializer(RowSerializer):
    """A reason for scrap or for failure; bodies of runs name it by its code."""

    class Meta:
        model = Reason
        create_only = ("kind", "code")
        fields = ["id", "kind", "code", "label", "is_active"]


class NewReasonSerializer(ReasonSerializer):
    """A new reason; its kind and its code stay as they are."""
