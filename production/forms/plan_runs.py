"""The form that plans runs of a product over printers."""

from django import forms
from django.utils.translation import gettext_lazy as _

from production.models import Printer, RunItem
from production.services.runs.planning import MAX_PLATES, MAX_UNITS
from tenants.web.forms import DayInput, LocalMomentField, VerbForm


class PlanRunsForm(VerbForm):
    """How many, on which printers; all other fields apply to each run."""

    quantity = forms.IntegerField(label=_("Quantity"), min_value=1, max_value=MAX_UNITS)
    printers = forms.ModelMultipleChoiceField(
        Printer.objects.active(),
        label=_("Printers"),
        help_text=_("Each run goes to the one that has the least to do."),
    )
    plates_per_run = forms.IntegerField(
        label=_("Plates a run"),
        required=False,
        min_value=1,
        max_value=MAX_PLATES,
        initial=1,
        help_text=_("Empty: all plates of a printer are one run."),
    )
    order_reference = forms.CharField(
        label=_("Order"),
        required=False,
        max_length=RunItem._meta.get_field("order_reference").max_length,
    )
    due_on = forms.DateField(label=_("Due"), required=False, widget=DayInput)
    planned_start_at = LocalMomentField(label=_("Not before"))

    def service_kwargs(self):
        values = super().service_kwargs()
        given = {"printers": list(values["printers"])}
        return values | given | {"plates_per_run": values.get("plates_per_run")}
