"""Where filament went, and what was printed for nothing, as JSON."""

from rest_framework import serializers

from production.serializers.variance import Amount


class ConsumedGrams(serializers.Serializer):
    """Net grams that left the shelf."""

    usage, waste, total = Amount(6), Amount(6), Amount(6)


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


class LostParts(serializers.Serializer):
    """Parts, and the grams and cost of their run that they carry."""

    count = serializers.IntegerField()
    grams, cost = Amount(6), Amount(4)


class LostRuns(LostParts):
    """Failed runs; of parts, those that they are known to have printed."""

    runs = serializers.IntegerField()


class LostTotal(LostParts):
    """Scrapped parts and failed runs together; a cost is null where a part of it is unknown."""

    known_cost = Amount(4)
    runs_of_unknown_cost = serializers.IntegerField()
    percent_of_count, percent_of_grams = Amount(4), Amount(4)


class Printed(serializers.Serializer):
    """All that the group's completed and failed runs printed; by reason: all runs."""

    count = serializers.IntegerField()
    grams = Amount(6)


class ScrapSerializer(serializers.Serializer):
    """What one group printed for nothing."""

    key = serializers.CharField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    scrapped, failed, lost, printed = LostParts(), LostRuns(), LostTotal(), Printed()
