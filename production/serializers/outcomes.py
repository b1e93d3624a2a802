"""What a run's verbs answer beside the run."""

from rest_framework import serializers

from inventory.serializers.ledger import InventoryTransactionSerializer
from production.models import ProductionRun
from production.serializers.explanation import ExplanationSerializer
from production.serializers.runs import ProductionRunSerializer
from production.serializers.variance import VarianceSerializer
from tenants.api.fast_representation import represent


class ClosedRun(ProductionRunSerializer):
    """A run, its variance, and the entries that were made. After a ``dry_run`` the run is as it
    was, while the variance and the entries are as they would have been; these have no ids. The
    explanation is answered by a ``dry_run`` alone."""

    dry_run = serializers.BooleanField(read_only=True)
    variance = VarianceSerializer(read_only=True)
    explanation = ExplanationSerializer(read_only=True, allow_null=True)
    entries = InventoryTransactionSerializer(many=True, read_only=True)

    class Meta(ProductionRunSerializer.Meta):
        fields = [
            *ProductionRunSerializer.Meta.fields,
            "dry_run",
            "variance",
            "explanation",
            "entries",
        ]


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
    """What keeps a planned run from starting, and what of its sliced file is not for its printer,
    which keeps it from nothing; nothing for a run that is not planned."""

    run = serializers.IntegerField(source="run.pk")
    number = serializers.CharField(source="run.number")
    status = serializers.ChoiceField(ProductionRun.Status.choices, source="run.status")
    blockers = BlockerSerializer(many=True)
    warnings = BlockerSerializer(many=True)


def outcome(done, *, is_dry_run=False):
    """A Completion beside its run."""
    entries = [represent(InventoryTransactionSerializer, entry) for entry in done.entries]
    if is_dry_run:
        entries = [{**entry, "id": None} for entry in entries]
    variance = done.variance  # in the places that it is answered with
    explained = done.explanation.as_dict() if is_dry_run else None
    return {
        "dry_run": is_dry_run,
        "variance": variance,
        "explanation": explained,
        "entries": entries,
    }


def dry_run_outcome(done):
    """A Completion of a run that does not exist: without ids and numbers."""
    answer = outcome(done, is_dry_run=True)
    del answer["explanation"]
    variance = answer["variance"] | {"run": None, "number": None}
    variance["materials"] = [line | {"material": None} for line in variance["materials"]]
    variance["items"] = [item | {"item": None} for item in variance["items"]]
    entries = [entry | {"run": None, "run_number": None} for entry in answer["entries"]]
    return answer | {"variance": variance, "entries": entries}
