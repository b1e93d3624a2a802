"""The verbs of a production run, one row each.

Addresses and bodies of the API, permissions, the admin's actions, the floor's buttons, a change of
``status`` by PUT, undo and its words are derived from these rows. What a row lacks is found by
``tests/production/test_transitions.py``.
"""

from dataclasses import dataclass
from functools import cache

from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from production.models import ProductionRun
from production.models.conditions import CONDITIONS
from tenants.accounts import roles
from tenants.operations.compiled import ID, compiled
from tenants.operations.text import humanize_name

Status = ProductionRun.Status
OPEN = ProductionRun.OPEN
CLOSED = (Status.COMPLETED, Status.FAILED, Status.CANCELLED)
BUTTON = "button"


@dataclass(frozen=True, kw_only=True, eq=False)
class Transition:
    """One verb of a run.

    ``moves`` maps each status it is possible in to the statuses it leads to; none: the status
    stays. ``service`` is the path of its function below ``production.services``. ``done`` is what
    somebody did, with ``%(run)s``; ``events`` are the RunEvents it records, by default one of its
    own name. ``floor`` is the name of its address on the floor, BUTTON for one without a form,
    None where the floor does not offer it. ``permission`` is the first part of the codename (by
    default the verb), which ``role`` and those above it hold; ``undone_by`` the verb that undo
    calls; ``of_deleted``: it is for deleted runs alone; ``condition`` names what else its runs must
    be like for it to be offered, one of ``production.models.conditions``. ``path`` is its POST
    address, with ``summary`` as description. The admin offers what has a ``label``; ``success`` is
    its message, with ``%(run)s``.
    """

    name: str
    moves: dict
    service: str
    done: Promise
    floor: str | None
    events: tuple = ()
    permission: str = ""
    role: str = roles.OPERATOR
    undone_by: str = ""
    of_deleted: bool = False
    condition: str = ""
    path: str = ""
    label: str | Promise = ""
    summary: str = ""
    success: str | Promise = ""

    @property
    def codename(self):
        return f"production.{self.permission or self.name}_productionrun"

    @property
    def action(self):
        """Its action in the API; "" without an address."""
        return self.path.replace("-", "_")

    def is_possible(self, run):
        """Whether the run's status allows it."""
        return self.is_possible_in(run.status, is_deleted=run.is_deleted)

    def is_possible_in(self, status, *, is_deleted):
        return status in self.moves and self.of_deleted == is_deleted

    def is_offered(self, run):
        """Whether nothing that is known keeps the run from it. At most one query."""
        return self.is_possible(run) and bool(offered([self], run))

    @property
    def call(self):
        """The service. It is imported late: services import this module."""
        return import_string(f"production.services.{self.service}")


def _from(*sources, to=()):
    return dict.fromkeys(sources, to)


