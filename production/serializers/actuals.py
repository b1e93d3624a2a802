"""The bodies that say what a run took and made."""

from django.utils.translation import gettext as _
from rest_framework import serializers

from inventory.models import Spool
from inventory.serializers.spools import SpoolCodeField
from production.models import Printer, Product, ProductionRun, Reason
from production.serializers.lines import MAX_LINES, OVERRIDE_REASON, ScrapReasonField
from production.services.completion.actuals import FIGURES, ItemCount, MaterialActual
from production.services.runs.repeats import Made
from tenants.api import fields
from tenants.api.serializers import Body
from tenants.operations.text import one_line

OPTIONAL = {"required": False, "allow_null": True}
PERCENT = {"max_digits": 5, "decimal_places": 2, "max_value": 100}
ID = {"min_value": 1, "max_value": 2**63 - 1}
COUNT = {"min_value": 0, "max_value": 1_000_000}
TEXT = {"required": False, "allow_blank": True, "max_length": 1000}
FAILURES = Reason.objects.filter(kind=Reason.Kind.FAILURE)


class SpoolBody(Body):
    """A spool, by its id or its code."""

    spool = fields.IdField(queryset=Spool.objects.all(), required=False)
    spool_code = SpoolCodeField(source="spool")

    class Meta:
        needed = ("spool",)


class GramsBody(Body):
    """Grams, or what the scale showed after (and before) the print."""

    actual_grams = fields.QuantityField(**fields.GRAMS, **OPTIONAL)
    actual_purge_grams = fields.QuantityField(**fields.GRAMS, **OPTIONAL)
    gross_before_grams = fields.QuantityField(**fields.GRAMS, **OPTIONAL)
    gross_after_grams = fields.QuantityField(**fields.GRAMS, **OPTIONAL)


class MaterialActualBody(GramsBody):
    """What one material of the run took; name its ``id`` or its spool. Nulls alone forget what was
    saved."""

    settle = fields.FlagField(required=False)
    id = fields.WholeField(required=False, **ID)
    spool = fields.IdField(queryset=Spool.objects.all(), required=False)
    spool_code = SpoolCodeField(source="spool")

    def validate(self, values):
        line, spool = values.pop("id", None), values.pop("spool", None)
        if line is None and spool is None:
            message = _("Name the material's id or its spool.")
            raise serializers.ValidationError({"id": [message]}, code="required")
        figures = [values[name] for name in FIGURES if name in values]
        is_unknown = bool(figures) and all(figure is None for figure in figures)
        return MaterialActual(line=line, spool=spool and spool.pk, is_unknown=is_unknown, **values)


class ItemCountBody(Body):
    """How many of one item came out; name its ``id`` or its ``product_sku``."""

    id = fields.WholeField(required=False, **ID)
    product_sku = fields.TextField(required=False, max_length=60)
    good_count = fields.WholeField(**COUNT)
    scrapped_count = fields.WholeField(required=False, **COUNT)
    scrap_reason = fields.IdField(queryset=Reason.objects.all(), required=False, allow_null=True)
    scrap_reason_code = ScrapReasonField()

    def validate(self, values):
        if ("id" in values) == ("product_sku" in values):
            message = _("Name the item's id or its product_sku.")
            raise serializers.ValidationError({"id": [message]}, code="required")
        return values


class ActualsBody(Body):
    """Drafts: what the run took and made so far."""

    materials = MaterialActualBody(many=True, required=False, max_length=MAX_LINES)
    items = ItemCountBody(many=True, required=False, max_length=MAX_LINES)
    actual_minutes = fields.QuantityField(**fields.MINUTES, **OPTIONAL)

    def validate_materials(self, given):
        return distinct_lines(given)

    def validate_items(self, given):
        counts = [
            ItemCount(item=self._item_id(values, place), **values)
            for place, values in enumerate(given)
        ]
        refuse_twice([count.item for count in counts])
        return counts

    def _item_id(self, values, place):
        """The item a row of the body is about; by its SKU where the run has that just once."""
        sku = values.pop("product_sku", None)
        if sku is None:
            return values.pop("id")
        found = self.instance.items.filter(product__sku__iexact=one_line(sku))
        found = found.values_list("pk", flat=True)[:2]
        if len(found) != 1:
            message = _("%(sku)s is not exactly one item of this run; name the id.") % {"sku": sku}
            errors = {place: {"product_sku": [message]}}
            raise serializers.ValidationError(errors, code="not_in_run")
        return found[0]


