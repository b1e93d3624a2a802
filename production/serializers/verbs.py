"""The bodies of a run's verbs."""

from rest_framework import serializers

from inventory import codes
from inventory.models import Spool
from production.models import Reason
from production.services.actuals import ItemCount, MaterialActual
from tenants.fields import IdField, MomentField, NameField, QuantityField
from tenants.serializers import Body

GRAMS = {"max_digits": 14, "decimal_places": 6, "required": False, "allow_null": True}
MINUTES = {"max_digits": 10, "decimal_places": 2, "required": False, "allow_null": True}
ID = {"min_value": 1, "max_value": 2**63 - 1}
COUNT = {"min_value": 0, "max_value": 1_000_000}
MOST_LINES = 200
REASON = {"required": False, "allow_blank": True, "max_length": 1000}


class NoBody(Body):
    """Nothing to say."""


class SpoolOfLine(Body):
    """The spool that a material of the run takes."""

    material = serializers.IntegerField(**ID)
    spool = IdField(queryset=Spool.objects.all(), required=False)
    spool_code = NameField(
        "code", source="spool", normalise=codes.normalise, queryset=Spool.objects.all()
    )

    def needed_twins(self):
        return ("spool",)


class StartBody(Body):
    """Spools for the materials that have none; those in the printer's slots are found."""

    spools = SpoolOfLine(many=True, required=False, max_length=MOST_LINES)
    printer_cleared = serializers.BooleanField(required=False)
    override_reason = serializers.CharField(**REASON)

    def validate_spools(self, given):
        _refuse_twice([each["material"] for each in given])
        return {each["material"]: each["spool"] for each in given}


class CancelBody(Body):
    """Why it is given up."""

    reason = serializers.CharField(**REASON)


class RevertBody(Body):
    """Why it is taken back; a manager may confirm across a count."""

    reason = serializers.CharField(**REASON)
    confirm = serializers.BooleanField(required=False)


class MaterialActualBody(Body):
    """What one material took: grams, or what the scale showed after (and before) the print."""

    id = serializers.IntegerField(required=False, **ID)
    spool = IdField(queryset=Spool.objects.all(), required=False)
    spool_code = NameField(
        "code", source="spool", normalise=codes.normalise, queryset=Spool.objects.all()
    )
    actual_grams = QuantityField(**GRAMS)
    actual_purge_grams = QuantityField(**GRAMS)
    gross_before_grams = QuantityField(**GRAMS)
    gross_after_grams = QuantityField(**GRAMS)
    settle = serializers.BooleanField(required=False)

    def validate(self, values):
        line, spool = values.pop("id", None), values.pop("spool", None)
        if line is None and spool is None:
            raise serializers.ValidationError(
                {"id": ["Which material? Name its id or its spool."]}, code="required"
            )
        return MaterialActual(line=line, spool=spool and spool.pk, **values)


class ItemCountBody(Body):
    """How many of one item came out."""

    id = serializers.IntegerField(required=False, **ID)
    product_sku = serializers.CharField(required=False, max_length=60)
    good_count = serializers.IntegerField(**COUNT)
    scrapped_count = serializers.IntegerField(required=False, **COUNT)
    scrap_reason = IdField(queryset=Reason.objects.all(), required=False, allow_null=True)
    scrap_reason_code = NameField(
        "code",
        source="scrap_reason",
        queryset=Reason.objects.filter(kind=Reason.Kind.SCRAP),
        allow_null=True,
    )

    def validate(self, values):
        if ("id" in values) == ("product_sku" in values):
            raise serializers.ValidationError(
                {"id": ["Which item? Name its id or its product_sku."]}, code="required"
            )
        return values


class CompleteBody(Body):
    """What the run took and made; what was saved before need not be said again."""

    materials = MaterialActualBody(many=True, required=False, max_length=MOST_LINES)
    items = ItemCountBody(many=True, required=False, max_length=MOST_LINES)
    actual_minutes = QuantityField(**MINUTES)
    finished_at = MomentField(required=False, allow_null=True)
    as_planned = serializers.BooleanField(required=False)
    confirm = serializers.BooleanField(required=False)
    dry_run = serializers.BooleanField(required=False)

    def validate_materials(self, given):
        for name in ("line", "spool"):
            _refuse_twice([getattr(actual, name) for actual in given])
        return given

    def validate_items(self, given):
        counts = [ItemCount(item=self._item_id(values), **values) for values in given]
        _refuse_twice([count.item for count in counts])
        return counts

    def _item_id(self, values):
        """The item a row of the body is about; by its SKU where the run has that just once."""
        sku = values.pop("product_sku", None)
        if sku is None:
            return values.pop("id")
        found = self.instance.items.filter(product__sku=sku).values_list("pk", flat=True)[:2]
        if len(found) != 1:
            raise serializers.ValidationError(
                f"{sku} is not exactly one item of this run; name the id.", code="not_in_run"
            )
        return found[0]


def _refuse_twice(ids):
    named = [pk for pk in ids if pk is not None]
    if len(set(named)) < len(named):
        raise serializers.ValidationError("The same one is named twice.", code="twice")
