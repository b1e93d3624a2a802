"""Locks a run for a verb, and saves the run with its event."""

from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.services.locking import locked
from production.models import Printer, ProductionRun, RunEvent, RunItem, RunMaterial
from production.services.row_changes import RowChanges
from production.services.transitions import EVENTS, TRANSITIONS, allowed
from tenants.live.announcing import announce
from tenants.operations.bulk import Insert, Update, bulk_insert, write
from tenants.operations.compiled import ID, compiled
from tenants.operations.refusals import Busy, Invalid, Refusal
from tenants.operations.text import humanize_name
from tenants.operations.versions import check_version

REQUIREMENT = ("filament__material_type", "material_type", "slot__printer", "planned_spool")


class InvalidRunStatus(Refusal):
    code = "invalid_run_status"
    title = "The run's status does not allow this"


class NotInRun(Invalid):
    code = "not_in_run"
    title = "This is not part of the run"


def require(run, verb):
    """Raise InvalidRunStatus unless ``verb`` is possible in the run's status."""
    if not TRANSITIONS[verb].is_possible(run):
        message = _(
            "Run %(run)s is %(status)s; “%(verb)s” is not possible now. Allowed now: %(allowed)s."
        )
        raise invalid_status(run, message, verb=humanize_name(verb))


def invalid_status(run, message, *, errors=None, **figures):
    """InvalidRunStatus for a run; the ``message`` may have run, status and allowed verbs as
    figures, besides those given."""
    moves = allowed(run)
    figures |= {
        "run": run.number,
        "status": run.get_status_display().lower(),
        "allowed": ", ".join(map(humanize_name, moves)),
    }
    numbers = {"run_id": run.pk, "run_status": run.status, "allowed": moves}
    return InvalidRunStatus(message % figures, errors=errors, **numbers)


def lock(run, verb):
    """Lock the run's printer, then the run; return it fresh, if ``verb`` is possible. What changes
    of them from now on, and of what is locked below, is known to `save`.

    Raises ProductionRun.DoesNotExist when it was deleted (unless the verb is for those), Stale,
    InvalidRunStatus.
    """
    printer, fresh = _printer_of.first(run=run.pk), _run.get(run=run.pk)
    if fresh.deleted_at and not TRANSITIONS[verb].of_deleted:
        raise ProductionRun.DoesNotExist
    if fresh.printer_id != (printer and printer.pk):
        raise Busy(_("The run was moved to another printer at this very moment; try again."))
    check_version(fresh)
    fresh.printer = printer
    require(fresh, verb)
    fresh.changes = RowChanges(fresh, printer)
    return fresh


def lock_printer(printer):
    """Lock a printer (None: nothing to lock) before anything that is locked after it."""
    if printer is not None:
        _printer.get(printer=printer.pk)


def lines_of(run):
    """The run's materials with what they ask for, in the order of their ids."""
    return _of(run, _lines(run=run.pk))


def lock_lines(run):
    """Lock the run's materials in the order of their ids; returns them as `lines_of` does."""
    return run.changes.watch(_of(run, _locked_lines(run=run.pk)))


def items_of(run):
    """The run's items with their products, in the order of their ids."""
    return _of(run, _items(run=run.pk))


def lock_items(run):
    """Lock the run's items in the order of their ids; returns them as `items_of` does."""
    return run.changes.watch(_of(run, _locked_items(run=run.pk)))


def _of(run, rows):
    for row in rows:
        row.run = run
    return rows


def record(run, verb, **event):
    """Write the RunEvent of a verb, as in `event_of`: the outbox of a run, in the verb's own
    transaction."""
    written = event_of(run, verb, **event)
    bulk_insert([written])
    return written


def event_of(run, verb, *, came_from, by, at, reason="", overrides=(), before=None):
    """The RunEvent of a verb, not saved. Raises ValueError for a verb that no row records."""
    if verb not in EVENTS:
        raise ValueError(_("No Transition records “%(verb)s”.") % {"verb": verb})
    return RunEvent(
        run=run,
        verb=verb,
        from_status=came_from,
        to_status=run.status,
        by=by,
        by_name=str(by) if by else "",
        at=at,
        reason=reason,
        overrides=list(overrides),
        before=before or {},
    )


def sentences(*texts):
    """Sentences for the history of a run as one text, its reason; those that are "" left out."""
    return " ".join(filter(None, texts))


def is_changed(run):
    """Whether a verb changed anything of what it locked: what changes nothing leaves no trace."""
    return bool(run.changes.before())


def save(run, verb, *fields, by, to=None, at=None, also=(), **event):
    """Write what a verb changed of a locked run: the named fields, the status that it leads ``to``,
    the version and the time of change, and the RunEvent, with what undo needs; in the same
    statement ``also`` Updates of other rows. Returns the run."""
    came_from, at = run.status, at or timezone.now()
    run.status = to or came_from
    run.version += 1
    run.updated_at = at
    if EVENTS[verb].undone_by:
        event["before"] = run.changes.before()
    of_run = Update([run], (*fields, "status", "version", "updated_at"))
    event = event_of(run, verb, came_from=came_from, by=by, at=at, **event)
    write(of_run, *also, Insert([event]))
    announce("run", id=run.pk)
    return run


# --- Queries -----------------------------------------------------------------------------------

LOCK = {"no_key": True, "of": ("self",)}


@compiled(run=ID)
def _printer_of(run):
    runs = ProductionRun.objects.filter(pk=run).order_by()
    printers = Printer.objects.filter(pk__in=runs.values("printer")).order_by()
    return printers.select_for_update(**LOCK)


@compiled(run=ID)
def _run(run):
    runs = ProductionRun.objects.filter(pk=run).order_by()
    return runs.select_related("created_by", "outcome_reason").select_for_update(**LOCK)


@compiled(printer=ID)
def _printer(printer):
    return Printer.objects.filter(pk=printer).order_by().select_for_update(**LOCK)


@compiled(run=ID)
def _lines(run):
    return RunMaterial.objects.filter(run=run).select_related(*REQUIREMENT).order_by("pk")


@compiled(run=ID)
def _locked_lines(run):
    return _lines.queryset(run).select_for_update(**LOCK)


@compiled(run=ID)
def _items(run):
    return RunItem.objects.filter(run=run).select_related("product").order_by("pk")


@compiled(run=ID)
def _locked_items(run):
    return _items.queryset(run).select_related("scrap_reason").select_for_update(**LOCK)


def lock_many(run_ids, spool_ids):
    """Lock what is changed of several runs, in the order of all verbs: printers, runs, lines,
    spools."""
    runs = ProductionRun.objects.filter(pk__in=run_ids)
    printers = Printer.objects.filter(pk__in=runs.values("printer")).order_by("pk")
    lines = RunMaterial.objects.filter(run__in=run_ids).order_by("pk")
    for rows in (printers, runs.order_by("pk"), lines):
        list(rows.select_for_update(no_key=True, of=("self",)).values_list("pk"))
    locked(spool_ids)
