"""Reports, as JSON."""

from rest_framework import serializers

from inventory.models import Filament, MaterialType
from production.models import ProductionRun, RunItem, RunMaterial
from production.serializers.variance import Amount, GramsFigure, MinutesFigure, MoneyFigure
from production.services.reports import stock_value
from production.services.reports.by_parameters import EVIDENT_RUNS
from tenants.api.fields import MomentField, WholeField
from tenants.api.serializers import Body

MAX_RUNS = 1000
STOCK_FIELDS = [
    "sealed_count",
    "opened_count",
    "remaining_grams",
    "reserved_grams",
    "held_grams",
    "available_grams",
    "wanted_grams",
    "free_grams",
    "short_grams",
    "used_grams",
    "days_left",
]


class GramsBySource(serializers.Serializer):
    """Grams by where they come from; ``unknown`` is what nobody said it of."""

    weighed, metered, sliced, typed = Amount(6), Amount(6), Amount(6), Amount(6)
    as_planned, percent, unknown = Amount(6), Amount(6), Amount(6)


class SummedGrams(serializers.Serializer):
    """Sums of all runs of which they are known, and of how many closed ones they are not (by
    material, none). Of the actual grams some were weighed, metered or typed; nobody measured the
    others, which are as sliced, as planned or by percent. ``by_source`` has each apart."""

    planned, actual = Amount(6), Amount(6)
    purge, weighed_or_typed, as_planned_or_percent = Amount(6), Amount(6), Amount(6)
    by_source = GramsBySource()
    runs_of_unknown_grams = serializers.IntegerField(required=False)


class SummedMinutes(serializers.Serializer):
    """Sums of all runs of which they are known, and of how many closed ones they are not: of the
    actual minutes some were typed, the others taken as planned or by percent."""

    planned, actual = Amount(2), Amount(2)
    typed, as_planned_or_percent = Amount(2), Amount(2)
    runs_of_unknown_minutes = serializers.IntegerField()


class SummedCost(serializers.Serializer):
    """All that was spent: each kind is null where a part of it is unknown, and so is the total;
    ``known_total`` is what is known of it. A rate that the farm does not keep adds nothing. By
    filament or material type: the material alone."""

    material = Amount(4)
    machine, energy, labour = (Amount(4, required=False) for _ in range(3))
    total, known_total, per_good_unit = (Amount(4, required=False) for _ in range(3))
    runs_of_unknown_cost = serializers.IntegerField(required=False)


class ComparedGrams(GramsFigure):
    """Grams of the runs that can be compared, and how many these are."""

    runs = serializers.IntegerField()


class ComparedMinutes(MinutesFigure):
    """Minutes of the runs that can be compared, and how many these are."""

    runs = serializers.IntegerField()


class ComparedMoney(MoneyFigure):
    """Cost of the runs that can be compared, and how many these are."""

    runs = serializers.IntegerField()


class ComparedCost(serializers.Serializer):
    """Kinds of cost: their runs may differ in number, and then they do not add up to the total."""

    material = ComparedMoney()
    machine, energy, labour, total = (ComparedMoney(required=False) for _ in range(4))


class Compared(serializers.Serializer):
    """Plan and actual of the same runs: of those that are closed and booked, had a plan of grams,
    and of which both figures are known."""

    grams = ComparedGrams()
    minutes = ComparedMinutes(required=False)
    cost = ComparedCost()


class VarianceGroupSerializer(serializers.Serializer):
    """One group of runs: the sums of all of them, and those of the runs that can be compared; by
    filament or material type without counts and minutes."""

    key = serializers.CharField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    runs = serializers.IntegerField()
    good = serializers.IntegerField(required=False)
    scrapped = serializers.IntegerField(required=False)
    grams = SummedGrams()
    minutes = SummedMinutes(required=False)
    cost = SummedCost()
    compared = Compared()


class StockFigures(serializers.ModelSerializer):
    """What is on the shelf, and what open runs without a spool want of it."""

    sealed_count = serializers.IntegerField(read_only=True)
    opened_count = serializers.IntegerField(read_only=True)
    remaining_grams, reserved_grams = Amount(6, read_only=True), Amount(6, read_only=True)
    held_grams = Amount(6, read_only=True, help_text="Left on spools that are held.")
    available_grams = Amount(6, read_only=True, help_text="Of spools that are not held.")
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


class StockWorth(serializers.Serializer):
    """Grams and money, net of VAT: ``value`` is null where the cost of a part is unknown."""

    grams, value, known_value = Amount(6), Amount(4), Amount(4)
    grams_of_unknown_value = Amount(6)


class StockValueSerializer(StockWorth):
    """What one group of spools held, each at its own cost per gram of then."""

    key = serializers.CharField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    spools = serializers.IntegerField()


class StockChangeSerializer(StockWorth):
    """What one kind of change added to the stock, or took from it."""

    kind = serializers.ChoiceField(stock_value.KINDS)
    credit = Amount(4, help_text="Of suppliers, for returns; null where a part is not known.")
    known_credit = Amount(4)


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
    run_numbers = serializers.ListField(child=serializers.CharField())


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
    """How many of the product's last runs are evaluated."""

    last = WholeField(min_value=1, max_value=MAX_RUNS, default=EVIDENT_RUNS)


