"""Reports, as JSON."""

from rest_framework import serializers

from inventory.models import Filament, MaterialType
from production.serializers.variance import Amount
from tenants.api.fields import WholeField
from tenants.api.serializers import Body

EVIDENT_RUNS = 10
MOST_RUNS = 1000
STOCK_FIELDS = [
    "sealed_count",
    "opened_count",
    "remaining_grams",
    "reserved_grams",
    "available_grams",
    "wanted_grams",
    "free_grams",
    "short_grams",
    "used_grams",
    "days_left",
]


class SummedGrams(serializers.Serializer):
    """Sums; difference and percent are of the runs that have both a plan and an actual. Of the
    actual grams some were weighed or typed, the others booked as planned or by percent."""

    planned, actual, difference, percent = Amount(6), Amount(6), Amount(6), Amount(4)
    purge, weighed_or_typed, as_planned_or_percent = Amount(6), Amount(6), Amount(6)


class SummedMinutes(serializers.Serializer):
    """Sums; difference and percent are of the runs that have both a plan and an actual."""

    planned, actual, difference, percent = Amount(2), Amount(2), Amount(2), Amount(4)


class SummedCost(serializers.Serializer):
    """All that was spent: each kind is null where a part of it is unknown, and so is the total;
    ``known_total`` is what is known of it. A rate that the farm does not keep adds nothing. By
    filament: the material alone."""

    material = Amount(4)
    machine, energy, labour = (Amount(4, required=False) for _ in range(3))
    total, known_total, per_good_unit = (Amount(4, required=False) for _ in range(3))
    runs_of_unknown_cost = serializers.IntegerField(required=False)


class VarianceGroupSerializer(serializers.Serializer):
    """One group of runs; counts and minutes are not told by filament."""

    key = serializers.CharField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    runs = serializers.IntegerField()
    good = serializers.IntegerField(required=False)
    scrapped = serializers.IntegerField(required=False)
    grams = SummedGrams()
    minutes = SummedMinutes(required=False)
    cost = SummedCost()


class StockFigures(serializers.ModelSerializer):
    """What is on the shelf, and what open runs without a spool want of it."""

    sealed_count = serializers.IntegerField(read_only=True)
    opened_count = serializers.IntegerField(read_only=True)
    remaining_grams, reserved_grams, available_grams = (Amount(6, read_only=True) for _ in range(3))
    wanted_grams, free_grams, short_grams = (Amount(6, read_only=True) for _ in range(3))
    used_grams = Amount(6, read_only=True, help_text="In the last 30 days.")
    days_left = Amount(1, read_only=True, help_text="At that pace; null where none was used.")


class StockSerializer(StockFigures):
    """One filament on the shelf."""

    manufacturer_name = serializers.CharField(
        source="manufacturer.name", read_only=True, allow_null=True, default=None
    )
    material_type_code = serializers.CharField(source="material_type.code", read_only=True)
    is_to_reorder = serializers.BooleanField(read_only=True)

    class Meta:
        model = Filament
        fields = [
            "id",
            "name",
            "manufacturer_name",
            "material_type_code",
            "color_name",
            "color_hex",
            *STOCK_FIELDS,
            "is_to_reorder",
        ]
        read_only_fields = fields


class MaterialTypeStockSerializer(StockFigures):
    """One material type on the shelf: all filaments of it together."""

    wanted_exact_grams = Amount(6, read_only=True, help_text="By lines that name a filament.")
    wanted_any_grams = Amount(6, read_only=True, help_text="By lines that take any of the type.")

    class Meta:
        model = MaterialType
        fields = ["id", "code", "name", *STOCK_FIELDS, "wanted_exact_grams", "wanted_any_grams"]
        read_only_fields = fields


class UnexplainedSerializer(serializers.Serializer):
    """Count differences of one filament; below 0 is missing."""

    filament = serializers.IntegerField()
    name = serializers.CharField()
    grams = Amount(6)
    counts = serializers.IntegerField()


class AlertSerializer(serializers.Serializer):
    """A product, what it is planned with, and what would have fitted its last runs."""

    product = serializers.IntegerField(source="product.pk")
    product_sku = serializers.CharField(source="product.sku")
    product_name = serializers.CharField(source="product.name")
    planned_grams_per_unit = Amount(6)
    fitting_grams_per_unit = Amount(6)
    grams_percent = Amount(4)
    planned_plate_minutes = Amount(2)
    fitting_plate_minutes = Amount(2)
    minutes_percent = Amount(4)
    run_ids = serializers.ListField(child=serializers.IntegerField())


class FittingLine(serializers.Serializer):
    """A line of the bill of materials, and the grams that would have fitted."""

    id = serializers.IntegerField(source="line.pk")
    material_type_code = serializers.CharField(source="line.material_type.code")
    filament_name = serializers.CharField(
        source="line.filament.name", allow_null=True, default=None
    )
    grams_per_unit = Amount(6, source="line.grams_per_unit")
    fitting_grams_per_unit = Amount(6)


class ProposalSerializer(AlertSerializer):
    """What accept-actuals would write, by the last runs; null where no run of the product alone
    was weighed or typed."""

    bom_lines = FittingLine(many=True, source="lines")


class AcceptBody(Body):
    """How many of the product's last runs are looked at."""

    last = WholeField(min_value=1, max_value=MOST_RUNS, default=EVIDENT_RUNS)
