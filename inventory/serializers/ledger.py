"""The ledger, as JSON."""

from rest_framework import serializers

from inventory.models import InventoryTransaction
from tenants.api.fields import FlagField, TextField, UsernameField
from tenants.api.serializers import Body, RowSerializer


class InventoryTransactionSerializer(RowSerializer):
    """A ledger entry: never written here. In a dry run it has no id, for it never was."""

    id = serializers.IntegerField(read_only=True, allow_null=True)
    spool_code = serializers.CharField(source="spool.code", read_only=True)
    run = serializers.PrimaryKeyRelatedField(
        source="production_run", read_only=True, allow_null=True
    )
    run_number = serializers.CharField(
        source="production_run.number", read_only=True, allow_null=True, default=None
    )
    performed_by_username = UsernameField("performed_by")

    class Meta:
        model = InventoryTransaction
        fields = [
            "id",
            "spool",
            "spool_code",
            "kind",
            "grams",
            "balance_grams",
            "is_counted",
            "cost_per_gram",
            "credit",
            "run",
            "run_number",
            "reverses",
            "reason",
            "note",
            "source",
            "performed_by",
            "performed_by_username",
            "performed_by_name",
            "occurred_at",
            "created_at",
        ]
        read_only_fields = fields


class CorrectedClock(serializers.Serializer):
    """The entries that say that the clock was wrong, one on each spool concerned."""

    entries = InventoryTransactionSerializer(many=True, read_only=True)


class ReverseBody(Body):
    """Why an entry is undone; ``confirm`` undoes also what is older than the last count."""

    reason = TextField(max_length=40)
    note = TextField(required=False, allow_blank=True, max_length=2000)
    confirm = FlagField(required=False)
