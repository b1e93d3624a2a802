"""What ends a run asks for, and what takes it back."""

from django import forms

from production.forms.actuals import ActualsForm
from production.models import ProductionRun, Reason
from tenants.web.forms import MomentField, NumberField, VerbForm

UNLIKELY = "These figures are right, unlikely as they look"


class CompleteForm(ActualsForm):
    """What the run took and made."""

    needs_counts = True
    after_refusal = {"confirm": {"actual_implausible"}}

    as_planned = forms.BooleanField(
        label="As planned: book the plan for what is left empty", required=False
    )
    actual_minutes = NumberField(label="Minutes it took")
    finished_at = MomentField(help_text="Left empty: now.")
    confirm = forms.BooleanField(label=UNLIKELY, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        minutes = self.subject.actual_minutes
        if minutes is not None:
            self.fields["actual_minutes"].initial = f"{minutes.normalize():f}"


class CorrectForm(CompleteForm):
    """The same of a completed run, as it stands in the book."""

    as_planned = None
    finished_at = MomentField(help_text="Left empty: as it stands.")
    reason = forms.CharField(label="Why", required=False)


class FailForm(ActualsForm):
    """Why nothing came out, and what it took all the same."""

    after_refusal = {"confirm": {"actual_implausible"}}

    reason = forms.ModelChoiceField(
        Reason.objects.filter(kind=Reason.Kind.FAILURE, is_active=True), label="What happened"
    )
    progress_percent = NumberField(
        label="How far it came, percent", help_text="Books this share of the plan for what nobody "
        "weighed.", max_value=100,
    )  # fmt: skip
    actual_minutes = NumberField(label="Minutes it took")
    note = forms.CharField(required=False)
    confirm = forms.BooleanField(label=UNLIKELY, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["progress_percent"].initial = self.subject.progress_percent


class CancelForm(ActualsForm):
    """Why it is given up; what a started run has used already is waste."""

    reason = forms.CharField(label="Why", required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.subject.status == ProductionRun.Status.PLANNED:
            self.lines = []
            self.fields = {"reason": self.fields["reason"]}


class RevertForm(VerbForm):
    """Why it is taken back; a manager may confirm across a count."""

    after_refusal = {"confirm": {"counted_since"}}

    reason = forms.CharField(label="Why", required=False)
    confirm = forms.BooleanField(
        label="Revert all the same; the spools then need weighing", required=False
    )


class CancelTogether(VerbForm):
    label = "Cancel the chosen runs"
    reason = forms.CharField(label="Why", required=False)


class RevertTogether(CancelTogether):
    label = "Revert the chosen runs"


class CompleteTogether(VerbForm):
    """As planned: whoever knows better completes run by run."""

    label = "Complete the chosen runs as planned"

    def service_kwargs(self):
        return {**super().service_kwargs(), "as_planned": True}
