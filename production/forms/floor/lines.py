"""What a run took and made, one group of fields for each spool and each item.

The fields show the plan, or the draft that was saved. What nobody touched is not said again: the
verb then takes the draft, or the plan and marks it so.
"""

from dataclasses import dataclass, field

from django import forms
from django.utils.translation import gettext as _

from production.forms.floor.fields import AmountField, CountField
from production.services.completion.actuals import ItemCount, MaterialActual
from tenants.web.forms import VerbForm

FIGURES = ("grams", "purge", "before", "after")
SHORT = "insufficient_inventory"


@dataclass
class Group:
    """A line or an item of the run and its fields."""

    row: object
    fields: dict = field(default_factory=dict)


class LinesForm(VerbForm):
    """``lines`` are the run's materials that have a spool; ``shows_plan`` prefills their grams."""

    shows_plan = True

    def __init__(self, *args, lines=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.lines = [line for line in lines if line.spool_id]
        for line in self.lines:
            self._add_line(line)

    def clean(self):
        for line in self.lines:
            changed = self._changed(line)
            value = self._value(line, "grams"), self._value(line, "after")
            if any(name_of(line, name) in self.errors for name in FIGURES):
                continue
            if {"grams", "after"} <= changed and None not in value:
                text = _("Either the grams or the weight, not both.")
                self.add_error(name_of(line, "after"), text)
            elif changed and value == (None, None) and self.shows_plan:
                self.add_error(name_of(line, "grams"), _("What did it take? Grams or a weight."))
        return super().clean()

    def groups(self):
        """The lines with their fields, for a template."""
        return [
            Group(line, {name: self[name_of(line, name)] for name in self._names(line)})
            for line in self.lines
        ]

    def materials(self):
        """A MaterialActual for each line that somebody touched."""
        said = [self._actual(line) for line in self.lines if self._changed(line)]
        return [actual for actual in said if actual is not None]

    def service_kwargs(self):
        said = {name: value for name, value in super().service_kwargs().items() if "-" not in name}
        return said | {"materials": self.materials()}

    def field_errors(self, refusal):
        numbers = refusal.numbers
        for name, messages in refusal.errors.items():
            yield from ((name, message) for message in messages)
        for pk in numbers.get("material_ids", ()):
            yield f"line-{pk}-grams", _("What did it take? Grams or a weight.")
        for doubt in numbers.get("materials", ()):
            for pk in doubt["material_ids"]:
                yield f"line-{pk}-grams", _("Hard to believe: look again.")
        yield from self._spool_errors(numbers)

    def _spool_errors(self, numbers):
        lines = {line.spool_id: line for line in self.lines}
        for short in numbers.get("shortages", ()):
            if line := lines.get(short["spool_id"]):
                yield name_of(line, "grams"), _("More than the book has on the spool.")
        if line := lines.get(numbers.get("spool_id")):
            yield name_of(line, "after"), _("Look at this weight again.")

    # -- its fields ----------------------------------------------------------------------------

    def _add_line(self, line):
        is_open = line.actual_grams is None and line.gross_after_grams is None
        is_planned = self.shows_plan and is_open
        grams = line.planned_grams if is_planned else line.actual_grams
        purge = line.planned_purge_grams if is_planned else line.actual_purge_grams
        fields = {"grams": AmountField(label=_("Grams in the parts"), initial=grams)}
        if line.planned_purge_grams or line.actual_purge_grams:
            fields["purge"] = AmountField(label=_("Purge grams"), initial=purge)
        if line.spool.tare() is None or line.gross_before_grams is not None:
            before = line.gross_before_grams
            fields["before"] = AmountField(label=_("On the scale before"), initial=before)
        after = line.gross_after_grams
        fields["after"] = AmountField(label=_("Or on the scale now"), initial=after)
        fields["settle"] = forms.BooleanField(
            label=_("The spool held more than the book said: count it up"), required=False
        )
        for name, each in fields.items():
            self.fields[name_of(line, name)] = each
        self.after_refusal = self.after_refusal | {name_of(line, "settle"): {SHORT}}

    def _names(self, line):
        names = [name for name in FIGURES if name_of(line, name) in self.fields]
        return [*names, "settle"] if self.is_shown(name_of(line, "settle")) else names

    # -- what they say -------------------------------------------------------------------------

    def _value(self, line, name):
        return self.cleaned_data.get(name_of(line, name))

    def _changed(self, line):
        names = (*FIGURES, "settle")
        return {name for name in names if name_of(line, name) in self.changed_data}

    def _actual(self, line):
        """The scale goes before the grams shown, unless it is the grams that were touched."""
        grams, purge, before, after = (self._value(line, name) for name in FIGURES)
        settle = bool(self._value(line, "settle"))
        changed, figures = self._changed(line), {}
        if changed & {"grams", "purge"} or (changed & {"after"} and after is None):
            figures = {"actual_grams": grams, "actual_purge_grams": purge}
        elif changed & {"before", "after"} and after is not None:
            figures = {"gross_before_grams": before, "gross_after_grams": after}
        if not settle and all(figure is None for figure in figures.values()):
            return None
        return MaterialActual(line=line.pk, settle=settle, **figures)


class CountsForm(LinesForm):
    """Besides, for each item of the run: good, scrapped, and why."""

    def __init__(self, *args, items=(), reasons=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.items, self.reasons = list(items), {str(each.pk): each for each in reasons}
        for item in self.items:
            self._add_item(item)

    def item_groups(self):
        names = ("good", "scrapped", "reason")
        return [
            Group(item, {name: self[name_of(item, name)] for name in names}) for item in self.items
        ]

    def counts(self, *, only_changed=False):
        """An ItemCount for each item; parts that were scrapped are not good unless said so."""
        return [self._count(item) for item in self.items if not only_changed or self._touched(item)]

    def field_errors(self, refusal):
        yield from super().field_errors(refusal)
        if pk := refusal.numbers.get("item_id"):
            yield f"item-{pk}-good", _("Count again: see above.")
        for pk in refusal.numbers.get("item_ids", ()):
            yield f"item-{pk}-good", _("How many?")

    def _add_item(self, item):
        good = item.quantity if item.good_count is None else item.good_count
        fields = {
            "good": CountField(label=_("Good"), initial=good),
            "scrapped": CountField(label=_("Scrapped"), initial=item.scrapped_count or 0),
            "reason": forms.ChoiceField(
                label=_("Why scrapped"),
                choices=[(pk, reason.label) for pk, reason in self.reasons.items()],
                initial=str(item.scrap_reason_id or ""),
                required=False,
                widget=forms.RadioSelect,
            ),
        }
        for name, each in fields.items():
            self.fields[name_of(item, name)] = each

    def _touched(self, item):
        return any(
            name_of(item, name) in self.changed_data for name in ("good", "scrapped", "reason")
        )

    def _count(self, item):
        good, scrapped = self._value(item, "good"), self._value(item, "scrapped")
        if item.good_count is None and name_of(item, "good") not in self.changed_data:
            good = max(item.quantity - scrapped, 0)
        reason = self.reasons.get(self._value(item, "reason")) if scrapped else None
        return ItemCount(
            item=item.pk, good_count=good, scrapped_count=scrapped, scrap_reason=reason
        )


def name_of(row, name):
    """The name of a field of a line or an item: ``line-7-grams``, ``item-3-good``."""
    kind = "item" if hasattr(row, "good_count") else "line"
    return f"{kind}-{row.pk}-{name}"
