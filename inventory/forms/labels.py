"""Forms for printing labels in the admin."""

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models import Spool
from inventory.paper import sheets
from inventory.paper.labels import MAX_BLANK, MAX_COPIES, MAX_SPOOLS
from tenants.web.forms import VerbForm


class LabelForm(VerbForm):
    """Of the chosen spools; sent by GET, so that its address is the document's."""

    none_found = _("None of these spools is there.")

    ids = forms.CharField(widget=forms.HiddenInput, max_length=5000)
    sheet = forms.ChoiceField(
        label="Printed on", choices=[(name, each.name) for name, each in sheets.SHEETS.items()]
    )
    start = forms.IntegerField(
        label="First unused label",
        min_value=1,
        max_value=100,
        help_text="Of the first sheet, counted row by row; 1 on a full sheet and on a roll.",
    )
    copies = forms.IntegerField(label="Copies of each", min_value=1, max_value=MAX_COPIES)

    @staticmethod
    def defaults(sheet):
        return {"sheet": sheet, "start": 1, "copies": 1}

    def clean_ids(self):
        texts = self.cleaned_data["ids"].split(",")
        ids = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]
        if len(ids) > MAX_SPOOLS:
            message = _("%(count)s labels; at most %(most)s at once.")
            raise forms.ValidationError(message % {"count": len(ids), "most": MAX_SPOOLS})
        found = self.rows().in_bulk(ids)
        if not found:
            raise forms.ValidationError(self.none_found)
        return [found[pk] for pk in dict.fromkeys(ids) if pk in found]

    def rows(self):
        return Spool.objects.with_filament()

    def layout(self):
        return {name: self.cleaned_data[name] for name in ("sheet", "start", "copies")}


class BlankLabelForm(LabelForm):
    """Of spools that are still to come."""

    ids = None
    count = forms.IntegerField(label="How many", min_value=1, max_value=MAX_BLANK)
    copies = forms.IntegerField(
        label="Copies of each",
        min_value=1,
        max_value=MAX_COPIES,
        help_text="2: one for the reel, one for its box.",
    )
    field_order = ["count"]

    @staticmethod
    def defaults(sheet):
        on = sheets.SHEETS.get(sheet)
        return LabelForm.defaults(sheet) | {"count": on.labels if on and on.labels > 1 else 10}
