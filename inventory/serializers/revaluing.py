"""Revaluations of spools, as JSON."""

from decimal import ROUND_HALF_UP

from rest_framework import serializers

from inventory.serializers.catalogue import FilamentSerializer
from inventory.serializers.spools import SpoolSerializer

MONEY = {"max_digits": None, "decimal_places": 4, "rounding": ROUND_HALF_UP}


class ValueSerializer(serializers.Serializer):
    """Entries, and what they cost: by their own prices (null: unknown), and by that of now."""

    entry_count = serializers.IntegerField()
    grams = serializers.DecimalField(max_digits=None, decimal_places=6)
    before = serializers.DecimalField(**MONEY, allow_null=True)
    after = serializers.DecimalField(**MONEY)
    difference = serializers.DecimalField(**MONEY, allow_null=True)


class RunValueSerializer(ValueSerializer):
    """The same of a run: the cost of its material moves."""

    run = serializers.IntegerField(source="run.pk")
    number = serializers.CharField(source="run.number")
    status = serializers.CharField(source="run.status")


class RevaluationSerializer(serializers.Serializer):
    """Entries that have another price than that of now: together, by run, and of no run."""

    total = ValueSerializer()
    runs = RunValueSerializer(many=True)
    without_run = ValueSerializer(allow_null=True)


REVALUATION = {
    "read_only": True,
    "allow_null": True,
    "help_text": "Null where no entry has another price than that of now.",
}


class ChangedSpool(SpoolSerializer):
    """A spool, and what to revalue it would change."""

    revaluation = RevaluationSerializer(**REVALUATION)

    class Meta(SpoolSerializer.Meta):
        fields = [*SpoolSerializer.Meta.fields, "revaluation"]


class RevaluedSpool(ChangedSpool):
    """A spool, and what was revalued, or would have been by a dry run."""

    dry_run = serializers.BooleanField(read_only=True)

    class Meta(ChangedSpool.Meta):
        fields = [*ChangedSpool.Meta.fields, "dry_run"]


class ChangedFilament(FilamentSerializer):
    """A filament, and what to revalue its spools without a price of their own would change."""

    revaluation = RevaluationSerializer(**REVALUATION)

    class Meta(FilamentSerializer.Meta):
        fields = [*FilamentSerializer.Meta.fields, "revaluation"]


def represented(found):
    """A Revaluation as JSON; None stays None."""
    return found and RevaluationSerializer(found).data
