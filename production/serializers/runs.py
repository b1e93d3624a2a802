"""Production runs and their events, as JSON."""

from functools import cache

from django.db import models
from django.db.models import Case, Func, Q, Value, When
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from production.models import ActualSource, Printer, ProductionRun, Reason, RunEvent
from production.models.conditions import CONDITIONS
from production.serializers.lines import (
    MAX_LINES,
    OVERRIDE_REASON,
    RunItemSerializer,
    RunMaterialSerializer,
)
from production.services.runs.lines import NewItem, NewMaterial
from production.services.transitions import EVENT_CHOICES, TRANSITIONS, offered, possible_in
from tenants.api.fields import (
    ChoiceField,
    MomentField,
    NameField,
    PersonNameField,
    TextField,
    UsernameField,
)
from tenants.api.serializers import RowSerializer
from tenants.operations.refusals import Invalid


def addresses(verbs):
    """What the POST addresses of these verbs are called, in alphabetical order."""
    return sorted(path for verb in verbs if (path := TRANSITIONS[verb].path))


class Addresses(Func):
    """Some addresses as a list, without those that are null."""

    template = "array_to_json(array_remove(ARRAY[%(expressions)s], NULL))"
    output_field = models.TextField()


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class AllowedField(serializers.Field):
    """The addresses of the verbs that a run is offered now."""

    def __init__(self, **kwargs):
        super().__init__(source="*", read_only=True, **kwargs)

    @property
    def annotations(self):
        """What rows are loaded with, for `to_representation`."""
        names = {row.condition for row in TRANSITIONS.values() if row.path} - {""}
        return {name: CONDITIONS[name] for name in names}

    @property
    def expression(self):
        rows = (row for row in TRANSITIONS.values() if row.path)
        return Addresses(*map(_address, sorted(rows, key=lambda row: row.path)))

    def to_representation(self, run):
        rows = _with_address(run.status, run.is_deleted)
        return [row.path for row in offered(rows, run)]


@cache
def _with_address(status, is_deleted):
    """Rows of the verbs that the status allows and that have an address, in its order."""
    rows = possible_in(status, is_deleted=is_deleted)
    return sorted((row for row in rows if row.path), key=lambda row: row.path)


def _address(row):
    """Its address, where it is offered. PostgreSQL prepares each part of a statement whenever it is
    executed, needed or not, so a condition is in it once, and not once for each status."""
    offered_in = Q(deleted_at__isnull=not row.of_deleted, status__in=list(row.moves))
    if row.condition:
        offered_in &= CONDITIONS[row.condition]
    return Case(When(offered_in, then=Value(row.path)))


class UseNestedRoutes(Invalid):
    """Items and materials of a run that is there have addresses of their own."""

    code = "use_nested_routes"
    title = "Change items and materials at their own addresses"


class NewItemSerializer(RunItemSerializer):
    """An item of a run that is being made: it is the run that overrides."""

    override_reason = None

    class Meta(RunItemSerializer.Meta):
        fields = [name for name in RunItemSerializer.Meta.fields if name != "override_reason"]

    def validate(self, values):
        return NewItem(**values)


class NewMaterialSerializer(RunMaterialSerializer):
    """A material of a run that is being made: it is the run that overrides."""

    override_reason = instead_of = None

    class Meta(RunMaterialSerializer.Meta):
        create_only = ()
        fields = [
            name
            for name in RunMaterialSerializer.Meta.fields
            if name not in ("override_reason", "instead_of")
        ]

    def validate(self, values):
        return NewMaterial(**values)


class ProductionRunSerializer(RowSerializer):
    """A run with its items and materials, and the verbs that are ``allowed`` now.

    On PUT and PATCH a new ``status`` is carried out by its verb, after the other fields. For a new
    run the values are the arguments of ``lifecycle.create``.
    """

    printer_name = NameField(
        source="printer", lookup="name__iexact", queryset=Printer.objects.all(), allow_null=True
    )
    status = ChoiceField(ProductionRun.Status.choices, required=False)
    outcome_reason_code = NameField(
        "code",
        source="outcome_reason",
        queryset=Reason.objects.filter(kind=Reason.Kind.FAILURE),
        allow_null=True,
        help_text="Goes with the status failed.",
    )
    scheduled_at = MomentField(read_only=True)
    actual_minutes_source = serializers.ChoiceField(
        ActualSource.choices, allow_blank=True, read_only=True
    )
    sliced_plates = serializers.ListField(
        child=serializers.IntegerField(),
        read_only=True,
        allow_null=True,
        help_text="Of its sliced file, each printed as often as the others.",
    )
    items = NewItemSerializer(many=True, required=False, max_length=MAX_LINES)
    materials = NewMaterialSerializer(many=True, required=False, max_length=MAX_LINES)
    created_by_username = UsernameField("created_by")
    created_by_name = PersonNameField("created_by")
    allowed = AllowedField()
    override_reason = TextField(**OVERRIDE_REASON)

    class Meta:
        model = ProductionRun
        create_only = ("items", "materials")
        update_only = ("actual_minutes", "outcome_reason", "outcome_reason_code")
        fields = [
            "id",
            "number",
            "status",
            "allowed",
            "printer",
            "printer_name",
            "plate_count",
            "plate_count_source",
            "priority",
            "due_on",
            "planned_start_at",
            "scheduled_at",
            "started_at",
            "finished_at",
            "reopened_at",
            "planned_minutes",
            "planned_minutes_source",
            "sliced_file",
            "sliced_plates",
            "sliced_seconds",
            "actual_minutes",
            "actual_minutes_source",
            "progress_percent",
            "outcome_reason",
            "outcome_reason_code",
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
            "created_by_username",
            "created_by_name",
            "created_at",
            "updated_at",
            "deleted_at",
            "version",
            "override_reason",
        ]

    def validate(self, values):
        if self.is_update:
            return values
        if not values.get("items") and not values.get("materials"):
            message = ["A run makes an item, or takes a material."]
            raise serializers.ValidationError({"items": message, "materials": message})
        return {name: value for name, value in values.items() if name != "status"}

    def validate_status(self, status):
        if self.instance is None and status != ProductionRun.Status.PLANNED:
            raise serializers.ValidationError("A new run is planned; its verbs lead further.")
        return status

    def reject_change(self, name):
        if name in self.Meta.create_only:
            raise UseNestedRoutes(
                f"Change {name} at /production-runs/{self.instance.pk}/{name}/.",
                errors={name: ["Use the nested address."]},
            )
        super().reject_change(name)


class RunEventSerializer(RowSerializer):
    """One verb done to a run: when, by whom, why, and from which status to which. A run that was
    deleted is still named."""

    run_number = serializers.CharField(source="run.number", read_only=True)
    verb = serializers.ChoiceField(EVENT_CHOICES, read_only=True)
    from_status = serializers.ChoiceField(
        ProductionRun.Status.choices,
        read_only=True,
        allow_blank=True,
        help_text="Empty where the run was made.",
    )
    to_status = serializers.ChoiceField(ProductionRun.Status.choices, read_only=True)
    by_username = UsernameField("by")
    overrides = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="Codes of the refusals that a manager overrode.",
    )

    class Meta:
        model = RunEvent
        fields = [
            "id",
            "run",
            "run_number",
            "verb",
            "from_status",
            "to_status",
            "reason",
            "overrides",
            "by",
            "by_username",
            "by_name",
            "at",
        ]
        read_only_fields = fields
