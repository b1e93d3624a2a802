"""Forms for the verbs of a spool; grams are net unless they are called gross."""

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models import Filament, Location, Spool, SpoolTag
from inventory.services import scanning
from inventory.services.receiving import MAX_AT_ONCE
from tenants.web.forms import DayInput, NumberField, SuggestedField, VerbForm

WITH_REEL = _("Filament and reel together.")
SURE = _("The weight is right, unlikely as it looks")


class SpoolForm(forms.ModelForm):
    """The description of a spool, with the version that is changed."""

    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Spool
        fields = ["price", "tare_grams", *Spool.DETAILS, "received_on", "comment"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["seen_version"] = self.instance.version

    def changed_values(self):
        names = set(self.changed_data) & set(SpoolForm.Meta.fields)
        return {name: self.cleaned_data[name] for name in names}


class WeighForm(VerbForm):
    """``is_printing``: a run in progress uses the spool; its weight may be counted at once."""

    after_refusal = {
        "confirm": {"weighing_implausible"},
        "as_count": {"spool_in_several_runs"},
        "basis": {"entries_since_weighing"},
    }
    admin_exclude, touch_exclude = ("basis",), ("note",)

    gross_grams = NumberField(
        label=_("The scale shows"), unit="g", required=True,
        help_text=WITH_REEL,
    )  # fmt: skip
    note = forms.CharField(label=_("Note"), required=False)
    as_count = forms.BooleanField(
        label=_("Count it now, though a run prints from it"), required=False
    )
    confirm = forms.BooleanField(label=SURE, required=False)
    basis = forms.ChoiceField(
        label=_("When was it weighed?"),
        required=False,
        widget=forms.RadioSelect,
        choices=[
            ("then", _("before those entries: they come off this weight")),
            ("now", _("after them: this is what is there now")),
        ],
    )

    def __init__(self, *args, is_printing=False, **kwargs):
        super().__init__(*args, **kwargs)
        if self.touch:
            self.fields["gross_grams"].widget.attrs["autofocus"] = True
        if is_printing:
            self.after_refusal = self.after_refusal | {"as_count": None}

    def field_errors(self, refusal):
        yield from super().field_errors(refusal)
        if self.touch and "gross_grams" not in refusal.errors:
            yield "gross_grams", _("Check this weight.")


class TakeForm(VerbForm):
    after_refusal = {"confirm": {"weighing_implausible"}}

    grams = NumberField(label=_("Taken"), unit="g")
    gross_after_grams = NumberField(
        label=_("or: the scale shows after it"), unit="g", help_text=WITH_REEL
    )
    reason = forms.CharField(label=_("What for"), required=False, max_length=40)
    note = forms.CharField(label=_("Note"), required=False)
    confirm = forms.BooleanField(label=SURE, required=False)

    def clean(self):
        values = super().clean()
        given = [values.get(name) is not None for name in ("grams", "gross_after_grams")]
        if not self.errors and sum(given) != 1:
            raise forms.ValidationError(
                _("Enter either what was taken, or what the scale shows after it.")
            )
        return values


class EmptyForm(VerbForm):
    after_refusal = {"confirm": {"not_empty_by_book"}}

    as_ = forms.ChoiceField(
        label=_("What the book still has"),
        choices=[("count", _("Used, run unknown (count to 0)")), ("waste", _("Waste"))],
    )
    note = forms.CharField(label=_("Note"), required=False)
    confirm = forms.BooleanField(label=_("Mark as empty anyway"), required=False)


class AdjustForm(VerbForm):
    grams = NumberField(
        label=_("Grams"), signed=True, required=True, help_text=_("Negative: taken away.")
    )
    reason = forms.CharField(label=_("Why"), max_length=40)
    note = forms.CharField(label=_("Note"), required=False)


class MoveForm(VerbForm):
    location = forms.ModelChoiceField(
        Location.objects.all(), label=_("Location"), required=False, empty_label=_("Not set")
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.subject is not None:
            self.fields["location"].initial = self.subject.location_id

    def service_kwargs(self):
        return {"location": self.cleaned_data["location"]}


class TagForm(VerbForm):
    after_refusal = {"moves": {"duplicate"}}

    uid = forms.CharField(
        label=_("UID"), max_length=200, help_text=_("As the reader shows it: 04:A2:1B:7C.")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=SpoolTag.Kind, initial=SpoolTag.Kind.NFC)
    moves = forms.BooleanField(label=_("Take it off the other spool"), required=False)


class UntagForm(VerbForm):
    uid = forms.ChoiceField(label=_("Tag"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        uids = self.subject.tags.values_list("uid", flat=True) if self.subject else ()
        self.fields["uid"].choices = [(uid, uid) for uid in uids]


class MergeForm(VerbForm):
    after_refusal = {"confirm": {"other_filament"}}

    double = forms.CharField(
        label=_("Its double"), max_length=300, help_text=_("The code under its label, or a scan.")
    )
    reason = forms.CharField(
        label=_("How you know"), max_length=200, help_text=_("Kept with the entries.")
    )
    confirm = forms.BooleanField(label=_("They are the same reel all the same"), required=False)

    def clean_double(self):
        spool = scanning.labelled(self.cleaned_data["double"])
        if spool is None:
            raise forms.ValidationError(_("No spool of this farm has this label."))
        return spool


class ArchiveForm(VerbForm):
    discard = forms.TypedChoiceField(
        label=_("Filament that is left"),
        choices=[("", "–"), ("yes", _("Discard it: waste")), ("no", _("Keep it in the book"))],
        coerce=lambda text: text,
        required=False,
    )
    note = forms.CharField(label=_("Note"), required=False)

    def service_kwargs(self):
        values = super().service_kwargs()
        if discard := values.pop("discard", None):
            values["discard"] = discard == "yes"
        return values


class ReverseForm(VerbForm):
    after_refusal = {"confirm": {"counted_since"}}

    reason = forms.CharField(label=_("Why"), max_length=40)
    note = forms.CharField(label=_("Note"), required=False)
    confirm = forms.BooleanField(
        label=_("Undo anyway; the spool then needs weighing"), required=False
    )


class ReceiveForm(VerbForm):
    filament = SuggestedField(
        Filament.objects.active().with_makers(),
        of="inventory.spool.filament",
        label=_("Filament"),
        help_text=_("Its name, its maker or its colour; the number under its barcode."),
    )
    count = forms.IntegerField(
        min_value=1, max_value=MAX_AT_ONCE, initial=1, label=_("How many spools")
    )
    initial_grams = NumberField(
        label=_("Filament on each"), unit="g",
        help_text=_("Left empty: the filament’s nominal net grams."),
    )  # fmt: skip
    gross_grams = NumberField(
        label=_("Used before: the scale shows"), unit="g",
        help_text=_("Of each, filament and reel together; or what is left of it."),
    )  # fmt: skip
    remaining_grams = NumberField(label=_("Used before: left on each"), unit="g")
    price = NumberField(label=_("Price of each"))
    total_price = NumberField(label=_("Total price"))
    lot_number = forms.CharField(label=_("Lot"), required=False, max_length=100)
    supplier = forms.CharField(label=_("Supplier"), required=False, max_length=100)
    received_on = forms.DateField(
        label=_("Received on"), required=False, widget=DayInput, help_text=_("Left empty: today.")
    )
    location = forms.ModelChoiceField(
        Location.objects.all(), label=_("Location"), required=False, empty_label=_("Not set")
    )
