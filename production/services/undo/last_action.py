"""Undo of a user's own last action: within half an hour, while nobody did anything after it.

It does not depend on the permission of the opposite verb: an operator may not reverse entries of
the ledger, but may take back the weight typed a moment ago.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inventory.models import InventoryTransaction, SpoolEvent, UsageMeter
from inventory.services import reversing
from inventory.services.locking import locked
from production.models import PrinterSlot, ProductionRun, RunEvent, RunItem, RunMaterial
from production.services import late_reports, taking_over
from production.services.overrides import UNDO_FOR, NothingToUndo, require_own
from production.services.run_state import InvalidRunStatus
from production.services.transitions import EVENTS
from production.services.undo import loads, printer_changes, put_back, receipts, together
from tenants.operations.compiled import ID, compiled
from tenants.operations.operation import operation

UNDOABLE = [event for event, row in EVENTS.items() if row.undone_by]
OF_SPOOLS = {
    "weigh": gettext_lazy("weighed %(spool)s"),
    "load": gettext_lazy("loaded %(spool)s"),
    "unload": gettext_lazy("took %(spool)s out"),
}
MOVED = ~Q(from_status=F("to_status"))


@dataclass(frozen=True, kw_only=True)
class Undoable:
    """An undoable action: the row ``event`` of a ``kind`` (run, weighing, loading,
    unloading or receipt),
    done to the run or spool of id ``subject``. ``text`` describes it; ``about`` is the first
    product of the run or the filament of the spool, or ""."""

    kind: str
    event: int
    subject: int
    verb: str
    text: str
    about: str
    at: datetime

    @property
    def run(self):
        return self.subject if self.kind == "run" else None

    @property
    def spool(self):
        return None if self.kind == "run" else self.subject

    @property
    def until(self):
        """Until when it can be undone without a manager."""
        return self.at + UNDO_FOR


class Undone(NamedTuple):
    """The run, or the spools, of an action that was undone."""

    run: ProductionRun | None
    spools: list


def find(*, by, at=None):
    """The last action of ``by`` if it can be undone, else None. One query."""
    newest = _newest.first(user=by.pk)
    if newest is None or newest["is_over"]:
        return None
    if newest["moment"] < (at or timezone.now()) - UNDO_FOR:
        return None
    return Undoable(
        kind=newest["what"],
        event=newest["pk"],
        subject=newest["subject"],
        verb=newest["done"],
        text=_text(newest["done"], newest["name"]),
        about=newest["about"] or "",
        at=newest["moment"],
    )


def _text(verb, name):
    if verb == "receive":  # its name is how many there were
        text = ngettext("received %(count)s spool", "received %(count)s spools", int(name))
        return text % {"count": name}
    if verb == together.VERB and name.isdecimal():  # so is that of several runs
        text = ngettext(
            "chose spools for %(count)s run", "chose spools for %(count)s runs", int(name)
        )
        return text % {"count": name}
    template = OF_SPOOLS.get(verb) or EVENTS[verb].done
    return template % {"run": name, "spool": name}


def undo_event(kind, event, *, by):
    """Undo the row ``event`` of a ``kind``, as in `Undoable`; returns Undone. Raises what
    the undo of each kind raises."""
    if kind == "run":
        return Undone(undo(event.run, event=event.pk, by=by), [])
    if kind == "receipt":
        return Undone(None, receipts.undo_receipt(event, by=by))
    undo_one = {"weighing": undo_weighing, "loading": loads.undo_load}
    undo_one.get(kind, loads.undo_unload)(event, by=by)
    return Undone(None, [event.spool])


@operation("production_run.undo")
def undo(run, *, event, by):
    """Take back what the RunEvent of id ``event`` did to the run, with all that it wrote, and what
    the same press chose for other runs; returns the run. Raises UndoNotPermitted, and as
    `put_back.put_back` does."""
    done = put_back.require_last(run, event)
    require_own(by=by, done_by=done.by_id, done_at=done.at)
    try:
        if done.verb == "take_reports":
            return late_reports.leave_reports(run, done, by=by)
        if done.verb == "take_over_reports" and done.to_status in ProductionRun.CLOSED:
            return taking_over.give_back(run, done, by=by)
        if done.verb == printer_changes.VERB:
            return printer_changes.put_printer_back(run, done, by=by)
        if done.verb == together.VERB:
            return together.put_all_back(run, done, by=by)
        return put_back.put_back(run, done, by=by)
    except InvalidRunStatus:  # another was faster
        put_back.require_last(run, event)
        raise


@operation("spool.undo_weighing")
def undo_weighing(entry, *, by, at=None):
    """Take back a weighing that is the last entry of its spool, besides what devices reported;
    returns the reversal.

    Raises UndoNotPermitted, NothingToUndo, and as
    ``reversing.reverse`` does.
    """
    require_own(by=by, done_by=entry.performed_by_id, done_at=entry.created_at, at=at)
    locked([entry.spool_id])
    later = InventoryTransaction.objects.not_metered().filter(spool=entry.spool_id)
    is_last = not later.filter(pk__gt=entry.pk).exists()
    reversal = reversing.reverse(entry, reason="taken back", by=by, at=at)
    if entry.reason != "weighed" or not is_last:
        raise NothingToUndo(
            _("The ledger of spool %(spool)s moved since.") % {"spool": entry.spool.code},
            spool_id=entry.spool_id,
        )
    return reversal


@compiled(user=ID)
def _newest(user):
    """Since a moment that PostgreSQL knows when it plans: then it plans once on a connection, what
    takes it twenty times as long as to execute it."""
    since = Now() - UNDO_FOR
    of_places = _loadings(user, since), _unloadings(user, since)
    others = _weighings(user, since), *of_places, _deliveries(user, since)
    return _of_runs(user, since).union(*others, all=True).order_by("-moment")[:1]


def _of_runs(by, since):
    later = RunEvent.objects.filter(run=OuterRef("run"), pk__gt=OuterRef("pk"))
    since_then = Exists(later.exclude(put_back.BESIDE))
    reports = UsageMeter.objects.filter(run_material__run=OuterRef("run"), grams__gt=0)
    is_metered = Exists(reports.filter(last_report_at__gt=OuterRef("at")))
    started = When(Q(is_metered), verb="start", then=Value(True))
    is_over = Case(started, When(verb__in=UNDOABLE, then=since_then), default=Value(True))
    own = RunEvent.objects.filter(MOVED | Q(verb__in=UNDOABLE), by=by, at__gte=since)
    items = RunItem.objects.filter(run=OuterRef("run")).order_by("pk")
    pressed = RunEvent.objects.filter(verb=together.VERB, by=by, at=OuterRef("at")).order_by()
    many = pressed.values("at").annotate(many=Count("pk")).filter(many__gt=1).values("many")
    many = Case(When(verb=together.VERB, then=Subquery(many)))
    about = Case(When(many=None, then=items.values("product__name")[:1]), default=Value(""))
    own = own.annotate(many=many, about=about)
    name = Coalesce(Cast("many", CharField()), F("run__number"))
    return _rows(own, "run", "run", name, F("verb"), F("at"), is_over)


def _weighings(by, since):
    later = InventoryTransaction.objects.not_metered()
    later = later.filter(spool=OuterRef("spool"), pk__gt=OuterRef("pk"))
    own = InventoryTransaction.objects.filter(
        performed_by=by, created_at__gte=since, kind="count", production_run=None, reason="weighed"
    )
    # The ledger has no reversal of a count that moved nothing.
    is_over = Case(When(grams=0, then=Value(True)), default=Exists(later))
    out = SpoolEvent.objects.filter(verb="unloaded", spool=OuterRef("spool"), by=by)
    own = own.exclude(Exists(out.filter(at=OuterRef("created_at"))))  # undone with it
    own = own.annotate(about=F("spool__filament__name"))
    return _rows(
        own, "weighing", "spool", F("spool__code"), Value("weigh"), F("created_at"), is_over
    )


def _loadings(by, since):
    later = SpoolEvent.objects.filter(
        spool=OuterRef("spool"), verb__in=loads.PLACES, pk__gt=OuterRef("pk")
    )
    here = Q(run__printer=None) | Q(run__printer=OuterRef("slot__printer"))
    drawn = RunMaterial.objects.drawing().filter(here, spool=OuterRef("spool"))
    # What a start or a swap loaded goes back with it.
    of_run = RunEvent.objects.filter(by=by, at=OuterRef("at"), before__has_key="loads")
    own = SpoolEvent.objects.filter(
        ~Exists(drawn), ~Exists(of_run), by=by, at__gte=since, verb="loaded", undoes=None
    )
    own = own.annotate(about=F("spool__filament__name"))
    return _rows(own, "loading", "spool", F("spool__code"), Value("load"), F("at"), Exists(later))


def _unloadings(by, since):
    """What came out by itself, not by a load in its place or an undo."""
    later = SpoolEvent.objects.filter(
        spool=OuterRef("spool"), verb__in=loads.PLACES, pk__gt=OuterRef("pk")
    )
    loaded = SpoolEvent.objects.filter(group=OuterRef("group"), verb="loaded")
    taken = PrinterSlot.objects.filter(pk=OuterRef("slot"), spool__isnull=False)
    own = SpoolEvent.objects.filter(by=by, at__gte=since, verb="unloaded", undoes=None)
    own = own.exclude(Exists(loaded)).annotate(about=F("spool__filament__name"))
    moved = Exists(later) | Exists(taken) | Exists(_counts_gone_on(by))
    is_over = Case(When(moved, then=Value(True)), default=Value(False))
    return _rows(own, "unloading", "spool", F("spool__code"), Value("unload"), F("at"), is_over)


def _counts_gone_on(by):
    """Counts that the unload of the outer query made, after which the ledger went on."""
    counts = InventoryTransaction.objects.not_metered().filter(spool=OuterRef("spool"))
    later = counts.filter(pk__gt=OuterRef("pk"))
    return counts.filter(
        Exists(later),
        created_at=OuterRef("at"),
        kind="count",
        performed_by=by,
        production_run=None,
    )


def _deliveries(by, since):
    together = receipts.receipts().filter(
        performed_by=by, created_at=OuterRef("created_at"), source=OuterRef("source")
    )
    count = together.order_by().values("created_at").values(many=Cast(Count("pk"), CharField()))
    own = receipts.receipts().filter(performed_by=by, created_at__gte=since)
    own = own.annotate(about=Value(""))
    is_over = Exists(together.filter(receipts.TOUCHED))
    return _rows(own, "receipt", "spool", count, Value("receive"), F("created_at"), is_over)


def _rows(own, kind, subject, name, verb, at, is_over):
    """The newest of ``own``, which has ``about``, in the columns that all kinds have."""
    columns = {"what": Value(kind), "subject": F(f"{subject}_id"), "name": name, "done": verb}
    columns |= {"moment": at, "is_over": is_over}
    return own.annotate(**columns).order_by("-moment", "-pk").values("pk", "about", *columns)[:1]