class ClosingBody(ActualsBody):
    """What the run took and made; ``dry_run`` only shows what would be booked."""

    finished_at = fields.MomentField(required=False, allow_null=True)
    confirm = fields.FlagField(required=False)
    dry_run = fields.FlagField(required=False)


class CompleteBody(ClosingBody):
    """What the run took and made; saved drafts may be left out. ``dry_run`` only shows what would
    be booked."""

    as_planned = fields.FlagField(required=False)


class CorrectBody(ClosingBody):
    """What was booked wrongly; what is left out stays."""

    reason = fields.TextField(**TEXT)


class FailedItemBody(ItemCountBody):
    """How many of one item were printed and scrapped."""

    good_count = fields.WholeField(default=0, **COUNT)


class FailBody(ClosingBody):
    """Why the run failed, and what it took: by material, or as a percent of the plan."""

    reason = fields.IdField(queryset=FAILURES, required=False)
    reason_code = fields.NameField("code", source="reason", queryset=FAILURES)
    items = FailedItemBody(many=True, required=False, max_length=MAX_LINES)
    progress_percent = fields.QuantityField(required=False, allow_null=True, **PERCENT)
    note = fields.TextField(**TEXT)

    class Meta:
        needed = ("reason",)


class CancelBody(Body):
    """Why it is given up, and what a started run has used already."""

    reason = fields.TextField(**TEXT)
    materials = MaterialActualBody(many=True, required=False, max_length=MAX_LINES)

    def validate_materials(self, given):
        return distinct_lines(given)


class TakenBody(SpoolBody, GramsBody):
    """What was taken of one spool."""

    settle = fields.FlagField(required=False)


class MadeBody(Body):
    """What came out of one product."""

    product = fields.IdField(queryset=Product.objects.all(), required=False)
    product_sku = fields.NameField(
        "sku", source="product", lookup="sku__iexact", queryset=Product.objects.all()
    )
    good_count = fields.WholeField(**COUNT)
    scrapped_count = fields.WholeField(required=False, **COUNT)
    scrap_reason = fields.IdField(queryset=Reason.objects.all(), required=False, allow_null=True)
    scrap_reason_code = ScrapReasonField()
    order_reference = fields.TextField(required=False, allow_blank=True, max_length=100)

    class Meta:
        needed = ("product",)

    def validate(self, values):
        return Made(**values)


class RecordBody(Body):
    """A run that is over: when it was, what it made, and what it took of which spools."""

    started_at = fields.MomentField()
    finished_at = fields.MomentField()
    items = MadeBody(many=True, required=False, max_length=MAX_LINES)
    materials = TakenBody(many=True, required=False, max_length=MAX_LINES)
    printer = fields.IdField(queryset=Printer.objects.all(), required=False, allow_null=True)
    printer_name = fields.NameField(
        source="printer", lookup="name__iexact", queryset=Printer.objects.all(), allow_null=True
    )
    actual_minutes = fields.QuantityField(**fields.MINUTES, **OPTIONAL)
    external_id = fields.TextField(
        max_length=ProductionRun._meta.get_field("external_id").max_length, required=False
    )
    notes = fields.TextField(required=False, allow_blank=True)
    override_reason = fields.TextField(**OVERRIDE_REASON)
    confirm = fields.FlagField(required=False, help_text="It made parts, and took no material.")
    dry_run = fields.FlagField(required=False)

    def validate(self, values):
        made, taken = values.pop("items", []), values.pop("materials", [])
        if not made and not taken:
            message = [_("Name an item that it made, or a material that it took.")]
            raise serializers.ValidationError({"items": message, "materials": message})
        spools = [each.pop("spool") for each in taken]
        actuals = [
            MaterialActual(spool=spool.pk, **each)
            for spool, each in zip(spools, taken, strict=True)
        ]
        return {**values, "made": made, "spools": spools, "materials": actuals}


def distinct_lines(actuals):
    for name in ("line", "spool"):
        refuse_twice([getattr(actual, name) for actual in actuals])
    return actuals


def refuse_twice(ids):
    text = [_("The same one is named twice.")]
    if errors := {n: text for n, pk in enumerate(ids) if pk is not None and pk in ids[:n]}:
        raise serializers.ValidationError(errors, code="twice")
