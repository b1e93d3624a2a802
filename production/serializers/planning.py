"""Many runs planned at once, as JSON."""

from rest_framework import serializers

from production.models import Printer, Product, ProductionRun, RunItem
from production.serializers.lines import OVERRIDE_REASON
from production.serializers.runs import ProductionRunSerializer
from production.services.runs.planning import MAX_AT_ONCE, MAX_PLATES, MAX_UNITS
from tenants.api.fields import IdField, NameField, TextField, WholeField
from tenants.api.serializers import Body, RowSerializer

PRINTERS = {"required": False, "min_length": 1, "max_length": MAX_AT_ONCE}
MAX_REFERENCE_LENGTH = RunItem._meta.get_field("order_reference").max_length


class ManyRunsBody(Body):
    """Runs as each would be planned alone; all are, or none."""

    runs = ProductionRunSerializer(many=True, allow_empty=False, max_length=MAX_AT_ONCE)


class PlanBody(RowSerializer):
    """How many of a product, and on which printers, by their ids or names; all other fields apply
    to every run. ``plates_per_run`` null: one run for each printer."""

    product = IdField(queryset=Product.objects.all(), required=False)
    product_sku = NameField(
        "sku", source="product", lookup="sku__iexact", queryset=Product.objects.all()
    )
    quantity = WholeField(min_value=1, max_value=MAX_UNITS)
    printers = serializers.ListField(child=IdField(queryset=Printer.objects.all()), **PRINTERS)
    printer_names = serializers.ListField(
        child=NameField(lookup="name__iexact", queryset=Printer.objects.all()), **PRINTERS
    )
    plates_per_run = WholeField(min_value=1, max_value=MAX_PLATES, default=1, allow_null=True)
    order_reference = TextField(required=False, allow_blank=True, max_length=MAX_REFERENCE_LENGTH)
    override_reason = TextField(**OVERRIDE_REASON)

    class Meta:
        model = ProductionRun
        needed = ("product",)
        fields = [
            "product",
            "product_sku",
            "quantity",
            "printers",
            "printer_names",
            "plates_per_run",
            "order_reference",
            "priority",
            "due_on",
            "planned_start_at",
            "notes",
            "override_reason",
        ]

    def validate(self, values):
        named = [values.pop(name) for name in ("printers", "printer_names") if name in values]
        if len(named) != 1:
            message = "Which printers? Name them by their ids, or by their names."
            raise serializers.ValidationError({"printers": [message]}, code="required")
        return {**values, "printers": named[0]}


class PlannedRuns(serializers.Serializer):
    """The runs that were planned, in their order."""

    runs = ProductionRunSerializer(many=True)
