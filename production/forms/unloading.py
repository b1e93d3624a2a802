"""Where a spool goes that comes out of a printer, and what it weighs."""

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.forms.spools import SURE, WITH_REEL
from inventory.models import Location
from production.forms.fields import SpoolInput
from tenants.web.forms import NumberField, VerbForm
from tenants.web.touch_fields import PLAIN

MOST_PLACES = 8  # to be touched


class PlaceField(forms.CharField):
    """The name of a Location: touched, typed or scanned; what is typed counts before it."""

    def __init__(self, **kwargs):
        widget = SpoolInput(attrs=PLAIN)
        super().__init__(**{"max_length": 100, "required": False, "widget": widget, **kwargs})

    def clean(self, value):
        name = super().clean(value)
        if not name:
            return None
        place = Location.objects.filter(name__iexact=name).first()
        if place is None:
            text = _("No place is called “%(name)s”. A manager adds places in the admin.")
            raise forms.ValidationError(text, code="unknown", params={"name": name})
        return place


class UnloadForm(VerbForm):
    """The slot is the ``subject``; all that is left empty stays as the book has it."""

    after_refusal = {"confirm": {"weighing_implausible"}}
    admin_exclude = ("spool",)

    spool = forms.IntegerField(required=False, widget=forms.HiddenInput)
    location = forms.ModelChoiceField(
        Location.objects.all(), label=_("Where it goes"), required=False,
        empty_label=_("Stays as it is noted"),
    )  # fmt: skip
    gross_grams = NumberField(label=_("The scale shows"), unit="g", help_text=WITH_REEL)
    remaining_grams = NumberField(label=_("or: left, without the reel"), unit="g")
    confirm = forms.BooleanField(label=SURE, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.places = []
        if self.touch:
            self.fields["location"] = PlaceField(label=_("Another place: type its name"))

    def offer(self, spool):
        """Let likely places of the spool be touched."""
        self.places = list(Location.objects.likely_for(spool)[:MOST_PLACES])
        self.fields["location"].widget.choices = {each.name for each in self.places}

    def touched(self):
        """``(Location, whether it is chosen)`` of those that are offered."""
        chosen = self["location"].value()
        return [(each, each.name == chosen) for each in self.places]

    def field_errors(self, refusal):
        yield from super().field_errors(refusal)
        if refusal.code in {"tare_unknown", "weighing_implausible"}:
            is_net = self.cleaned_data.get("gross_grams") is None
            yield "remaining_grams" if is_net else "gross_grams", _("Check this weight.")
