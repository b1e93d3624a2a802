"""Forms of stocktakes: where one begins, what is recorded of a spool, and why it is posted."""

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.forms.spools import SURE, WITH_REEL
from inventory.models import Location, Stocktake, StocktakeLine
from production.models import Printer
from production.services.stocktaking.posting import REASON_LENGTH
from production.services.stocktaking.recording import BY_WORD, TEXT_LENGTH
from tenants.web.forms import NumberField, VerbForm

Missing = Stocktake.Missing
PLACE_LENGTH = StocktakeLine._meta.get_field("place").max_length
FARM, NO_PLACE = "farm", "no_place"


class BeginForm(VerbForm):
    """Where to count: ``location-3``, ``printer-7``, no place, or the whole farm."""

    after_refusal = {"confirm": {"in_another_stocktake"}}

    place = forms.ChoiceField(label=_("Where"))
    confirm = forms.BooleanField(label=_("Count them in both"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.rows = {f"location-{row.pk}": row for row in Location.objects.all()}
        printers = Printer.objects.filter(slots__isnull=False).distinct()
        self.rows |= {f"printer-{row.pk}": row for row in printers.order_by("name", "pk")}
        self.fields["place"].choices = [
            ("", "–"),
            *((name, str(row)) for name, row in self.rows.items()),
            (NO_PLACE, _("Spools without a place")),
            (FARM, _("The whole farm, by place")),
        ]

    def service_kwargs(self):
        values = super().service_kwargs()
        place = values.pop("place")
        if place in self.rows:
            values[place.partition("-")[0]] = self.rows[place]
        elif place == NO_PLACE:
            values["no_place"] = True
        return values


class RecordForm(VerbForm):
    """What was found of a spool: a weight, net grams, or the word on a button."""

    after_refusal = {"confirm": {"weighing_implausible"}}

    gross_grams = NumberField(label=_("The scale shows"), unit="g", help_text=WITH_REEL)
    net_grams = NumberField(label=_("or: filament alone"), unit="g")
    result = forms.ChoiceField(choices=[(word, word) for word in BY_WORD], required=False)
    moves = forms.BooleanField(required=False)
    confirm = forms.BooleanField(label=SURE, required=False)

    def __init__(self, *args, here=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["gross_grams"].widget.attrs["autofocus"] = True
        if here is None:
            del self.fields["moves"]
        else:
            self.fields["moves"].label = _("Move it to %(place)s") % {"place": here}


class UnknownForm(VerbForm):
    text = forms.CharField(max_length=TEXT_LENGTH)


class RestForm(VerbForm):
    """Of which place; of all of them, where it is left out."""

    place = forms.CharField(max_length=PLACE_LENGTH, required=False)
    is_of_place = forms.BooleanField(required=False)

    def service_kwargs(self):
        values = self.cleaned_data
        return {"place": values["place"]} if values["is_of_place"] else {}


class PostForm(VerbForm):
    """Why it is posted; ``seen_version`` is of the review that its page had."""

    reason = forms.CharField(
        label=_("Reason"), max_length=REASON_LENGTH, help_text=_("Of all counts that it posts.")
    )
    missing = forms.ChoiceField(label=_("Spools that were not found"), choices=Missing.choices)
    confirm = forms.BooleanField(label=_("Post also what should be counted again"), required=False)
    seen_version = forms.CharField(required=False, widget=forms.HiddenInput)

    def is_visible(self, name):
        return name != "seen_version" and super().is_visible(name)
