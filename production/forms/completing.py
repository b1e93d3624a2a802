"""Forms for completing, failing, cancelling, correcting and reverting a run."""

from django import forms
from django.utils.translation import gettext_lazy as _

from production.forms.actuals import EMPTIED, ActualsForm, add_hint, item_field, items_of
from production.forms.fields import ReasonField, usual_reasons
from production.models import ActualSource, Reason
from production.services.completion.actuals import ItemCount, MaterialActual
from tenants.operations.text import format_number
from tenants.web.forms import LocalMomentField, NumberField, VerbForm
from tenants.web.touch_fields import CountField

CONFIRM = _("The figures are correct, although they are implausible")
IMPLAUSIBLE = {"confirm": {"actual_implausible"}}
SHARE = _("Books this share of the plan for grams and minutes that are left empty.")


class CompleteForm(ActualsForm):
    """What the run used and made, and how long it printed."""

    has_items = prefills_plan = True
    after_refusal = IMPLAUSIBLE
    touch_exclude = ("finished_at",)

    actual_minutes = NumberField(label=_("Minutes it printed"))
    finished_at = LocalMomentField(label=_("Finished at"), help_text=_("Left empty: now."))
    confirm = forms.BooleanField(label=CONFIRM, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        run, minutes = self.subject, self.subject.actual_minutes
        is_plan = minutes is None and self.prefills_plan
        field = self.fields["actual_minutes"]
        field.initial = run.planned_minutes if is_plan else minutes
        if field.initial is not None:
            add_hint(field, ActualSource.AS_PLANNED if is_plan else run.actual_minutes_source)
        elif is_plan:
            field.help_text = _("Left empty: unknown.")

    def clean(self):
        """What is emptied is asked about, grams and minutes alike: it is neither the plan nor what
        was there."""
        values = super().clean()
        for name in EMPTIED.keys() & set(self.changed_data) - self.errors.keys():
            if values[name] is None:
                self.add_missing(name, name)
        return values

    def service_kwargs(self):
        values = super().service_kwargs()
        if self.prefills_plan:
            values["as_planned"] = True
        if "actual_minutes" not in self.changed_data:
            values.pop("actual_minutes", None)
        return values

    def draft(self):
        """What was changed, for `midprint.save_actuals`."""
        return {
            "materials": self.materials(),
            "items": self.counts(only_changed=True),
            "actual_minutes": self.service_kwargs().get("actual_minutes"),
        }


class DraftForm(CompleteForm):
    """The same while the run still prints, and how far it is."""

    progress_percent = NumberField(label=_("How far is it?"), max_value=100, unit="%")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["progress_percent"].initial = self.subject.progress_percent

    def draft(self):
        name = "progress_percent"
        percent = self.cleaned_data[name] if name in self.changed_data else None
        return {name: percent, **super().draft()}


class CorrectForm(CompleteForm):
    """The same of a completed run, as it is booked."""

    prefills_plan = False
    finished_at = LocalMomentField(label=_("Finished at"), help_text=_("Left empty: unchanged."))
    reason = forms.CharField(label=_("Why"), required=False)


class PlateForm(VerbForm):
    """How many parts of each item were on the plate that failed, and why."""

    reason = ReasonField(label=_("What happened?"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.items = list(items_of(self.subject))
        self.fields["reason"].offer(usual_reasons(Reason.Kind.SCRAP), touch=self.touch)
        for item in self.items:
            label = _("%(product)s on it") % {"product": item.product.name}
            field = CountField(label=label, initial=self._on_a_plate(item), required=False)
            self.fields[item_field(item.pk, "scrapped_count")] = field

    def counts(self):
        return [self[item_field(item.pk, "scrapped_count")] for item in self.items]

    def service_kwargs(self):
        counts = {
            item.pk: self.cleaned_data[item_field(item.pk, "scrapped_count")] for item in self.items
        }
        return {"scrapped": counts, "reason": self.cleaned_data["reason"]}

    def field_errors(self, refusal):
        pk = refusal.numbers.get("item_id") or (self.items and self.items[0].pk)
        yield item_field(pk, "scrapped_count"), _("Count again.")

    def _on_a_plate(self, item):
        share = -(-item.quantity // self.subject.plate_count)
        left = item.quantity - (item.scrapped_count or 0)
        return max(min(item.product.units_per_plate or share, left), 0)


class FailForm(ActualsForm):
    """Why nothing usable came out, how far the run was, and what it used."""

    after_refusal = IMPLAUSIBLE

    reason = ReasonField(label=_("What happened?"))
    progress_percent = NumberField(label=_("How far was it?"), max_value=100, unit="%")
    actual_minutes = NumberField(label=_("Minutes it printed"))
    note = forms.CharField(label=_("Note"), required=False, max_length=1000)
    confirm = forms.BooleanField(label=CONFIRM, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        drafts = [(line.actual_grams, line.gross_after_grams) for line in self.lines]
        self.has_drafts = any(pair != (None, None) for pair in drafts)  # progress is not for them
        self.counted = [item for item in items_of(self.subject) if item.good_count]
        self.fields["reason"].offer(usual_reasons(Reason.Kind.FAILURE), touch=self.touch)
        percent = self.fields["progress_percent"]
        percent.initial = self.subject.progress_percent
        percent.show_hidden_initial = True  # distinguishes typed from initial values
        percent.help_text = SHARE
        if (minutes := self.subject.actual_minutes) is not None:
            text = _("Left empty: %(minutes)s min, as saved.")
            self.fields["actual_minutes"].help_text = text % {"minutes": format_number(minutes)}

    def service_kwargs(self):
        """An unchanged percent is left out if all grams are known."""
        values, known = super().service_kwargs(), [self._is_known(line) for line in self.lines]
        if all(known) and "progress_percent" not in self.changed_data:
            values.pop("progress_percent", None)
        return values

    def _is_known(self, line):
        figures = self._values(line)
        return figures["actual_grams"] is not None or figures["gross_after_grams"] is not None

    def counts(self):
        """On the floor, good parts of a draft become 0; the admin has a field for them."""
        counted = self.counted if self.touch else []
        return [
            ItemCount(item=item.pk, good_count=0, scrapped_count=item.scrapped_count or 0)
            for item in counted
        ]


class CancelForm(ActualsForm):
    """Why the run is given up; what it used already is waste."""

    reason = forms.CharField(label=_("Why?"), required=False, max_length=1000)

    def materials(self):
        """With those of which a saved figure is shown: it is what they took. Of one that was
        emptied nothing is said."""
        given = {each.line: each for each in super().materials()}
        for line in self.lines:
            is_saved = line.actual_grams is not None or line.gross_after_grams is not None
            if line.pk in given and given[line.pk].is_unknown and not line.metered_grams:
                del given[line.pk]
            elif is_saved and line.spool_id:
                given.setdefault(line.pk, MaterialActual(line=line.pk))
        return list(given.values())


class WhyForm(VerbForm):
    reason = forms.CharField(label=_("Why"), required=False)


class RevertForm(WhyForm):
    """The reason to revert; a manager may confirm across a count."""

    after_refusal = {"confirm": {"counted_since"}}

    confirm = forms.BooleanField(
        label=_("Revert anyway; the spools then need weighing"), required=False
    )
    is_printing = forms.BooleanField(
        label=_("It still prints"),
        required=False,
        help_text=_("It has not finished, and its printer is busy."),
    )


class AsPlannedForm(VerbForm):
    """Completes several runs; other figures are entered run by run."""

    def service_kwargs(self):
        return {**super().service_kwargs(), "as_planned": True}
