"""What starting, swapping and ending a run asks for."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from production.forms.floor.fields import AmountField, CountField, SpoolField
from production.forms.floor.lines import CountsForm, Group, LinesForm, name_of
from production.services import overrides
from production.services.completion.actuals import ItemCount, MaterialActual
from tenants.web.forms import VerbForm

CONFIRM = gettext_lazy("The figures are right, unlikely as they look")
PAST = {"insufficient_inventory", "incompatible_spool", "limit_exceeded"}


class OverrideForm(VerbForm):
    """A manager may go past some refusals, with a reason on record."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.by is not None and self.by.has_perm(overrides.OVERRIDE):
            self.fields["override_reason"] = forms.CharField(
                label=_("Go ahead all the same, because"), required=False, max_length=1000
            )
            self.after_refusal = self.after_refusal | {"override_reason": PAST}


class StartForm(OverrideForm):
    """A spool for each line: the run's own, or the one found in the printer."""

    printer_cleared = forms.BooleanField(label=gettext_lazy("The bed is clear"), required=False)

    def __init__(self, *args, lines=(), found=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.lines, self.found = list(lines), found or {}
        if self.subject.printer is None or not self.subject.printer.needs_clearing:
            del self.fields["printer_cleared"]
        for line in self.lines:
            self.fields[f"line-{line.pk}"] = SpoolField(
                label=_("Spool to load"), initial=self._code(line), required=False
            )

    def groups(self):
        return [
            Group(line, {"spool": self[f"line-{line.pk}"], "found": self._spool(line)})
            for line in self.lines
        ]

    def service_kwargs(self):
        said = {name: value for name, value in super().service_kwargs().items() if "-" not in name}
        spools = {
            line.pk: spool
            for line in self.lines
            if (spool := self.cleaned_data[f"line-{line.pk}"]) and spool.pk != line.spool_id
        }
        return said | {"spools": spools}

    def field_errors(self, refusal):
        numbers = refusal.numbers
        if refusal.code == "printer_needs_clearing":
            yield "printer_cleared", _("Clear the bed, and say so here.")
        for pk in numbers.get("material_ids", ()):
            yield f"line-{pk}", _("Which spool? Scan or type its code.")
        wrong = [short["spool_id"] for short in numbers.get("shortages", ())]
        wrong += [numbers.get("spool_id"), *numbers.get("spool_ids", ())]
        for line in self.lines:
            spool = self.cleaned_data.get(f"line-{line.pk}")
            if spool is not None and spool.pk in wrong:
                yield f"line-{line.pk}", _("Not this spool: see above.")

    def _spool(self, line):
        return line.spool or self.found.get(line.pk)

    def _code(self, line):
        spool = self._spool(line)
        return spool.code if spool else ""


class CompleteForm(CountsForm):
    """What the run took, made, and how long it printed; what nobody touched is as planned."""

    after_refusal = {"confirm": {"actual_implausible"}}

    actual_minutes = AmountField(label=gettext_lazy("Minutes it printed"))
    confirm = forms.BooleanField(label=CONFIRM, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        run = self.subject
        said = run.planned_minutes if run.actual_minutes is None else run.actual_minutes
        self.fields["actual_minutes"].initial = said

    def service_kwargs(self):
        return {
            "as_planned": True,
            "materials": self.materials(),
            "items": self.counts(),
            "actual_minutes": self._minutes(),
            "confirm": self.cleaned_data["confirm"],
        }

    def draft(self):
        """What is kept for later: only what was touched."""
        return {
            "materials": self.materials(),
            "items": self.counts(only_changed=True),
            "actual_minutes": self._minutes(),
        }

    def _minutes(self):
        name = "actual_minutes"
        return self.cleaned_data[name] if name in self.changed_data else None


class DraftForm(CompleteForm):
    """The same figures, so far, for whoever comes next; and how far it is."""

    progress_percent = AmountField(label=gettext_lazy("How far is it?"), max_value=100)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["progress_percent"].initial = self.subject.progress_percent

    def percent(self):
        """How far it is, if somebody said so."""
        name = "progress_percent"
        return self.cleaned_data[name] if name in self.changed_data else None


class PlateForm(VerbForm):
    """How many parts of each item were on the plate that failed, and why."""

    reason = forms.ChoiceField(
        label=gettext_lazy("What happened?"), required=False, widget=forms.RadioSelect
    )

    def __init__(self, *args, items=(), reasons=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.items, self.reasons = list(items), {str(each.pk): each for each in reasons}
        self.fields["reason"].choices = [(pk, each.label) for pk, each in self.reasons.items()]
        for item in self.items:
            label = _("%(product)s on it") % {"product": item.product.name}
            field = CountField(label=label, initial=self._on_a_plate(item), required=False)
            self.fields[name_of(item, "scrapped")] = field

    def counts(self):
        return [self[name_of(item, "scrapped")] for item in self.items]

    def service_kwargs(self):
        counts = {item.pk: self.cleaned_data[name_of(item, "scrapped")] for item in self.items}
        return {"scrapped": counts, "reason": self.reasons.get(self.cleaned_data["reason"])}

    def field_errors(self, refusal):
        pk = refusal.numbers.get("item_id") or (self.items and self.items[0].pk)
        yield f"item-{pk}-scrapped", _("Count again.")

    def _on_a_plate(self, item):
        share = -(-item.quantity // self.subject.plate_count)
        left = item.quantity - (item.scrapped_count or 0)
        return max(min(item.product.units_per_plate or share, left), 0)


class FailForm(LinesForm):
    """Why nothing came out, how far it was, and what was weighed."""

    shows_plan = False
    after_refusal = {"confirm": {"actual_implausible"}}

    reason = forms.ChoiceField(label=gettext_lazy("What happened?"), widget=forms.RadioSelect)
    progress_percent = AmountField(label=gettext_lazy("How far was it?"), max_value=100)
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=1000)
    confirm = forms.BooleanField(label=CONFIRM, required=False)

    def __init__(self, *args, items=(), reasons=(), progress=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.items = list(items)
        drafts = [(line.actual_grams, line.gross_after_grams) for line in self.lines]
        self.has_drafts = any(pair != (None, None) for pair in drafts)  # they go before progress
        self.reasons = {str(each.pk): each for each in reasons}
        self.fields["reason"].choices = [(pk, each.label) for pk, each in self.reasons.items()]
        self.fields["progress_percent"].initial = progress

    def service_kwargs(self):
        reason = self.reasons[self.cleaned_data["reason"]]
        return super().service_kwargs() | {"reason": reason, "items": self._none_good()}

    def _none_good(self):
        """The page says that nothing usable came out: good parts noted earlier are not."""
        noted = [item for item in self.items if item.good_count]
        return [
            ItemCount(item=item.pk, good_count=0, scrapped_count=item.scrapped_count or 0)
            for item in noted
        ]


class CancelForm(LinesForm):
    """Why it is given up; what it used already is waste."""

    shows_plan = False

    reason = forms.CharField(label=gettext_lazy("Why?"), required=False, max_length=1000)


class SwapForm(OverrideForm):
    """From which spool it goes on, and what the old one gave."""

    spool = SpoolField(label=gettext_lazy("New spool"))
    gave = forms.ChoiceField(
        label=gettext_lazy("The old spool"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Is it empty, or what did it give?")},
        choices=[
            ("empty", gettext_lazy("is empty")),
            ("weighed", gettext_lazy("is on the scale")),
            ("grams", gettext_lazy("gave so many grams")),
        ],
    )
    figure = AmountField(label=gettext_lazy("Grams, if it is not empty"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        line = self.subject
        if line.spool.remaining_grams <= line.planned_total_grams:
            self.fields["gave"].initial = "empty"  # by the book it runs out; else nobody knows

    def clean(self):
        said = super().clean()
        is_missing = said.get("figure") is None and "figure" not in self.errors
        if said.get("gave") in ("weighed", "grams") and is_missing:
            self.add_error("figure", _("How many grams?"))
        return said

    def service_kwargs(self):
        said = self.cleaned_data
        words = {"line": self.subject.pk, "spool": said["spool"]}
        words["override_reason"] = said.get("override_reason", "")
        if said["gave"] == "empty":
            return words | {"is_empty": True}
        name = "gross_after_grams" if said["gave"] == "weighed" else "actual_grams"
        return words | {"so_far": MaterialActual(line=self.subject.pk, **{name: said["figure"]})}

    def field_errors(self, refusal):
        yield from super().field_errors(refusal)
        if refusal.code in PAST | {"duplicate_spool", "spool_archived", "spool_printing"}:
            yield "spool", _("Not this spool: see above.")
        if refusal.code in {"after_above_before", "tare_unknown"}:
            yield "figure", _("Look at this weight again.")


class NoteForm(VerbForm):
    """A verb that asks for nothing; ``event`` is what an undo takes back."""

    event = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def service_kwargs(self):
        return {}