ROWS = (  # the admin offers them in this order
    Transition(
        name="create", moves={}, service="runs.lifecycle.create", permission="add", floor=None,
        done=_("planned run %(run)s"),
    ),
    Transition(
        name="update", moves=_from(*Status), service="runs.lifecycle.update", permission="change",
        floor=None, done=_("changed run %(run)s"),
    ),
    Transition(
        name="change_lines", moves=_from(*OPEN), service="runs.lines.change_item",
        events=(
            "add_item", "change_item", "remove_item",
            "add_material", "change_material", "remove_material",
        ),
        permission="change", floor=None, done=_("changed the lines of run %(run)s"),
    ),
    Transition(
        name="refresh_plan", moves=_from(Status.PLANNED), service="runs.replanning.refresh_plan",
        events=("refresh_plan", "derive_plan"), floor=None, path="refresh-plan",
        label=_("Refresh the plan"), done=_("refreshed the plan of run %(run)s"),
        success=_("The plan of run %(run)s is that of its products."),
        summary="Take the plan of a planned run anew from its products: what was typed included; "
        "materials keep their spools.",
    ),
    Transition(
        name="assign_spools", moves=_from(Status.PLANNED), undone_by="take_back",
        service="best_fit.taking.assign_spools", permission="change", floor=None,
        done=_("chose spools for run %(run)s"),
    ),
    Transition(
        name="reorder", moves=_from(Status.PLANNED), undone_by="take_back",
        service="runs.queue_order.reorder", permission="change", floor=None, path="reorder",
        done=_("moved run %(run)s in the queue"),
        success=_("Run %(run)s has another place in the queue."),
        summary="Put a planned run directly before, or after, another one in the queue.",
    ),
    Transition(
        name="start", moves=_from(Status.PLANNED, to=(Status.IN_PROGRESS,)),
        service="runs.lifecycle.start", undone_by="unstart", floor="floor-start", path="start",
        label=_("Start"), done=_("started run %(run)s"), success=_("Run %(run)s is in progress."),
        summary="Start a planned run: plan and rates freeze, the printer is taken.",
    ),
    Transition(
        name="complete", moves=_from(Status.IN_PROGRESS, to=(Status.COMPLETED,)),
        service="completion.complete", undone_by="revert", floor="floor-complete", path="complete",
        label=_("Complete"), done=_("completed run %(run)s"),
        success=_("Run %(run)s is completed."),
        summary="Complete a run in progress: what it took is booked, nothing stays reserved.",
    ),
    Transition(
        name="fail", moves=_from(Status.IN_PROGRESS, to=(Status.FAILED,)),
        service="completion.fail", undone_by="revert", floor="floor-fail", path="fail",
        label=_("Fail"), done=_("failed run %(run)s"),
        success=_("Run %(run)s has failed; what it took is booked as waste."),
        summary="Give up a run of which nothing usable came: what it took is booked as waste. "
        "Where some parts are good, complete it with the rest scrapped.",
    ),
    Transition(
        name="progress", moves=_from(Status.IN_PROGRESS), service="printing.midprint.progress",
        undone_by="take_back", floor="floor-note", path="progress",
        done=_("noted the progress of run %(run)s"),
        summary="Note how far the print is, in percent.",
    ),
    Transition(
        name="save_actuals", moves=_from(Status.IN_PROGRESS),
        service="printing.midprint.save_actuals", undone_by="take_back", floor="floor-note",
        path="actuals", done=_("noted figures of run %(run)s"),
        summary="Save actual figures as drafts: nothing is booked before the run is completed.",
    ),
    Transition(
        name="note_plate", moves=_from(Status.IN_PROGRESS), service="printing.midprint.note_plate",
        permission="save_actuals", undone_by="take_back", floor="floor-plate",
        done=_("noted a failed plate of run %(run)s"),
        success=_("Saved: the completion of run %(run)s begins with these counts."),
    ),
    Transition(
        name="swap_spool", moves=_from(Status.IN_PROGRESS), undone_by="take_back",
        service="printing.midprint.swap_spool", floor="floor-swap", path="swap-spool",
        label=_("Swap a spool"), done=_("swapped a spool of run %(run)s"),
        success=_("Run %(run)s goes on from another spool."),
        summary="Go on printing from another spool: what the old one gave is saved on its line, "
        "and the new one is loaded into its slot.",
    ),
    Transition(
        name="change_printer", moves=_from(Status.IN_PROGRESS),
        service="runs.changing_printers.change_printer", floor="floor-change-printer",
        path="change-printer", label=_("Change the printer"), undone_by="take_back",
        done=_("moved run %(run)s to another printer"),
        success=_("Run %(run)s goes on on another printer."),
        summary="Put right which printer a run in progress prints on: the one it was on is free, "
        "and has to be cleared.",
    ),
    Transition(
        name="take_back", moves={}, service="undo.last_action.undo", permission="undo",
        floor="floor-undo-run", done=_("took figures of run %(run)s back"),
    ),
    Transition(
        name="correct", moves=_from(Status.COMPLETED), service="completion.correct", floor=None,
        path="correct", label=_("Correct"), done=_("corrected run %(run)s"),
        success=_("Run %(run)s was corrected."),
        summary="Correct what a completed run took and made: entries only where grams changed.",
    ),
    Transition(
        name="reassign", moves=_from(Status.COMPLETED, Status.FAILED),
        service="completion.reassign", floor=None, path="reassign", label=_("Reassign a spool"),
        done=_("booked what run %(run)s took on another spool"),
        success=_("Run %(run)s was booked on another spool."),
        summary="Move what a material consumed to the spool that it really came from.",
    ),
    Transition(
        name="take_reports", moves=_from(Status.IN_PROGRESS, Status.COMPLETED, Status.FAILED),
        service="late_reports.take_reports", permission="correct", undone_by="take_back",
        floor=None,
        done=_("took what was reported into run %(run)s"),
    ),
    Transition(
        name="take_over_reports",
        moves=_from(Status.IN_PROGRESS, Status.COMPLETED, Status.FAILED),
        service="taking_over.take_over_reports", undone_by="take_back", floor="floor-take-over",
        condition="has_reports_to_take", path="take-over-reports", label=_("Take over reports"),
        done=_("took over what was reported for run %(run)s"),
        success=_("Run %(run)s has what was reported."),
        summary="Let the run have what was reported of a spool that it does not name: the spool "
        "gets a line of the run.",
    ),
    Transition(
        name="unstart", moves=_from(Status.IN_PROGRESS, to=(Status.PLANNED,)),
        service="runs.lifecycle.unstart", floor="floor-undo-run", path="unstart",
        condition="was_not_reported", label=_("Take the start back"),
        done=_("took the start of run %(run)s back"),
        success=_("Run %(run)s is planned again."),
        summary="Take a start back while nothing is booked: the plan is free to change again.",
    ),
    Transition(
        name="revert",
        moves={
            Status.COMPLETED: (Status.IN_PROGRESS,),
            Status.FAILED: (Status.IN_PROGRESS,),
            Status.CANCELLED: (Status.IN_PROGRESS, Status.PLANNED),
        },
        service="completion.revert", floor="floor-undo-run", path="revert", label=_("Revert"),
        done=_("reverted run %(run)s"), success=_("Run %(run)s was reverted."),
        summary="Take a closed run back to the status before it: its entries are reversed.",
    ),
    Transition(
        name="reprint", moves=_from(*CLOSED), service="runs.repeats.reprint", floor=None,
        condition="has_something_missing", path="reprint", label=_("Reprint"),
        done=_("planned run %(run)s again"),
        success=_("What was not good of run %(run)s is planned again: this is the new run."),
        summary="Plan what did not come out good again, as a new run.",
    ),
    Transition(
        name="copy", moves=_from(*Status), service="runs.repeats.copy", floor=None, path="copy",
        label=_("Copy"), done=_("copied run %(run)s"),
        success=_("Run %(run)s is planned once more: this is the new run."),
        summary="Plan the same run once more, whatever became of it, as a new run.",
    ),
    Transition(
        name="cancel", moves=_from(*OPEN, to=(Status.CANCELLED,)), service="runs.lifecycle.cancel",
        undone_by="revert", floor="floor-cancel", path="cancel", label=_("Cancel the run"),
        done=_("cancelled run %(run)s"), success=_("Run %(run)s is cancelled."),
        summary="Cancel an open run: what it used already can be booked as waste.",
    ),
    Transition(
        name="delete", moves=_from(Status.PLANNED, Status.IN_PROGRESS, Status.CANCELLED),
        service="runs.lifecycle.delete", undone_by="restore", floor=None,
        condition="took_nothing", label=_("Delete"), done=_("deleted run %(run)s"),
        success=_("Run %(run)s was deleted."),
        summary="Delete a run that booked nothing; its number stays taken.",
    ),
    Transition(
        name="restore", moves=_from(Status.PLANNED, Status.IN_PROGRESS, Status.CANCELLED),
        service="runs.lifecycle.restore", role=roles.MANAGER, of_deleted=True,
        floor="floor-undo-run", path="restore", label=_("Restore"),
        done=_("restored run %(run)s"), success=_("Run %(run)s is back."),
        summary="Restore a deleted run as it was, its reservations included.",
    ),
)  # fmt: skip
BUTTONS = [row for row in ROWS if row.floor == BUTTON]
TRANSITIONS = {row.name: row for row in ROWS}
EVENTS = {event: row for row in ROWS for event in row.events or (row.name,)}  # by RunEvent.verb
EVENT_CHOICES = [(event, humanize_name(event).capitalize()) for event in EVENTS]


