"""What a run took and made, as people type it: rows of its materials and of its items."""

from dataclasses import dataclass

from django import forms
from django.forms import BoundField

from production.models import Reason, RunItem, RunMaterial
from production.services.completion.actuals import ItemCount, MaterialActual
from tenants.web.forms import NumberField, VerbForm

GRAMS = ("actual_grams", "actual_purge_grams")
WEIGHTS = ("gross_before_grams", "gross_after_grams")
COUNTS = ("good_count", "scrapped_count", "scrap_reason")
SETTLE = "insufficient_inventory"


@dataclass(frozen=True)
class Row:
    """A line of the run and its fields."""

    line: object
    cells: list[BoundField]
    settle: BoundField | None = None


class ActualsForm(VerbForm):
    """Fields for each material of the run, prefilled with what was said before."""

    fields_template = "production/_actuals_fields.html"
    needs_counts = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.lines = list(_lines(self.subject))
        self.items = list(_items(self.subject)) if self.needs_counts else []
        for line in self.lines:
            self._add_material(line)
        reasons = Reason.objects.filter(kind=Reason.Kind.SCRAP, is_active=True)
        for item in self.items:
            self._add_item(item, reasons)

    def service_kwargs(self):
        said = {name: value for name, value in super().service_kwargs().items() if "-" not in name}
        materials = [self._actual(line) for line in self.lines if self._is_said(line)]
        items = [self._count(item) for item in self.items if self._is_counted(item)]
        return {
            **said,
            **({"materials": materials} if materials else {}),
            **({"items": items} if items else {}),
        }

    def field_errors(self, refusal):
        yield from super().field_errors(refusal)
        numbers = refusal.numbers
        for pk in numbers.get("material_ids", ()):
            yield f"material-{pk}-actual_grams", "What did it take?"
        for pk in [*numbers.get("item_ids", ()), numbers.get("item_id")]:
            yield f"item-{pk}-good_count", "Count again." if "item_id" in numbers else "How many?"
        for doubt in numbers.get("materials", ()):
            for pk in doubt["material_ids"]:
                yield f"material-{pk}-actual_grams", "Hard to believe."
        yield from self._spool_errors(numbers)

    def material_rows(self):
        rows = []
        for line in self.lines:
            names = [_name(line, name) for name in (*GRAMS, *WEIGHTS)]
            settle = _name(line, "settle")
            asked = self[settle] if self.is_shown(settle) else None
            rows.append(Row(line, [self[name] for name in names], asked))
        return rows

    def item_rows(self):
        return [Row(item, [self[_name(item, name)] for name in COUNTS]) for item in self.items]

    def plain_fields(self):
        """The fields that are of no line."""
        return [field for field in self.shown_fields() if "-" not in field.name]

    # -- how they come about -------------------------------------------------------------------

    def _add_material(self, line):
        for name in (*GRAMS, *WEIGHTS):
            label = f"{RunMaterial._meta.get_field(name).verbose_name} of {_called(line)}"
            initial = getattr(line, name)
            self.fields[_name(line, name)] = NumberField(label=label, initial=_short(initial))
        settle = _name(line, "settle")
        self.fields[settle] = forms.BooleanField(
            label="The spool held more than the book said: count it up first", required=False
        )
        self.after_refusal = self.after_refusal | {settle: {SETTLE}}

    def _add_item(self, item, reasons):
        for name in COUNTS[:2]:
            self.fields[_name(item, name)] = forms.IntegerField(
                label=f"{name.partition('_')[0].capitalize()} of {item.product.sku}",
                initial=getattr(item, name),
                required=False,
                min_value=0,
                widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": "0"}),
            )
        self.fields[_name(item, COUNTS[2])] = forms.ModelChoiceField(
            reasons, label=f"Why {item.product.sku} was scrapped", required=False,
            initial=item.scrap_reason_id, empty_label="–",
        )  # fmt: skip

    # -- what they say -------------------------------------------------------------------------

    def _value(self, line, name):
        return self.cleaned_data.get(_name(line, name))

    def _is_counted(self, item):
        return any(self._value(item, name) is not None for name in COUNTS[:2])

    def _is_said(self, line):
        """A row that was touched; what was saved before need not be said again."""
        names = {_name(line, name) for name in (*GRAMS, *WEIGHTS, "settle")}
        return bool(names & set(self.changed_data))

    def _actual(self, line):
        """Typed grams go before weights, unless it is the weights that were touched."""
        given = {name: self._value(line, name) for name in (*GRAMS, *WEIGHTS)}
        changed = set(self.changed_data)
        weighs = bool({_name(line, name) for name in WEIGHTS} & changed)
        if weighs and _name(line, GRAMS[0]) not in changed:
            given["actual_grams"] = None
        elif not weighs and given["actual_grams"] is not None:
            given |= dict.fromkeys(WEIGHTS)
        settle = self.cleaned_data[_name(line, "settle")]
        return MaterialActual(line=line.pk, settle=settle, **given)

    def _count(self, item):
        values = {name: self._value(item, name) for name in COUNTS}
        values["scrapped_count"] = values["scrapped_count"] or 0
        return ItemCount(item=item.pk, **values)

    def _spool_errors(self, numbers):
        lines = {line.spool_id: line for line in self.lines}
        for short in numbers.get("shortages", ()):
            if line := lines.get(short["spool_id"]):
                yield _name(line, "actual_grams"), "More than the spool has by the book."
        if line := lines.get(numbers.get("spool_id")):
            yield _name(line, "gross_after_grams"), "Look at this weight."


def _lines(run):
    wanted = ("spool__filament__manufacturer", "spool__filament__material_type")
    lines = run.materials.select_related(*wanted, "filament__manufacturer", "material_type")
    return lines.order_by("pk")


def _items(run):
    return run.items.select_related("product", "scrap_reason").order_by("pk")


def _name(line, name):
    kind = "item" if isinstance(line, RunItem) else "material"
    return f"{kind}-{line.pk}-{name}"


def _called(line):
    return line.spool.code if line.spool else str(line.filament or line.material_type)


def _short(number):
    """``12.500000`` is typed as 12.5."""
    return None if number is None else f"{number.normalize():f}"
