"""Planned against actual, as JSON: grams with six places, money with four, minutes with two."""

from rest_framework import serializers

from production.models import ActualSource, ProductionRun
from production.services.variance import NOT_MEASURED
from tenants.api.fields import QuantityField


class Amount(QuantityField):
    """A figure of so many places that may be unknown, or below 0."""

    def __init__(self, places, **kwargs):
        super().__init__(
            max_digits=None, decimal_places=places, signed=True, allow_null=True, **kwargs
        )


class NotCompared(serializers.ChoiceField):
    """Why grams have neither difference nor percent, though plan and actual are known."""

    def __init__(self, **kwargs):
        help_text = "not_measured: as sliced, as planned or by percent, so they are of the plan."
        super().__init__([NOT_MEASURED], allow_null=True, help_text=help_text, **kwargs)


class GramsFigure(serializers.Serializer):
    """Grams: the percent is of the plan, and null where nothing was planned."""

    planned, actual, difference, percent = Amount(6), Amount(6), Amount(6), Amount(4)


class MinutesFigure(serializers.Serializer):
    """Minutes of the machine."""

    planned, actual, difference, percent = Amount(2), Amount(2), Amount(2), Amount(4)


class MoneyFigure(serializers.Serializer):
    """Money, net of VAT; unknown is null, not 0."""

    planned, actual, difference, percent = Amount(4), Amount(4), Amount(4), Amount(4)


class GramsByUse(serializers.Serializer):
    """Grams in parts, flushed, and both together."""

    part, purge, total = GramsFigure(), GramsFigure(), GramsFigure()


class CostByKind(serializers.Serializer):
    """Kinds of cost; one that the farm keeps no rate for is null and adds nothing."""

    material, machine, energy = MoneyFigure(), MoneyFigure(), MoneyFigure()
    labour, total = MoneyFigure(), MoneyFigure()


class MaterialVariance(GramsByUse):
    """One material of the run."""

    material = serializers.IntegerField(allow_null=True)
    spool = serializers.IntegerField(allow_null=True)
    spool_code = serializers.CharField(allow_null=True)
    actual_source = serializers.ChoiceField(ActualSource.choices, allow_null=True)
    grams_not_compared = NotCompared()
    cost_per_gram = Amount(8)
    cost = MoneyFigure()


class ItemVariance(serializers.Serializer):
    """One item of the run, with its share of the run's cost."""

    item = serializers.IntegerField(allow_null=True)
    product = serializers.IntegerField()
    sku = serializers.CharField()
    planned_quantity = serializers.IntegerField()
    quantity = serializers.IntegerField()
    good = serializers.IntegerField(allow_null=True)
    scrapped = serializers.IntegerField(allow_null=True)
    not_printed = serializers.IntegerField(allow_null=True)
    printed_grams = GramsFigure()
    cost = MoneyFigure()
    cost_per_unit = MoneyFigure()


class SlotVariance(serializers.Serializer):
    """What was taken of one slot of the run's sliced file, part and purge: as the slicer says, as
    planned, as booked, and what of that was weighed or metered. Difference and factor are of what
    was measured against the slicer, and null where not all was measured, or printed."""

    slot = serializers.IntegerField()
    materials = serializers.ListField(child=serializers.IntegerField())
    sliced, planned, booked, weighed, metered = (Amount(6) for _ in range(5))
    difference, factor = Amount(6), Amount(4)


class VarianceSerializer(serializers.Serializer):
    """Planned, actual, difference and percent: of grams, minutes, cost; per material and item."""

    run = serializers.IntegerField(allow_null=True)
    number = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(ProductionRun.Status.choices)
    grams = GramsByUse()
    grams_not_compared = NotCompared()
    minutes = MinutesFigure()
    minutes_source = serializers.ChoiceField(ActualSource.choices, allow_null=True)
    cost = CostByKind()
    materials = MaterialVariance(many=True)
    slots = SlotVariance(many=True)
    items = ItemVariance(many=True)
