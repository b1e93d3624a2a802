"""Production runs, as JSON."""

from rest_framework import serializers

from inventory.serializers import InventoryTransactionSerializer
from production.models import Printer, ProductionRun
from production.serializers.lines import OVERRIDE_REASON, RunItemSerializer, RunMaterialSerializer
from production.services import moves
from tenants.errors import Invalid
from tenants.fields import MomentField, NameField
from tenants.serializers import RowSerializer

MOST_LINES = 200


class VarianceSerializer(serializers.Serializer):
    """Planned, actual, difference and percent: of grams, minutes, cost; per material and item."""

    run = serializers.IntegerField()
    number = serializers.CharField()
    status = serializers.ChoiceField(ProductionRun.Status.choices)
    grams = serializers.DictField()
    minutes = serializers.DictField()
    cost = serializers.DictField()
    materials = serializers.ListField(child=serializers.DictField())
    items = serializers.ListField(child=serializers.DictField())


class UseNestedRoutes(Invalid):
    """Items and materials of a run that is there have addresses of their own."""

    code = "use_nested_routes"
    title = "Change items and materials at their own addresses"


class NewItemSerializer(RunItemSerializer):
    """An item of a run that is being made: it is the run that overrides."""

    override_reason = None

    class Meta(RunItemSerializer.Meta):
        fields = [name for name in RunItemSerializer.Meta.fields if name != "override_reason"]


class NewMaterialSerializer(RunMaterialSerializer):
    """A material of a run that is being made: it is the run that overrides."""

    override_reason = None

    class Meta(RunMaterialSerializer.Meta):
        fields = [name for name in RunMaterialSerializer.Meta.fields if name != "override_reason"]


class ProductionRunSerializer(RowSerializer):
    """A run with its items and materials, and the verbs that are ``allowed`` now.

    On PUT and PATCH a new ``status`` is carried out by its verb, after the other fields.
    """

    printer_name = NameField(
        source="printer",
        lookup="name__iexact",
        queryset=Printer.objects.all(),
        allow_null=True,
    )
    status = serializers.ChoiceField(ProductionRun.Status.choices, required=False)
    scheduled_at = MomentField(read_only=True)
    items = NewItemSerializer(many=True, required=False, max_length=MOST_LINES)
    materials = NewMaterialSerializer(many=True, required=False, max_length=MOST_LINES)
    created_by_name = serializers.CharField(
        source="created_by.username", read_only=True, default=None
    )
    allowed = serializers.SerializerMethodField()
    override_reason = serializers.CharField(**OVERRIDE_REASON)

    class Meta:
        model = ProductionRun
        create_only = ("items", "materials")
        update_only = ("actual_minutes",)
        fields = [
            "id",
            "number",
            "status",
            "allowed",
            "printer",
            "printer_name",
            "plate_count",
            "priority",
            "due_on",
            "planned_start_at",
            "scheduled_at",
            "started_at",
            "finished_at",
            "reopened_at",
            "planned_minutes",
            "actual_minutes",
            "outcome_reason",
            "notes",
            "external_id",
            "reprint_of",
            "hour_rate",
            "power_watts",
            "energy_price_kwh",
            "labour_rate",
            "items",
            "materials",
            "created_by",
            "created_by_name",
            "created_at",
            "updated_at",
            "version",
            "override_reason",
        ]
        read_only_fields = ["outcome_reason"]

    def get_allowed(self, run) -> list[str]:
        return moves.allowed(run.status)

    def validate_status(self, status):
        if self.instance is None and status != ProductionRun.Status.PLANNED:
            raise serializers.ValidationError("A new run is planned; its verbs lead further.")
        return status

    def refuse_change(self, name):
        if name in self.Meta.create_only:
            raise UseNestedRoutes(
                f"Change {name} at /production-runs/{self.instance.pk}/{name}/.",
                errors={name: ["Use the nested address."]},
            )
        super().refuse_change(name)


class CompletedRunSerializer(ProductionRunSerializer):
    """A run, its variance, and the entries that its completion made (or would have made)."""

    variance = VarianceSerializer(read_only=True)
    entries = InventoryTransactionSerializer(many=True, read_only=True)

    class Meta(ProductionRunSerializer.Meta):
        fields = [*ProductionRunSerializer.Meta.fields, "variance", "entries"]
