"""The form that adds several printers of a kind."""

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models import Location
from production.services.printing import adding
from production.services.printing.printer_models import printer_models
from tenants.operations.refusals import Invalid
from tenants.web.forms import NumberField, VerbForm

OF_MODEL = ("bed_x_mm", "bed_y_mm", "bed_z_mm")


def _choices():
    by_maker = {}
    for key, model in printer_models().items():
        by_maker.setdefault(model.manufacturer, []).append((key, model.model))
    return [("", _("Another model: enter its bed")), *by_maker.items()]


class AddSeveralForm(VerbForm):
    """A model, or what is entered in its place, and the names. What is left empty is the model's;
    with a ``subject``, another printer, all is as that one has it."""

    preset = forms.ChoiceField(label=_("Model"), required=False, choices=_choices)
    names = forms.CharField(
        label=_("Names"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=10_000,
        help_text=_("A line each, or a series: P01 to P20."),
    )
    slots = forms.CharField(
        label=_("Slots"),
        required=False,
        max_length=400,
        help_text=_("For one spool each, like A1, A2, A3, A4. Empty: as the model has them."),
    )
    bed_x_mm = NumberField(label=_("Bed, width"), unit="mm", min_value=0)
    bed_y_mm = NumberField(label=_("Bed, depth"), unit="mm", min_value=0)
    bed_z_mm = NumberField(label=_("Bed, height"), unit="mm", min_value=0)
    nozzle_diameter_mm = NumberField(label=_("Nozzle"), unit="mm", min_value=0)
    has_hardened_nozzle = forms.BooleanField(label=_("Hardened nozzle"), required=False)
    power_watts = forms.IntegerField(
        label=_("Power, W"), required=False, min_value=0, max_value=100_000,
        help_text=_("While it prints. Empty: an estimate, where the model is known."),
    )  # fmt: skip
    hour_rate = NumberField(
        label=_("Rate an hour"), min_value=0, help_text=_("Empty: the farm's machine rate.")
    )
    location = forms.ModelChoiceField(Location.objects.all(), label=_("Location"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.subject is not None:
            fields, slots = adding.like(self.subject)
            self.initial |= fields | {"slots": ", ".join(slots)}

    def clean_names(self):
        try:
            return adding.names_of(self.cleaned_data["names"])
        except Invalid as refusal:
            raise forms.ValidationError(refusal.detail) from refusal

    def clean(self):
        values = super().clean()
        if not self.errors and not values["preset"] and self.subject is None:
            for name in OF_MODEL:
                if not values[name]:
                    self.add_error(name, _("Needed, unless a model is chosen."))
        return values

    def service_kwargs(self):
        """The arguments of `adding.add_many`."""
        entered = super().service_kwargs()
        model = printer_models().get(entered.pop("preset", ""))
        given, slots = {}, ()
        if model is not None:
            given, slots = model.fields(), model.slots
        if self.subject is not None:
            own, _labels = adding.like(self.subject)
            given = {name: own[name] for name in ("manufacturer", "model")} | given
        text = entered.pop("slots", "")
        slots = [part.strip() for part in text.split(",") if part.strip()] or slots
        return given | entered | {"slots": tuple(slots) or adding.ONE_SLOT}
