"""The verbs of a run as its pages offer them."""

from django.urls import reverse

from production.forms import closing, opening, swapping
from production.services import completion, transitions
from production.services.printing import slots
from production.services.runs import lifecycle, repeats
from tenants.site.verbs import VerbAction

PERMISSION = "production.{}_productionrun"
UNDOING = {"correct", "reassign", "unstart", "revert"}
MISSING = frozenset({"actuals_missing"})


def _verb(name, label, work, **details):
    return VerbAction(
        name=name,
        label=label,
        service=work,
        permission=PERMISSION.format(name),
        is_possible=lambda run: name in transitions.allowed(run.status),
        **details,
    )


def _of_run(run, result):
    return reverse("admin:production_productionrun_change", args=[result.pk])


def _list(run, result):
    return reverse("admin:production_productionrun_changelist")


VERBS = (
    _verb(
        "start", "Start", lifecycle.start, form=opening.StartForm, bulk_form=opening.StartTogether,
        description="The plan and the rates freeze, the printer is taken.",
        success_message="Run {} is in progress.", tone="go",
    ),
    _verb(
        "complete", "Complete", completion.complete, form=closing.CompleteForm,
        bulk_form=closing.CompleteTogether, confirm=MISSING, tone="go",
        description="What the run took is booked to the ledger, its claims are released.",
        success_message="Run {} is completed.",
    ),
    _verb(
        "fail", "Fail", completion.fail, form=closing.FailForm, confirm=MISSING, tone="stop",
        description="Nothing usable came out: what it took is booked as waste. Where some parts "
        "are good, complete it with the rest scrapped.",
        success_message="Run {} has failed.",
    ),
    _verb(
        "swap_spool", "Swap a spool", slots.swap, form=swapping.SwapForm, confirm=MISSING,
        description="The run goes on from another spool; what the old one gave is kept for its "
        "end. In the printer, it takes the old one's slot.",
        success_message="Run {} goes on from another spool.",
    ),
    _verb(
        "correct", "Correct", completion.correct, form=closing.CorrectForm,
        description="What was booked is replaced, for the lines that change.",
        success_message="Run {} was corrected.",
    ),
    _verb(
        "reassign", "Reassign a spool", completion.reassign, form=swapping.ReassignForm,
        description="What was booked on the wrong spool moves to the right one.",
        success_message="Run {} was booked on another spool.",
    ),
    _verb(
        "unstart", "Take the start back", lifecycle.unstart,
        description="The run is planned again, and its plan is free to change.",
        success_message="Run {} is planned again.",
    ),
    _verb(
        "revert", "Revert", completion.revert, form=closing.RevertForm,
        bulk_form=closing.RevertTogether,
        description="Each of its ledger entries is reversed, and the run goes back to the status "
        "before.",
        success_message="Run {} was reverted.",
    ),
    _verb(
        "reprint", "Reprint", repeats.reprint, form=opening.ReprintForm,
        bulk_form=opening.ReprintTogether, redirect_to=_of_run,
        description="What did not come out good is planned again as a new run.",
        success_message="What was not good of run {} is planned again: this is the new run.",
    ),
    _verb(
        "copy", "Copy", repeats.copy, form=opening.CopyForm, bulk_form=opening.CopyTogether,
        redirect_to=_of_run, description="The same is planned once more, as a new run.",
        success_message="Run {} is planned once more: this is the new run.",
    ),
    _verb(
        "cancel", "Cancel the run", lifecycle.cancel, form=closing.CancelForm,
        bulk_form=closing.CancelTogether, tone="stop",
        description="The run is given up, its claims are released.",
        success_message="Run {} is cancelled.",
    ),
    _verb(
        "delete", "Delete", lifecycle.delete, redirect_to=_list, bulk_form=opening.DeleteTogether,
        description="The run is gone from every list. Its number stays taken.",
        success_message="Run {} was deleted.", tone="stop",
    ),
)  # fmt: skip
