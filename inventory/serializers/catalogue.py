"""The catalogue, as JSON."""

from django.db.models import Model
from rest_framework import serializers

from inventory import gtins
from inventory.models import Filament, Location, Manufacturer, MaterialType
from inventory.models.fields import MAX_INPUT_LENGTH, validate_color
from tenants.api.fields import (
    ColorField,
    IdField,
    NameField,
    QuantityField,
    TextField,
    UpperCaseField,
)
from tenants.api.serializers import RowSerializer

MAX_COLORS = 16


class NamedSerializer(RowSerializer):
    """A row has a name, unless a client of the printers' API made it without."""

    def get_extra_kwargs(self):
        is_nameless = isinstance(self.instance, Model) and not self.instance.name
        needed = {"name": {"required": True, "allow_blank": is_nameless}}
        return super().get_extra_kwargs() | needed


class ManufacturerSerializer(NamedSerializer):
    class Meta:
        model = Manufacturer
        fields = [
            *("id", "number", "name", "empty_spool_grams", "external_id", "comment"),
            *("created_at", "removed_at"),
        ]


class MaterialTypeSerializer(RowSerializer):
    code = UpperCaseField(max_length=40)
    family_code = NameField(
        "code",
        source="family",
        lookup="code__iexact",
        queryset=MaterialType.objects.all(),
        allow_null=True,
    )

    class Meta:
        model = MaterialType
        fields = [
            "id",
            "code",
            "name",
            "density_g_cm3",
            "nozzle_temp_min",
            "nozzle_temp_max",
            "bed_temp",
            "is_abrasive",
            "family",
            "family_code",
        ]


class LocationSerializer(RowSerializer):
    class Meta:
        model = Location
        fields = ["id", "name", "comment"]


class BarcodeField(TextField):
    """A GTIN, with or without spaces, hyphens and leading zeros."""

    def to_internal_value(self, data):
        return gtins.normalise(super().to_internal_value(data))


class FilamentSerializer(NamedSerializer):
    """Its density is the material type's when left out."""

    manufacturer = IdField(queryset=Manufacturer.objects.present(), required=False, allow_null=True)
    manufacturer_name = NameField(
        source="manufacturer",
        lookup="name__iexact",
        queryset=Manufacturer.objects.present(),
        allow_null=True,
    )
    material_type_code = NameField(
        "code", source="material_type", lookup="code__iexact", queryset=MaterialType.objects.all()
    )
    color_hex = ColorField(max_length=9, required=False, allow_blank=True)
    multi_color_hexes = serializers.ListField(
        child=ColorField(max_length=9, validators=[validate_color]),
        required=False,
        max_length=MAX_COLORS,
    )
    gtin = BarcodeField(
        max_length=MAX_INPUT_LENGTH,
        required=False,
        allow_blank=True,
        help_text="8, 12, 13 or 14 digits with their check digit; lost leading zeros are restored.",
    )

    class Meta:
        model = Filament
        needed = ("material_type",)
        fields = [
            "id",
            "number",
            "manufacturer",
            "manufacturer_name",
            "material_type",
            "material_type_code",
            "name",
            "color_name",
            "color_hex",
            "multi_color_hexes",
            "multi_color_direction",
            "finish",
            "diameter_mm",
            "density_g_cm3",
            "net_grams",
            "tare_grams",
            "nozzle_temp",
            "bed_temp",
            "price",
            "article_number",
            "gtin",
            "external_id",
            "reorder_point_grams",
            "comment",
            "is_active",
            "merged_into",
            "created_at",
            "removed_at",
        ]


class FilamentMergeSerializer(serializers.Serializer):
    """A double that was merged, and what went over."""

    double = serializers.IntegerField(source="double_id")
    double_name = serializers.CharField(source="double")
    reason = serializers.CharField()
    explanation = serializers.CharField()


class MergedFilament(FilamentSerializer):
    """A filament, and the double that is the same one."""

    merge = FilamentMergeSerializer(read_only=True)
    dry_run = serializers.BooleanField(read_only=True)

    class Meta(FilamentSerializer.Meta):
        fields = [*FilamentSerializer.Meta.fields, "merge", "dry_run"]


class CatalogueQuery(serializers.Serializer):
    """Which entries of the makers' catalogues are meant."""

    q = TextField(max_length=300, help_text="Words of the maker, the name and the material.")


class NewFilamentFields(serializers.Serializer):
    """What the catalogue knows, as the body of a new filament."""

    def to_representation(self, values):
        return {name: self.fields[name].to_representation(values[name]) for name in values}

    manufacturer_name = serializers.CharField(required=False)
    material_type_code = serializers.CharField()
    name = serializers.CharField()
    color_hex = serializers.CharField(required=False)
    multi_color_hexes = serializers.ListField(child=serializers.CharField(), required=False)
    multi_color_direction = serializers.CharField(required=False)
    finish = serializers.CharField(required=False)
    diameter_mm = QuantityField(max_digits=None, decimal_places=4, required=False)
    density_g_cm3 = QuantityField(max_digits=None, decimal_places=4, required=False)
    net_grams = QuantityField(max_digits=None, decimal_places=2, required=False)
    tare_grams = QuantityField(max_digits=None, decimal_places=2, required=False)
    nozzle_temp = serializers.IntegerField(required=False)
    bed_temp = serializers.IntegerField(required=False)
    external_id = serializers.CharField()
    comment = serializers.CharField(required=False)


class CatalogueEntrySerializer(serializers.Serializer):
    """An entry, and the farm's filament that it is already."""

    filament = serializers.IntegerField(allow_null=True)
    body = NewFilamentFields(source="fields")


class CatalogueEntries(serializers.Serializer):
    """The first that have all the words."""

    entries = CatalogueEntrySerializer(many=True)
