"""Forms for printing labels in the admin."""

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models import Spool
from inventory.paper import labels, sheets
from inventory.paper.labels import MAX_BLANK, MAX_COPIES, MAX_SPOOLS
from tenants.operations.refusals import Refusal
from tenants.web.forms import NumberField, VerbForm

OF_SIZE = _("Labels of another size …")


def _millimetres(label, least):
    """A field in mm, of a custom size."""
    return NumberField(
        label=label,
        unit="mm",
        min_value=least,
        max_value=sheets.LARGEST_SIDE,
        max_digits=6,
        decimal_places=2,
    )


class LabelForm(VerbForm):
    """Of the chosen spools; sent by GET, so that its address is the document's."""

    none_found = _("None of these spools is there.")

    ids = forms.CharField(widget=forms.HiddenInput, max_length=5000)
    sheet = forms.ChoiceField(
        label="Printed on",
        choices=[
            *((name, each.name) for name, each in sheets.SHEETS.items()),
            (sheets.CUSTOM, OF_SIZE),
        ],
    )
    width = _millimetres("Width", sheets.SMALLEST_SIDE)
    height = _millimetres("Height", sheets.SMALLEST_SIDE)
    paper = forms.ChoiceField(
        label="On",
        required=False,
        choices=[("", "A roll or tape"), *((name, name) for name in sheets.PAPERS)],
    )
    columns = forms.IntegerField(required=False, min_value=1, max_value=sheets.MAX_COLUMNS)
    rows = forms.IntegerField(required=False, min_value=1, max_value=sheets.MAX_ROWS)
    gap_x = _millimetres("Between columns", 0)
    gap_y = _millimetres("Between rows", 0)
    contents = forms.MultipleChoiceField(
        label="What is printed",
        required=False,
        choices=list(labels.CONTENTS.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    start = forms.IntegerField(
        label="First unused label",
        min_value=1,
        max_value=sheets.MAX_COLUMNS * sheets.MAX_ROWS,
        help_text="Of the first sheet, counted row by row; 1 on a full sheet and on a roll.",
    )
    copies = forms.IntegerField(label="Copies of each", min_value=1, max_value=MAX_COPIES)

    @staticmethod
    def defaults(layout):
        """What is sent without a choice; ``layout`` is what was printed last."""
        usual = {"sheet": sheets.DEFAULT, "contents": list(labels.USUAL)}
        return usual | layout | {"start": 1, "copies": 1}

    def of_size(self):
        """The fields of a custom size."""
        return [self[name] for name in sheets.SIZE]

    def clean(self):
        values = super().clean()
        if self.errors:
            return values
        size = {name: values[name] for name in sheets.SIZE if values[name] not in (None, "")}
        try:
            is_custom = values["sheet"] == sheets.CUSTOM
            self.sheet = sheets.chosen(values["sheet"], **(size if is_custom else {}))
        except Refusal as refusal:
            self.add_refusal(refusal)
        return values

    def clean_ids(self):
        texts = self.cleaned_data["ids"].split(",")
        ids = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]
        if len(ids) > MAX_SPOOLS:
            message = _("%(count)s labels; at most %(most)s at once.")
            raise forms.ValidationError(message % {"count": len(ids), "most": MAX_SPOOLS})
        found = self.queryset().in_bulk(ids)
        if not found:
            raise forms.ValidationError(self.none_found)
        return [found[pk] for pk in dict.fromkeys(ids) if pk in found]

    def queryset(self):
        return Spool.objects.with_filament()

    def layout(self):
        """The arguments of the PDF."""
        values = {name: self.cleaned_data[name] for name in ("start", "copies")}
        return {**values, "sheet": self.sheet, "contents": self.chosen_contents()}

    def chosen_contents(self):
        return self.cleaned_data.get("contents") or labels.USUAL

    def remembered(self):
        """What is offered the next time."""
        names = ("sheet", *sheets.SIZE)
        texts = {name: self.data[name] for name in names if self.data.get(name)}
        return texts | {"contents": list(self.chosen_contents())}


class BlankLabelForm(LabelForm):
    """Of spools that are still to come."""

    ids = contents = None
    count = forms.IntegerField(label="How many", min_value=1, max_value=MAX_BLANK)
    copies = forms.IntegerField(
        label="Copies of each",
        min_value=1,
        max_value=MAX_COPIES,
        help_text="2: one for the reel, one for its box.",
    )
    field_order = ["count"]

    @staticmethod
    def defaults(layout):
        values = LabelForm.defaults(layout)
        on = sheets.SHEETS.get(values["sheet"])
        return values | {"count": on.labels if on and on.labels > 1 else 10}
