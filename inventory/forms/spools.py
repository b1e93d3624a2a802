"""What the verbs of a spool ask for; grams are net unless they are called gross."""

from django import forms

from inventory.models import Filament, Location
from inventory.services.receiving import MOST_AT_ONCE
from tenants.web.forms import NumberField, SuggestedField, VerbForm

SURE = "I looked again: this is right"


class WeighForm(VerbForm):
    """What the scale shows."""

    after_refusal = {
        "confirm": {"weighing_implausible"},
        "as_count": {"spool_in_several_runs"},
    }

    gross_grams = NumberField(
        label="The scale shows, grams", required=True, help_text="Filament and reel together."
    )
    note = forms.CharField(required=False)
    confirm = forms.BooleanField(label=SURE, required=False)
    as_count = forms.BooleanField(label="Count the spool, whatever prints from it", required=False)


class TakeForm(VerbForm):
    """What was taken: in grams, or by the scale."""

    after_refusal = {"confirm": {"weighing_implausible"}}

    grams = NumberField(label="Grams taken")
    gross_after_grams = NumberField(
        label="or: the scale shows after it, grams", help_text="Filament and reel together."
    )
    reason = forms.CharField(label="What for", required=False, max_length=40)
    note = forms.CharField(required=False)
    confirm = forms.BooleanField(label=SURE, required=False)

    def clean(self):
        said = super().clean()
        is_said = [said.get(name) is not None for name in ("grams", "gross_after_grams")]
        if not self.errors and sum(is_said) != 1:
            raise forms.ValidationError(
                "Say either what was taken, or what the scale shows after it."
            )
        return said


class EmptyForm(VerbForm):
    after_refusal = {"confirm": {"not_empty_by_book"}}

    as_ = forms.ChoiceField(
        label="What the book still has",
        choices=[("count", "was printed by nobody knows what: count to 0"), ("waste", "is waste")],
    )
    note = forms.CharField(required=False)
    confirm = forms.BooleanField(label="It is empty all the same", required=False)


class AdjustForm(VerbForm):
    grams = NumberField(
        label="Grams", signed=True, required=True, help_text="With a minus: taken away."
    )
    reason = forms.CharField(label="Why", max_length=40)
    note = forms.CharField(required=False)


class MoveForm(VerbForm):
    location = forms.ModelChoiceField(
        Location.objects.all(), required=False, empty_label="nobody knows"
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.subject is not None:
            self.fields["location"].initial = self.subject.location_id

    def service_kwargs(self):
        return {"location": self.cleaned_data["location"]}


class MoveTogether(MoveForm):
    label = "Move the chosen spools"


class ArchiveForm(VerbForm):
    """What becomes of what is left."""

    discard = forms.TypedChoiceField(
        label="Filament that is left",
        choices=[("", "–"), ("yes", "is thrown away: waste"), ("no", "stays in the book")],
        coerce=lambda text: text,
        required=False,
    )
    note = forms.CharField(required=False)

    def service_kwargs(self):
        said = super().service_kwargs()
        if discard := said.pop("discard", None):
            said["discard"] = discard == "yes"
        return said

    def field_errors(self, refusal):
        yield from super().field_errors(refusal)
        if refusal.code == "remainder_undecided":
            yield "discard", "Thrown away, or kept?"


class ArchiveTogether(ArchiveForm):
    label = "Archive the chosen spools"


class OpenTogether(VerbForm):
    label = "Open the chosen spools"


class DryTogether(VerbForm):
    label = "The chosen spools are dried"


class RestoreTogether(VerbForm):
    label = "Restore the chosen spools"


class ReverseForm(VerbForm):
    """Why an entry is taken back."""

    after_refusal = {"confirm": {"counted_since"}}

    reason = forms.CharField(label="Why", max_length=40)
    note = forms.CharField(required=False)
    confirm = forms.BooleanField(
        label="Undo it all the same; the spool then needs weighing", required=False
    )


class ReceiveForm(VerbForm):
    """A delivery: so many equal spools."""

    filament = SuggestedField(
        Filament.objects.active().with_makers(),
        of="inventory.spool.filament",
        help_text="Its name, its maker or its colour; the number under its barcode.",
    )
    count = forms.IntegerField(min_value=1, max_value=MOST_AT_ONCE, initial=1, label="How many")
    initial_grams = NumberField(
        label="Net grams on each", help_text="Left empty: the filament's nominal net grams."
    )
    price = NumberField(label="Price of each")
    total_price = NumberField(label="or: price of all together")
    lot_number = forms.CharField(required=False, max_length=100)
    supplier = forms.CharField(required=False, max_length=100)
    received_on = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Left empty: today.",
    )
    location = forms.ModelChoiceField(Location.objects.all(), required=False)