class ConsumedGrams(serializers.Serializer):
    """Net grams that left the shelf. Of those that no run took, the source is known if a device
    reported them."""

    usage, waste, total = Amount(6), Amount(6), Amount(6)
    by_source = GramsBySource()


class ConsumedCost(serializers.Serializer):
    """What they cost; the total is null where the price of a part of them is unknown."""

    total, known_total, grams_of_unknown_cost = Amount(4), Amount(4), Amount(6)


class ConsumptionSerializer(serializers.Serializer):
    """One period and group: a day, a week (2026-W09) or a month."""

    period = serializers.CharField(allow_null=True)
    starts_on = serializers.DateField(allow_null=True)
    key = serializers.CharField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    grams = ConsumedGrams()
    cost = ConsumedCost()


class PrinterMinutes(serializers.Serializer):
    """Minutes that were printed; of them those of runs whose own are unknown, from start to end or
    until now, and those of failed and cancelled runs. ``available`` are those of the period."""

    printing, by_the_clock, lost, available = Amount(2), Amount(2), Amount(2), Amount(2)


class OccupationSerializer(serializers.Serializer):
    """One period and group of printers: the runs that ended in it, what was printed in it, and
    that in percent of the time available, 24 hours a day of each printer while it was in use."""

    period = serializers.CharField(allow_null=True)
    starts_on = serializers.DateField(allow_null=True)
    key = serializers.CharField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    printers = serializers.IntegerField()
    runs = serializers.IntegerField()
    lost_runs = serializers.IntegerField(help_text="Failed and cancelled ones of them.")
    runs_of_unknown_minutes = serializers.IntegerField()
    good = serializers.IntegerField()
    minutes = PrinterMinutes()
    occupation_percent = Amount(4)


class LostParts(serializers.Serializer):
    """Parts, and the grams and cost of their run that they carry."""

    count = serializers.IntegerField()
    grams, cost = Amount(6), Amount(4)


class LostRuns(LostParts):
    """Failed runs; of parts, those that they are known to have printed."""

    runs = serializers.IntegerField()


class LostTotal(LostParts):
    """Scrapped parts and failed runs together; a cost is null where a part of it is unknown, grams
    where nothing of them is known."""

    runs_of_unknown_grams = serializers.IntegerField()
    known_cost = Amount(4)
    runs_of_unknown_cost = serializers.IntegerField()
    percent_of_count, percent_of_grams = Amount(4), Amount(4)


class Printed(serializers.Serializer):
    """All that the group's completed and failed runs printed; by reason: all runs."""

    count = serializers.IntegerField()
    grams = Amount(6)
    runs_of_unknown_grams = serializers.IntegerField()


class ScrapSerializer(serializers.Serializer):
    """What one group printed for nothing."""

    key = serializers.CharField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    scrapped, failed, lost, printed = LostParts(), LostRuns(), LostTotal(), Printed()


class OfRunFields(serializers.ModelSerializer):
    """Which run it is about."""

    run_number = serializers.CharField(source="run.number", read_only=True)
    status = serializers.ChoiceField(
        ProductionRun.Status.choices, source="run.status", read_only=True
    )
    finished_at = MomentField(source="run.finished_at", read_only=True, allow_null=True)


class LotSerializer(OfRunFields):
    """A spool in a run: grams by the ledger, 0 while the run only claims it."""

    printer_name = serializers.CharField(
        source="run.printer.name", read_only=True, allow_null=True, default=None
    )
    spool_code = serializers.CharField(source="spool.code", read_only=True)
    lot_number = serializers.CharField(read_only=True)
    is_held = serializers.BooleanField(source="spool.is_held", read_only=True)
    filament = serializers.IntegerField(source="spool.filament_id", read_only=True)
    filament_name = serializers.CharField(source="spool.filament.name", read_only=True)
    manufacturer_name = serializers.CharField(
        source="spool.filament.manufacturer.name", read_only=True, allow_null=True, default=None
    )
    material_type_code = serializers.CharField(
        source="spool.filament.material_type.code", read_only=True
    )
    used_grams = Amount(6, read_only=True)
    order_references = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = RunMaterial
        fields = [
            "run",
            "run_number",
            "status",
            "printer_name",
            "finished_at",
            "spool",
            "spool_code",
            "lot_number",
            "is_held",
            "filament",
            "filament_name",
            "manufacturer_name",
            "material_type_code",
            "used_grams",
            "order_references",
        ]
        read_only_fields = fields


class LotPartSerializer(OfRunFields):
    """Parts that were, or will be, made of a lot, and for which order."""

    product_sku = serializers.CharField(source="product.sku", read_only=True)
    product_name = serializers.CharField(source="product.name", read_only=True)

    class Meta:
        model = RunItem
        fields = [
            "run",
            "run_number",
            "status",
            "finished_at",
            "product",
            "product_sku",
            "product_name",
            "quantity",
            "good_count",
            "scrapped_count",
            "order_reference",
        ]
        read_only_fields = fields
