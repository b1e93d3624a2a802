"""Verbs of a spool on the shelf: it is described, moved, opened, dried, relabelled, archived and
restored.

Each locks the spool through the ledger, raises its version, and leaves a SpoolEvent. Grams move
only where an archived spool's remainder is thrown away.
"""

from contextlib import contextmanager

from django.utils.translation import gettext as _

from inventory import codes
from inventory.models import Location, SpoolEvent
from inventory.services import doubles, extra_values, held_spools, ledger
from inventory.services.past import require_past
from inventory.services.spools.returned import refusal_of_archived, require_not_returned
from inventory.services.spools.valuation import revaluation
from tenants.accounts import audited
from tenants.accounts.models import FarmSettings
from tenants.live.announcing import ADDED, announce
from tenants.operations import side_effects
from tenants.operations.operation import operation
from tenants.operations.quantities import money
from tenants.operations.refusals import Duplicate, Invalid, Refusal
from tenants.operations.text import format_moment, format_number
from tenants.operations.versions import check_version

Verb = SpoolEvent.Verb
USE_DATES = {"first_used_at", "last_used_at"}
EVENT_OF_FIELD = {"location": Verb.MOVED, "opened_at": Verb.OPENED, "dried_at": Verb.DRIED}


class SpoolClaimed(Refusal):
    code = "spool_claimed"
    title = "Open runs name this spool"


class SpoolLoaded(Refusal):
    code = "spool_loaded"
    title = "The spool is in a printer"


class RemainderUndecided(Refusal):
    code = "remainder_undecided"
    title = "What becomes of the filament that is left?"


class AlreadyArchived(Refusal):
    code = "already_archived"
    title = "The spool is archived already"


class NotArchived(Refusal):
    code = "not_archived"
    title = "The spool is not archived"


class SpoolRemoved(Refusal):
    code = "spool_removed"
    title = "The spool is removed"


class AlreadyOpened(Refusal):
    code = "already_opened"
    title = "The spool was opened already"


class InvalidSpoolCode(Invalid):
    code = "invalid_spool_code"
    title = "This is not a spool code"


@contextmanager
def locked(spool, *, by, at=None, archived_too=False, removed_too=False):
    """The book on one spool and the spool itself, locked, fresh, and of the version expected.

    Raises UnknownSpool, Stale, SpoolArchived (unless ``archived_too``), SpoolRemoved (unless
    ``removed_too``).
    """
    with ledger.book([spool.pk], by=by, at=at) as book:
        fresh = book.spools[spool.pk]
        check_version(fresh)
        if not removed_too:
            require_not_removed(fresh)
        if fresh.is_archived and not archived_too:
            raise refusal_of_archived(fresh)
        yield book, fresh


@operation("spool.describe")
def describe(spool, *, by, at=None, **fields):
    """Change the named descriptive fields of a spool; returns it fresh.

    A price that becomes known only now is what the entries without a cost are taken to have cost;
    of one that is corrected, the Revaluation is reported. ``extra`` is merged into what there is
    by its keys, None takes one out; dates of use that are given are no longer those of entries.
    What is the same leaves no trace. Raises Stale, Invalid, InvalidQuantity.
    """
    if fields.get("price") is not None:
        fields["price"] = money(fields["price"])
    with locked(spool, by=by, at=at, archived_too=True) as (book, fresh):
        fields |= _given(fresh, fields)
        changed = {name: value for name, value in fields.items() if getattr(fresh, name) != value}
        if "price" in fields:
            changed |= _late_cost(fresh, fields["price"])
        if not changed:
            return fresh
        require_past(book.at, **{name: changed.get(name) for name in ("opened_at", "dried_at")})
        if "received_on" in changed:
            today = FarmSettings.load().local_date(book.at)
            require_past(today, received_on=changed["received_on"])
        for name in EVENT_OF_FIELD.keys() & changed.keys():
            before, after = getattr(fresh, name), changed[name]
            record(book, fresh, EVENT_OF_FIELD[name], before=before, after=after)
        version = fresh.version + 1
        described = audited.update(fresh, by=by, at=book.at, version=version, **changed)
        if "lot_number" in changed:
            held_spools.follow([described], by=by, at=book.at)
        if "price" in changed:
            side_effects.report(filter(None, [revaluation([described])]))
        return described


@operation("spool.move")
def move(spool, *, location, by, at=None):
    """Put the spool at another Location (None: not set); returns the spool.

    If it is there already, nothing changes. Raises SpoolArchived.
    """
    with locked(spool, by=by, at=at) as (book, fresh):
        before = fresh.location_id and Location.objects.get(pk=fresh.location_id)
        if before != location:
            fresh.location = location
            write(book, fresh, "location")
            record(book, fresh, Verb.MOVED, before=before, after=location)
    return fresh