def codenames(role):
    """The permissions for runs' verbs that a role has beyond the one below it."""
    return {row.codename for row in ROWS if row.role == role}


def allowed(run):
    """The verbs that are offered for the run now, in alphabetical order. At most one query."""
    rows = possible_in(run.status, is_deleted=run.is_deleted)
    return [row.name for row in offered(rows, run)]


@cache  # a list of runs needs it for each
def possible_in(status, *, is_deleted):
    """The rows of the verbs that the status allows, in alphabetical order of their names."""
    rows = [row for row in ROWS if row.is_possible_in(status, is_deleted=is_deleted)]
    return sorted(rows, key=lambda row: row.name)


def offered(rows, run):
    """Those of some rows whose condition holds for the run: as it was loaded with it, else read
    now."""
    names = {row.condition for row in rows} - {""}
    holds = vars(run) if names <= vars(run).keys() else _conditions.get(pk=run.pk)
    return [row for row in rows if not row.condition or holds[row.condition]]


def load_conditions(run):
    """Read all at once, of a run of which several verbs are offered."""
    vars(run).update(_conditions.get(pk=run.pk))


@compiled(pk=ID)
def _conditions(pk):
    """All of the CONDITIONS of a run: an answer to a verb needs them."""
    return ProductionRun.objects.filter(pk=pk).order_by().values(**CONDITIONS)


def leading_to(status, *, source):
    """The verb that leads from one status to another; None without one."""
    return next((row.name for row in ROWS if status in row.moves.get(source, ())), None)
