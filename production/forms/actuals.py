"""Fields for what a run used and made: a group for each of its materials and items."""

from copy import copy
from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext_lazy as _

from production.forms.fields import ReasonField, usual_reasons
from production.models import ESTIMATED, REPORTED, ActualSource, ProductionRun, Reason
from production.services.completion.actuals import ItemCount, MaterialActual, outlook
from production.services.completion.estimates import estimates
from production.services.reported import lines as reported
from tenants.operations.text import format_number
from tenants.web.forms import VerbForm
from tenants.web.touch_fields import CountField

GRAMS = ("actual_grams", "actual_purge_grams")
WEIGHTS = ("gross_before_grams", "gross_after_grams")
FIGURES = GRAMS + WEIGHTS
COUNTS = ("good_count", "scrapped_count", "scrap_reason")
LABELS = {
    "actual_grams": _("Grams in the parts"),
    "actual_purge_grams": _("Purge grams"),
    "gross_before_grams": _("On the scale before"),
    "gross_after_grams": _("Or on the scale now"),
    "settle": _("The spool held more than its remaining grams: count it up first"),
    "good_count": _("Good"),
    "scrapped_count": _("Scrapped"),
    "scrap_reason": _("Why scrapped"),
}
BOTH = _("Either the grams or the weight, not both.")
MISSING = _("Enter the grams or a weight.")
EMPTIED = {
    "actual_grams": _("Enter the grams or a weight; %(before)s stood here."),
    "actual_minutes": _("Enter the minutes; %(before)s stood here."),
    "progress_percent": _("Enter how far it is; %(before)s stood here."),
}


def line_field(pk, name):
    return f"material-{pk}-{name}"


def item_field(pk, name):
    return f"item-{pk}-{name}"


def add_hint(field, source):
    """Say beside a field that its initial value is an estimate or was reported, if it is; once
    somebody has typed another, the hint goes."""
    if source in (*ESTIMATED, *REPORTED):
        field.help_text = ActualSource(source).label
        field.widget.attrs["data-estimate"] = ""


@dataclass
class FieldGroup:
    """A row of the run and its bound fields by name."""

    row: object
    fields: dict


