"""Estimates of cost, as JSON: grams with six places, money with four, minutes with two."""

from rest_framework import serializers

from production.serializers.variance import Amount
from production.services.estimating import SOURCES
from production.services.variance import KINDS
from tenants.api.fields import QuantityField


class EstimatedCost(serializers.Serializer):
    """Money, net of VAT. ``total`` is null if a part is unknown, ``known`` the sum of the others;
    energy is null, and adds nothing, without watts or a price of energy."""

    material, machine, energy, labour = Amount(4), Amount(4), Amount(4), Amount(4)
    total, known = Amount(4), QuantityField(max_digits=None, decimal_places=4)
    lowest, highest = Amount(4), Amount(4)


class EstimatedMaterialSerializer(serializers.Serializer):
    """A material: by its spool, by what is available on the shelf, by the catalogue, or as the
    start of the run froze it."""

    material = serializers.IntegerField(allow_null=True)
    filament = serializers.IntegerField(allow_null=True)
    material_type = serializers.IntegerField(allow_null=True)
    spool = serializers.IntegerField(allow_null=True)
    spool_code = serializers.CharField(allow_null=True)
    grams = QuantityField(max_digits=None, decimal_places=6)
    cost_per_gram = Amount(8)
    lowest_cost_per_gram, highest_cost_per_gram = Amount(8), Amount(8)
    source = serializers.ChoiceField(SOURCES)
    available_grams = Amount(6, help_text="On the shelf; null where a spool is named.")
    cost = Amount(4)


class EstimateSerializer(serializers.Serializer):
    """What a run will cost by the prices and rates of now, or by those frozen at its start."""

    is_estimate = serializers.BooleanField()
    currency = serializers.CharField()
    minutes = Amount(2)
    materials = EstimatedMaterialSerializer(many=True)
    cost = EstimatedCost()
    unknown = serializers.ListField(child=serializers.ChoiceField(KINDS))


class ProductEstimateSerializer(EstimateSerializer):
    """What a plate and a unit of a product will cost; price = (cost + packing + fixed cost) /
    (1 - margin). ``power_watts`` is the mean of ``power_printers``: those in use that it was
    printed on, else all in use, without the ``printers_without_watts``."""

    product = serializers.IntegerField()
    units_per_plate = serializers.IntegerField(allow_null=True)
    cost_per_unit = EstimatedCost()
    packing_cost, fixed_cost, margin_percent = Amount(4), Amount(4), Amount(2)
    price_per_unit = Amount(4)
    power_watts = Amount(4)
    power_printers = serializers.ListField(child=serializers.IntegerField())
    printers_without_watts = serializers.IntegerField()