@operation("spool.open")
def open(spool, *, by, at=None):
    """Take the spool out of its bag ``at`` that moment; returns it.

    Raises AlreadyOpened, SpoolArchived.
    """
    with locked(spool, by=by, at=at) as (book, fresh):
        if fresh.opened_at is not None:
            raise AlreadyOpened(
                _("Spool %(fresh)s was opened %(opened_at)s.")
                % {"fresh": fresh.code, "opened_at": format_moment(fresh.opened_at)},
                spool_id=fresh.pk,
                opened_at=fresh.opened_at.isoformat(),
            )
        fresh.opened_at = book.at
        write(book, fresh, "opened_at")
        record(book, fresh, Verb.OPENED, after=book.at)
    return fresh


@operation("spool.dry")
def dry(spool, *, by, at=None):
    """Record that the spool was dried; returns it. Raises SpoolArchived."""
    with locked(spool, by=by, at=at) as (book, fresh):
        before, fresh.dried_at = fresh.dried_at, book.at
        write(book, fresh, "dried_at")
        record(book, fresh, Verb.DRIED, before=before, after=book.at)
    return fresh


@operation("spool.relabel")
def relabel(spool, *, by, at=None, code=None):
    """Give the spool a new label: a random code, or the ``code`` printed already; returns it.

    The old code stays in the SpoolEvent, so that an old label still finds its spool
    (``Spool.objects.labelled``), and goes to no other spool. Raises InvalidSpoolCode, Duplicate,
    SpoolArchived.
    """
    code = codes.generate() if code is None else _valid(code)
    with locked(spool, by=by, at=at) as (book, fresh):
        if code == fresh.code:
            return fresh
        _require_unused(code, fresh)
        before, fresh.code = fresh.code, code
        with audited.refusals(fresh):
            write(book, fresh, "code")
        record(book, fresh, Verb.RELABELLED, before=before, after=code)
    return fresh


@operation("spool.archive")
def archive(spool, *, by, at=None, discard=None, note=""):
    """Take the spool off the shelf; returns it.

    Where filament is left, ``discard`` posts it as waste if True, and keeps it in the book if
    False. Raises AlreadyArchived, SpoolClaimed, SpoolLoaded, RemainderUndecided.
    """
    with locked(spool, by=by, at=at, archived_too=True) as (book, fresh):
        _require_free(fresh)
        if fresh.remaining_grams and discard is None:
            raise RemainderUndecided(
                _(
                    "By the book %(left)s g are left on spool %(spool)s: discard them, or keep "
                    "them with the archived spool."
                )
                % {"left": format_number(fresh.remaining_grams), "spool": fresh.code},
                errors={"discard": [_("Discard it or keep it?")]},
                spool_id=fresh.pk,
                remaining_grams=fresh.remaining_grams,
            )
        if fresh.remaining_grams and discard:
            details = {"reason": "discarded", "note": note, "is_counted": True}
            book.waste(fresh, fresh.remaining_grams, **details)
        fresh.archived_at = book.at
        write(book, fresh, "archived_at")
        record(book, fresh, Verb.ARCHIVED, after=f"{format_number(fresh.remaining_grams)} g")
    return fresh


@operation("spool.remove")
def remove(spool, *, by, at=None):
    """Archive the spool, with what is left on it, and take it out of all lists; returns it.

    Its entries stay, and `restore` brings it back. Raises SpoolRemoved, SpoolClaimed, SpoolLoaded.
    """
    with locked(spool, by=by, at=at, archived_too=True) as (book, fresh):
        fresh.removed_at = book.at
        if not fresh.is_archived:
            _require_free(fresh)
            fresh.archived_at = book.at
            record(book, fresh, Verb.ARCHIVED, after=f"{format_number(fresh.remaining_grams)} g")
        write(book, fresh, "archived_at", "removed_at")
        record(book, fresh, Verb.REMOVED)
    return fresh


@operation("spool.restore")
def restore(spool, *, by, at=None):
    """Put an archived spool back on the shelf, with its balance; of one that was removed, only take
    that back where it was archived before. Returns it. Raises NotArchived, SpoolMerged,
    SpoolReturned.
    """
    with locked(spool, by=by, at=at, archived_too=True, removed_too=True) as (book, fresh):
        doubles.require_not_merged(fresh)
        if fresh.is_removed:
            was_archived = fresh.archived_at != fresh.removed_at
            fresh.removed_at = None
            write(book, fresh, "removed_at")
            record(book, fresh, Verb.UNREMOVED)
            announce("spool", ADDED, id=fresh.pk)
            if was_archived:
                return fresh
        if not fresh.is_archived:
            raise NotArchived(
                _("Spool %(fresh)s is on the shelf.") % {"fresh": fresh.code}, spool_id=fresh.pk
            )
        require_not_returned([fresh])
        bring_back(book, fresh)
    return fresh


