"""The explanation of a run, as JSON: figures in parts that sum to the difference."""

from rest_framework import serializers

from production.models import ProductionRun
from production.serializers.variance import Amount, NotCompared
from production.services.explanation.parts import OF_GRAMS, OF_MINUTES, PARTS


class Parts(serializers.Serializer):
    """Parts of a difference; ``share`` is left out where there is none."""

    def to_representation(self, parts):
        found = super().to_representation(parts)
        return {name: value for name, value in found.items() if name in parts}


def _parts(name, names, places):
    fields = {part: Amount(places, required=part != "share") for part in names}
    return type(f"{name}Parts", (Parts,), fields)


def _explained(name, names, places, **more):
    """A serializer of a figure and its parts."""
    figures = {figure: Amount(places) for figure in ("planned", "actual", "difference", "over")}
    fields = figures | more | {"parts": _parts(name, names, places)()}
    return type(f"Explained{name}", (serializers.Serializer,), fields)


ExplainedGrams = _explained("Grams", OF_GRAMS, 6, assumed=Amount(6))
ExplainedMinutes = _explained("Minutes", OF_MINUTES, 2, assumed=Amount(2))
ExplainedCost = _explained("Cost", PARTS, 4)
ItemGrams = _explained("ItemGrams", (*OF_GRAMS, "share"), 6)
ItemMinutes = _explained("ItemMinutes", (*OF_MINUTES, "share"), 2)
ItemCost = _explained("ItemCost", (*PARTS, "share"), 4)


class CostExplainedByKind(serializers.Serializer):
    """Kinds of cost; one that the farm keeps no rate for is null and in no total."""

    total, material, machine = ExplainedCost(), ExplainedCost(), ExplainedCost()
    energy, labour = ExplainedCost(), ExplainedCost()


class ExplainedNeed(serializers.Serializer):
    """Materials of the run with one requirement, and those that stand in for them."""

    filament = serializers.IntegerField(allow_null=True)
    material_type = serializers.IntegerField(allow_null=True)
    materials = serializers.ListField(child=serializers.IntegerField())
    planned_cost_per_gram = Amount(8)
    grams = _parts("NeedGrams", OF_GRAMS, 6)()
    cost = _parts("NeedCost", PARTS, 4)()


class ItemCostExplained(serializers.Serializer):
    """The cost of an item: its share of the run's, and its own labour."""

    total = ItemCost()


class ExplainedItem(serializers.Serializer):
    """One item of the run; ``share`` is what its share of the run moved, 0 over all items."""

    item = serializers.IntegerField()
    product = serializers.IntegerField()
    sku = serializers.CharField()
    grams, minutes, cost = ItemGrams(), ItemMinutes(), ItemCostExplained()


class UnknownFigure(serializers.Serializer):
    """What is missing, and of which spool."""

    what = serializers.ChoiceField(["price", "grams", "planned_minutes", "minutes"])
    spool = serializers.IntegerField(required=False, allow_null=True)
    spool_code = serializers.CharField(required=False, allow_null=True)


class MeasuredSlot(serializers.Serializer):
    """A slot of the run's sliced file that was weighed or metered throughout, and what is usual in
    other runs of its filament, else on its printer."""

    slot = serializers.IntegerField()
    sliced, measured, factor = Amount(6), Amount(6), Amount(4)
    filament = serializers.IntegerField(allow_null=True)
    printer = serializers.IntegerField(allow_null=True)
    usual_factor = Amount(4)
    usual_runs = serializers.IntegerField()


class ExplanationSerializer(serializers.Serializer):
    """Why a run did not take and cost what was planned. The parts sum to the difference; ``over``
    is the difference without ``output``: what was really paid too much. ``assumed`` are grams and
    minutes that nobody measured: as sliced, as planned or by percent. Where all grams are, they
    have no parts."""

    run = serializers.IntegerField()
    number = serializers.CharField()
    status = serializers.ChoiceField(ProductionRun.Status.choices)
    currency = serializers.CharField()
    sentence = serializers.CharField()
    grams, minutes, cost = ExplainedGrams(), ExplainedMinutes(), CostExplainedByKind()
    grams_not_compared = NotCompared()
    needs = ExplainedNeed(many=True)
    items = ExplainedItem(many=True)
    slicer = MeasuredSlot(many=True)
    unknown = UnknownFigure(many=True)


def _of_runs(name, names, places, **more):
    """The same of many runs: of those that are compared in it."""
    return _explained(
        f"{name}OfRuns",
        (*names, "share"),
        places,
        **more,
        compared=serializers.IntegerField(),
        not_compared=serializers.DictField(
            child=serializers.IntegerField(), help_text="Numbers of runs, by reason."
        ),
    )


GramsOfRuns = _of_runs("Grams", OF_GRAMS, 6, assumed=Amount(6))
MinutesOfRuns = _of_runs("Minutes", OF_MINUTES, 2, assumed=Amount(2))
CostOfRuns = _of_runs("Cost", PARTS, 4)


class CostOfRunsByKind(serializers.Serializer):
    """Kinds of cost; where the numbers of compared runs differ, they do not add up to the total."""

    material = CostOfRuns()
    total, machine, energy, labour = (CostOfRuns(required=False) for _ in range(4))


class ExplanationGroupSerializer(serializers.Serializer):
    """One group of runs; ``share`` is among the parts by product, and no minutes by filament."""

    key = serializers.CharField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    runs = serializers.IntegerField()
    grams = GramsOfRuns()
    minutes = MinutesOfRuns(required=False)
    cost = CostOfRunsByKind()
