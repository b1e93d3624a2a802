"""Plan figures of other rows that changed with a row, as JSON."""

from rest_framework import serializers

from production.serializers.lines import RunItemSerializer
from production.serializers.products import BomLineSerializer, ProductSerializer
from production.serializers.runs import ProductionRunSerializer


class PlanChangeSerializer(serializers.Serializer):
    """A figure of a planned run that followed its source, as text; null where it is unknown, or the
    material is not there. ``material`` is the line it is of, null for a figure of the run."""

    run = serializers.IntegerField(source="run.pk")
    number = serializers.CharField(source="run.number")
    material = serializers.IntegerField(source="material.pk", default=None, allow_null=True)
    field = serializers.CharField()
    before = serializers.CharField(allow_null=True)
    after = serializers.CharField(allow_null=True)


class PlanChanges(serializers.Serializer):
    """What else was changed."""

    changed = PlanChangeSerializer(many=True, read_only=True)


class ChangedRun(PlanChanges, ProductionRunSerializer):
    """A run, and what else was changed."""

    class Meta(ProductionRunSerializer.Meta):
        fields = [*ProductionRunSerializer.Meta.fields, "changed"]


class ChangedItem(PlanChanges, RunItemSerializer):
    """An item, and what else was changed."""

    class Meta(RunItemSerializer.Meta):
        fields = [*RunItemSerializer.Meta.fields, "changed"]


class ChangedProduct(PlanChanges, ProductSerializer):
    """A product, and what else was changed."""

    class Meta(ProductSerializer.Meta):
        fields = [*ProductSerializer.Meta.fields, "changed"]


class ChangedBomLine(PlanChanges, BomLineSerializer):
    """A line of a bill of materials, and what else was changed."""

    class Meta(BomLineSerializer.Meta):
        fields = [*BomLineSerializer.Meta.fields, "changed"]
