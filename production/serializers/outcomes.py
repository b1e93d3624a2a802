"""What a run's verbs answer beside the run."""

from rest_framework import serializers

from inventory.serializers.ledger import InventoryTransactionSerializer
from production.models import ProductionRun
from production.serializers.runs import ProductionRunSerializer
from production.serializers.variance import VarianceSerializer


class ClosedRun(ProductionRunSerializer):
    """A run, its variance, and the entries that were made. After a ``dry_run`` the run is as it
    was, while the variance and the entries are as they would have been; these have no ids."""

    dry_run = serializers.BooleanField(read_only=True)
    variance = VarianceSerializer(read_only=True)
    entries = InventoryTransactionSerializer(many=True, read_only=True)

    class Meta(ProductionRunSerializer.Meta):
        fields = [*ProductionRunSerializer.Meta.fields, "dry_run", "variance", "entries"]


class DryRun(serializers.Serializer):
    """What recording a run would have made; there is no such run."""

    dry_run = serializers.BooleanField(read_only=True)
    variance = VarianceSerializer(read_only=True)
    entries = InventoryTransactionSerializer(many=True, read_only=True)


class BlockerSerializer(serializers.Serializer):
    """One thing to settle: its code is that of the refusal a start would be answered with."""

    code = serializers.CharField()
    detail = serializers.CharField()
    numbers = serializers.DictField()


class BlockersSerializer(serializers.Serializer):
    """What keeps a planned run from starting; nothing for a run that is not planned."""

    run = serializers.IntegerField(source="run.pk")
    number = serializers.CharField(source="run.number")
    status = serializers.ChoiceField(ProductionRun.Status.choices, source="run.status")
    blockers = BlockerSerializer(many=True)


def outcome(done, *, is_dry_run=False):
    """A Completion beside its run."""
    entries = InventoryTransactionSerializer(done.entries, many=True).data
    if is_dry_run:
        entries = [{**entry, "id": None} for entry in entries]
    variance = VarianceSerializer(done.variance).data
    return {"dry_run": is_dry_run, "variance": variance, "entries": entries}


def rehearsed(done):
    """A Completion of a run that never was: nothing of it has an id or a number."""
    said = outcome(done, is_dry_run=True)
    nobody = {"run": None, "run_number": None}
    said["entries"] = [entry | nobody for entry in said["entries"]]
    materials = [{**line, "material": None} for line in said["variance"]["materials"]]
    items = [{**item, "item": None} for item in said["variance"]["items"]]
    lines = {"materials": materials, "items": items}
    said["variance"] = {**said["variance"], "run": None, "number": None, **lines}
    return said
