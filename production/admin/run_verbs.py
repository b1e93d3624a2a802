"""The verbs of a run as its pages offer them: those whose row has a label."""

from django.urls import reverse

from production.forms import closing, opening, swapping
from production.services.verbs import ROWS
from tenants.site.verbs import VerbAction

MISSING = frozenset({"actuals_missing"})
UNDOING = {row.undone_by for row in ROWS} | {"correct", "reassign"}


def _of_run(run, result):
    return reverse("admin:production_productionrun_change", args=[result.pk])


def _list(run, result):
    return reverse("admin:production_productionrun_changelist")


FORMS = {  # what a verb has besides the words of its row
    "start": {"form": opening.StartForm, "bulk_form": opening.StartTogether, "tone": "go"},
    "complete": {
        "form": closing.CompleteForm,
        "bulk_form": closing.CompleteTogether,
        "confirm": MISSING,
        "tone": "go",
    },
    "fail": {"form": closing.FailForm, "confirm": MISSING, "tone": "stop"},
    "swap_spool": {"form": swapping.SwapForm, "confirm": MISSING},
    "correct": {"form": closing.CorrectForm},
    "reassign": {"form": swapping.ReassignForm},
    "revert": {"form": closing.RevertForm, "bulk_form": closing.RevertTogether},
    "reprint": {
        "form": opening.ReprintForm,
        "bulk_form": opening.ReprintTogether,
        "redirect_to": _of_run,
    },
    "copy": {"form": opening.CopyForm, "bulk_form": opening.CopyTogether, "redirect_to": _of_run},
    "cancel": {"form": closing.CancelForm, "bulk_form": closing.CancelTogether, "tone": "stop"},
    "delete": {"bulk_form": opening.DeleteTogether, "redirect_to": _list, "tone": "stop"},
}


def _verb(row):
    return VerbAction(
        name=row.name,
        label=row.label,
        service=row.call,
        permission=row.codename,
        is_possible=row.is_possible,
        description=row.summary,
        success_message=row.success % {"run": "{}"},
        **FORMS.get(row.name, {}),
    )


VERBS = tuple(_verb(row) for row in ROWS if row.label)
