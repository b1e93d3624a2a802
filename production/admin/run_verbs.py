"""The verbs of a run as its pages offer them."""

from django.urls import reverse

from production.forms import closing, opening, swapping
from production.services import completion, transitions
from production.services.printing import slots
from production.services.runs import lifecycle, repeats
from tenants.site.verbs import Verb

PERMISSION = "production.{}_productionrun"
UNDOING = {"correct", "reassign", "unstart", "revert"}
MISSING = frozenset({"actuals_missing"})


def _verb(name, label, work, **details):
    return Verb(
        name=name,
        label=label,
        work=work,
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
        "start", "Start", lifecycle.start, form=opening.StartForm, together=opening.StartTogether,
        does="The plan and the rates freeze, the printer is taken.",
        done="Run {} is in progress.", tone="go",
    ),
    _verb(
        "complete", "Complete", completion.complete, form=closing.CompleteForm,
        together=closing.CompleteTogether, asks=MISSING, tone="go",
        does="What the run took is booked to the ledger, its claims are released.",
        done="Run {} is completed.",
    ),
    _verb(
        "fail", "Fail", completion.fail, form=closing.FailForm, asks=MISSING, tone="stop",
        does="Nothing usable came out: what it took is booked as waste. Where some parts are "
        "good, complete it with the rest scrapped.",
        done="Run {} has failed.",
    ),
    _verb(
        "swap_spool", "Swap a spool", slots.swap, form=swapping.SwapForm, asks=MISSING,
        does="The run goes on from another spool; what the old one gave is kept for its end. "
        "In the printer, it takes the old one's slot.",
        done="Run {} goes on from another spool.",
    ),
    _verb(
        "correct", "Correct", completion.correct, form=closing.CorrectForm,
        does="What was booked is replaced, for the lines that change.",
        done="Run {} was corrected.",
    ),
    _verb(
        "reassign", "Reassign a spool", completion.reassign, form=swapping.ReassignForm,
        does="What was booked on the wrong spool moves to the right one.",
        done="Run {} was booked on another spool.",
    ),
    _verb(
        "unstart", "Take the start back", lifecycle.unstart,
        does="The run is planned again, and its plan is free to change.",
        done="Run {} is planned again.",
    ),
    _verb(
        "revert", "Revert", completion.revert, form=closing.RevertForm,
        together=closing.RevertTogether,
        does="Each of its ledger entries is reversed, and the run goes back to the status before.",
        done="Run {} was reverted.",
    ),
    _verb(
        "reprint", "Reprint", repeats.reprint, form=opening.ReprintForm,
        together=opening.ReprintTogether, leads_to=_of_run,
        does="What did not come out good is planned again as a new run.",
        done="What was not good of run {} is planned again: this is the new run.",
    ),
    _verb(
        "copy", "Copy", repeats.copy, form=opening.CopyForm, together=opening.CopyTogether,
        leads_to=_of_run, does="The same is planned once more, as a new run.",
        done="Run {} is planned once more: this is the new run.",
    ),
    _verb(
        "cancel", "Cancel the run", lifecycle.cancel, form=closing.CancelForm,
        together=closing.CancelTogether, tone="stop",
        does="The run is given up, its claims are released.", done="Run {} is cancelled.",
    ),
    _verb(
        "delete", "Delete", lifecycle.delete, leads_to=_list, together=opening.DeleteTogether,
        does="The run is gone from every list. Its number stays taken.",
        done="Run {} was deleted.", tone="stop",
    ),
)  # fmt: skip