class ActualsForm(VerbForm):
    """Fields for each material of the run and, with ``has_items``, for each item.

    With ``prefills_plan`` the plan stands where there is no draft. Only what was
    changed is passed to the service, which takes the rest from the drafts or the plan.
    """

    fields_template = "production/_actuals_fields.html"
    has_items = prefills_plan = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.lines = self._lines()
        self.reported = self._reported()
        self.guesses = estimates(self._known()) if self.prefills_plan else {}
        self.items = list(items_of(self.subject)) if self.has_items else []
        reasons = usual_reasons(Reason.Kind.SCRAP) if self.has_items else []
        for line in self.lines:
            self._add_line(line)
        for item in self.items:
            self._add_item(item, reasons)

    def __getitem__(self, name):
        bound = super().__getitem__(name)
        is_estimate = "data-estimate" in bound.field.widget.attrs
        if is_estimate and self.is_bound and bound.field.has_changed(bound.initial, bound.data):
            bound.help_text = ""
        return bound

    def clean(self):
        for line in self.lines:
            changed, values = self._changed(line), self._values(line)
            grams, after = values["actual_grams"], values["gross_after_grams"]
            if any(line_field(line.pk, name) in self.errors for name in FIGURES):
                continue
            if {"actual_grams", "gross_after_grams"} <= changed and None not in (grams, after):
                self.add_error(line_field(line.pk, "gross_after_grams"), BOTH)
            elif self.prefills_plan and changed and grams is None and after is None:
                self.add_missing(line_field(line.pk, "actual_grams"), "actual_grams")
        return super().clean()

    def add_missing(self, key, name):
        """Add the error of a figure that is needed; if it was emptied, with what stood there."""
        field = self.fields[key]
        text = MISSING if field.initial is None else EMPTIED[name]
        self.add_error(key, text % {"before": field.prepare_value(field.initial)})

    def materials(self):
        """A MaterialActual for each line that was changed."""
        return [self._actual(line) for line in self.lines if self._changed(line)]

    def counts(self, *, only_changed=False):
        """An ItemCount for each item that has counts."""
        items = [
            item
            for item in self.items
            if any(self._value(item, name) is not None for name in COUNTS[:2])
        ]
        return [self._count(item) for item in items if not only_changed or self._is_changed(item)]

    def service_kwargs(self):
        values = {name: v for name, v in super().service_kwargs().items() if "-" not in name}
        rows = {"materials": self.materials(), "items": self.counts()}
        return values | {name: found for name, found in rows.items() if found}

    def field_errors(self, refusal):
        yield from super().field_errors(refusal)
        numbers = refusal.numbers
        if refusal.code == "contradiction":
            yield line_field(numbers["material_id"], "gross_after_grams"), BOTH
        for pk in numbers.get("material_ids", ()):
            yield line_field(pk, "actual_grams"), MISSING
        for doubt in numbers.get("materials", ()):
            for pk in doubt["material_ids"]:
                yield line_field(pk, "actual_grams"), _("Implausible: check it.")
        for pk in numbers.get("item_ids", ()):
            yield item_field(pk, "good_count"), _("How many?")
        if "item_id" in numbers:
            yield item_field(numbers["item_id"], "good_count"), _("Count again.")
        yield from self._spool_errors(numbers)

    # -- for templates -------------------------------------------------------------------------

    def line_groups(self):
        return [FieldGroup(line, self._bound(line)) for line in self.lines]

    def item_groups(self):
        return [
            FieldGroup(item, {name: self[item_field(item.pk, name)] for name in COUNTS})
            for item in self.items
        ]

    def plain_fields(self):
        """The fields that belong to no line and no item."""
        return [field for field in self.visible_fields() if "-" not in field.name]

    # -- fields --------------------------------------------------------------------------------

    def _lines(self):
        """A planned run has used nothing; a touch screen shows materials with a spool only."""
        if self.subject.status == ProductionRun.Status.PLANNED:
            return []
        return [line for line in _lines(self.subject) if line.spool_id or not self.touch]

    def _reported(self):
        """``{line id: line}`` with the figures that devices reported, where they are all there is,
        or come on top of what was saved. What is not changed is taken as it is by the time that it
        is booked."""
        lines = [copy(line) for line in self.lines]
        filled = reported.fill(lines)
        found = {line.pk: line for line in lines if line.pk in filled}
        added = [line for line in self.lines if reported.since(line)]
        for line in outlook(added) or ():
            line.gross_before_grams = line.gross_after_grams = None
            found[line.pk] = line
        return found

    def _known(self):
        return [self.reported.get(line.pk, line) for line in _lines(self.subject)]

    def _add_line(self, line):
        for name in self._figures(line):
            initial = self._initial(line, name)
            field = self.number_field(label=LABELS[name], initial=initial, unit="g")
            if name in GRAMS and initial is not None:
                add_hint(field, self._source(line))
                self._add_since(field, line)
            self.fields[line_field(line.pk, name)] = field
        settle = line_field(line.pk, "settle")
        self.fields[settle] = forms.BooleanField(label=LABELS["settle"], required=False)
        self.after_refusal = self.after_refusal | {settle: {"insufficient_inventory"}}

    def _add_since(self, field, line):
        """Say what the initial value is made of, where a saved figure was added to."""
        if since := reported.since(line):
            text = _("%(source)s, with %(grams)s g reported since")
            source = ActualSource(self._source(line)).label
            field.help_text = text % {"source": source, "grams": format_number(since)}
            field.widget.attrs["data-estimate"] = ""

    def _figures(self, line):
        """All figures; on a touch screen only those that are of use for the line."""
        has_purge = line.planned_purge_grams or line.actual_purge_grams
        has_before = line.gross_before_grams is not None or self.touch and line.spool.tare() is None
        is_useful = {"actual_purge_grams": has_purge, "gross_before_grams": has_before}
        return [name for name in FIGURES if not self.touch or is_useful.get(name, True)]

    def _is_plan(self, line):
        """Whether the initial value is the plan, as there is no draft."""
        if line.pk in self.reported:
            return False
        return self.prefills_plan and line.actual_grams is None and line.gross_after_grams is None

    def _initial(self, line, name):
        if self._is_plan(line) and name in GRAMS:
            return dict(zip(GRAMS, self.guesses.get(line.pk, (None, None)), strict=True))[name]
        return getattr(self.reported.get(line.pk, line), name)

    def _source(self, line):
        """The source of the initial grams."""
        if self._is_plan(line):
            return ActualSource.AS_PLANNED
        return self.reported.get(line.pk, line).actual_source

    def _add_item(self, item, reasons):
        good, scrapped = item.good_count, item.scrapped_count
        if self.prefills_plan:
            good, scrapped = item.quantity if good is None else good, scrapped or 0
        for name, initial in (("good_count", good), ("scrapped_count", scrapped)):
            field = CountField(label=LABELS[name], initial=initial, required=self.prefills_plan)
            if not self.touch:
                field.widget = forms.NumberInput(attrs={"inputmode": "numeric", "min": "0"})
            self.fields[item_field(item.pk, name)] = field
        initial = str(item.scrap_reason_id or "")
        reason = ReasonField(label=LABELS["scrap_reason"], initial=initial, required=False)
        reason.offer(reasons, touch=self.touch)
        self.fields[item_field(item.pk, "scrap_reason")] = reason

    def _bound(self, line):
        names = {name: line_field(line.pk, name) for name in (*self._figures(line), "settle")}
        return {name: self[key] for name, key in names.items() if self.is_visible(key)}

    # -- values --------------------------------------------------------------------------------

    def _changed(self, line):
        names = (*FIGURES, "settle")
        return {name for name in names if line_field(line.pk, name) in self.changed_data}

    def _values(self, line):
        """The figures of a line; the exact ones, not as displayed, where nothing was changed."""
        values = {}
        for name in FIGURES:
            key = line_field(line.pk, name)
            is_known = key in self.fields and key not in self.changed_data
            values[name] = self.fields[key].initial if is_known else self.cleaned_data.get(key)
        return values

    def _actual(self, line):
        """The weights if they were changed and the grams were not, else the grams."""
        changed, values = self._changed(line), self._values(line)
        is_weighed = changed & set(WEIGHTS) and values["gross_after_grams"] is not None
        figures = {}
        if values["actual_grams"] is None or is_weighed and "actual_grams" not in changed:
            figures = {name: values[name] for name in FIGURES if name != "actual_grams"}
        elif changed & {*GRAMS, "gross_after_grams"}:
            figures = {name: values[name] for name in GRAMS}
        settle = self.cleaned_data.get(line_field(line.pk, "settle"), False)
        is_empty = all(value is None for value in values.values())
        return MaterialActual(line=line.pk, settle=settle, is_unknown=is_empty, **figures)

    def _value(self, item, name):
        return self.cleaned_data.get(item_field(item.pk, name))

    def _is_changed(self, item):
        return any(item_field(item.pk, name) in self.changed_data for name in COUNTS)

    def _count(self, item):
        """Scrapped parts are not good, unless the good ones were counted as well."""
        good, scrapped, reason = (self._value(item, name) for name in COUNTS)
        scrapped = scrapped or 0
        is_typed = item_field(item.pk, "good_count") in self.changed_data
        if self.prefills_plan and item.good_count is None and not is_typed:
            good = max(item.quantity - scrapped, 0)
        return ItemCount(
            item=item.pk,
            good_count=good,
            scrapped_count=scrapped,
            scrap_reason=reason if scrapped else None,
        )

    def _spool_errors(self, numbers):
        lines = {line.spool_id: line.pk for line in self.lines if line.spool_id}
        for shortage in numbers.get("shortages", ()):
            if pk := lines.get(shortage["spool_id"]):
                text = _("More than the remaining grams of the spool.")
                yield line_field(pk, "actual_grams"), text
        if pk := lines.get(numbers.get("spool_id")):
            yield line_field(pk, "gross_after_grams"), _("Check this weight.")


def _lines(run):
    lines = run.materials.with_spool().select_related("filament__manufacturer", "material_type")
    return lines.order_by("pk")


def items_of(run):
    return run.items.select_related("product", "scrap_reason").order_by("pk")