def bring_back(book, spool):
    """Put the locked spool on the shelf, if it is archived, with what is left on it."""
    if spool.is_archived:
        spool.archived_at = None
        write(book, spool, "archived_at")
        record(book, spool, Verb.RESTORED, after=f"{format_number(spool.remaining_grams)} g")


def require_not_removed(spool):
    """Raises SpoolMerged, SpoolRemoved."""
    doubles.require_not_merged(spool)
    if spool.is_removed:
        raise SpoolRemoved(
            _("Spool %(spool)s is removed since %(removed_at)s: restore it first.")
            % {"spool": spool.code, "removed_at": format_moment(spool.removed_at)},
            spool_id=spool.pk,
        )


def weighed(book, spool):
    """The spool needs no weighing any more, now that an entry was posted of what is on it: a
    reversal undoes that."""
    if spool.needs_weighing:
        spool.needs_weighing = False
        write(book, spool, "needs_weighing")
        record(book, spool, Verb.WEIGHED)


def write(book, spool, *fields):
    """Write fields that are no balance; the version goes up with the book."""
    spool.save(update_fields=fields)
    book.touch(spool)


def record(book, spool, verb, *, before=None, after=None):
    """Add an event to the history of a spool."""
    texts = {"before": _event_text(before), "after": _event_text(after)}
    SpoolEvent.objects.create(spool=spool, verb=verb, by=book.by, at=book.at, **texts)


def _event_text(value):
    if value is None:
        return ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _given(spool, fields):
    """What follows from fields that clients of the printers' API give."""
    given = {}
    if "extra" in fields:
        given["extra"] = extra_values.merged(spool.extra, fields["extra"])
    if not USE_DATES.isdisjoint(fields):
        given["has_given_use_dates"] = True
    return given


def _late_cost(spool, price):
    """What entries posted before the price was known cost: once, never for those with a cost."""
    if price is None or spool.late_cost_per_gram is not None:
        return {}
    if not spool.transactions.filter(cost_per_gram__isnull=True).exists():
        return {}
    return {"late_cost_per_gram": ledger.rounded_rate(price / spool.initial_grams)}


def _valid(code):
    code = codes.normalise(code)
    if not codes.is_valid(code):
        raise InvalidSpoolCode(
            _("%(code)s is not a spool code: eight letters or digits and a check character.")
            % {"code": code[:20]},
            errors={"code": [_("Not a spool code; was it mistyped?")]},
        )
    return code


def _require_unused(code, spool):
    earlier = SpoolEvent.objects.filter(verb=Verb.RELABELLED, before=code).exclude(spool=spool)
    if owner := earlier.select_related("spool").first():
        raise Duplicate(
            _("The label %(code)s belonged to spool %(spool)s before.")
            % {"code": code, "spool": owner.spool.code},
            errors={"code": [_("Another spool had this label.")]},
            spool_id=owner.spool_id,
        )


def _require_free(spool):
    if spool.is_archived:
        raise AlreadyArchived(
            _("Spool %(spool)s is archived since %(archived_at)s.")
            % {"spool": spool.code, "archived_at": format_moment(spool.archived_at)},
            spool_id=spool.pk,
        )
    require_unclaimed(spool)
    require_unloaded(spool, _("take it out before it is archived"))


def require_unloaded(spool, advice):
    """Raise SpoolLoaded where it is in a printer, with the ``advice`` what to do."""
    # A slot takes a spool under the spool's lock: none is loaded between this and the archiving.
    if slot := getattr(spool, "printer_slot", None):
        raise SpoolLoaded(
            _("Spool %(spool)s is in %(slot)s: %(advice)s.")
            % {"spool": spool.code, "slot": slot, "advice": advice},
            spool_id=spool.pk,
            printer_id=slot.printer_id,
            slot_id=slot.pk,
        )


def require_unclaimed(spool):
    """Raise SpoolClaimed where runs that are not closed name the spool."""
    # Also those that reserve nothing: what they print from it has yet to be booked.
    lines = spool.run_materials.of_open_runs().order_by("run_id")
    numbers = list(lines.values_list("run__number", flat=True))
    if numbers or spool.reserved_grams:
        message = _(
            "Open runs name spool %(spool)s (%(numbers)s) and reserve %(grams)s g of it: complete "
            "them, cancel them or give them another spool first."
        )
        names = {"spool": spool.code, "numbers": ", ".join(numbers)}
        raise SpoolClaimed(
            message % {**names, "grams": format_number(spool.reserved_grams)},
            spool_id=spool.pk,
            run_numbers=numbers,
            reserved_grams=spool.reserved_grams,
            remaining_grams=spool.remaining_grams,
        )
