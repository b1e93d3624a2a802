"""The verbs of a run in the admin: those whose row has a label."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from production.forms import completing, starting, swapping
from production.services.transitions import ROWS
from tenants.site.verbs import VerbAction

MISSING = frozenset({"actuals_missing"})
UNDOING = {row.undone_by for row in ROWS} | {"correct", "reassign"}


def _page_of_result(run, result):
    return reverse("admin:production_productionrun_change", args=[result.pk])


FORMS = {  # what a verb has besides its row of the transitions
    "refresh_plan": {"form": starting.RefreshPlanForm},
    "start": {
        "form": starting.StartForm,
        "bulk_label": _("Start the selected runs"),
        "bulk_form": starting.StartManyForm,
        "tone": "go",
    },
    "complete": {
        "form": completing.CompleteForm,
        "bulk_label": _("Complete the selected runs as planned"),
        "bulk_form": completing.AsPlannedForm,
        "confirm": MISSING,
        "tone": "go",
    },
    "fail": {"form": completing.FailForm, "confirm": MISSING, "tone": "stop"},
    "swap_spool": {"form": swapping.SwapForm, "confirm": MISSING},
    "take_over_reports": {"form": swapping.TakeOverForm},
    "change_printer": {"form": starting.ChangePrinterForm},
    "correct": {"form": completing.CorrectForm},
    "reassign": {"form": swapping.ReassignForm},
    "revert": {
        "form": completing.RevertForm,
        "bulk_label": _("Revert the selected runs"),
        "bulk_form": completing.RevertForm,
    },
    "reprint": {
        "form": starting.ReprintForm,
        "bulk_label": _("Reprint what was not good"),
        "redirect_to": _page_of_result,
    },
    "copy": {
        "form": starting.CopyForm,
        "bulk_label": _("Copy the selected runs"),
        "redirect_to": _page_of_result,
    },
    "cancel": {
        "form": completing.CancelForm,
        "bulk_label": _("Cancel the selected runs"),
        "bulk_form": completing.WhyForm,
        "tone": "stop",
    },
    "delete": {
        "bulk_label": _("Delete the selected runs"),
        "redirect_to": lambda run, result: reverse("admin:production_productionrun_changelist"),
        "tone": "stop",
    },
}
VERBS = tuple(
    VerbAction(
        name=row.name,
        label=row.label,
        service=row.call,
        permission=row.codename,
        is_possible=row.is_offered,
        description=row.summary,
        success_message=row.success,
        **FORMS.get(row.name, {}),
    )
    for row in ROWS
    if row.label
)
