"""Holds are placed and released: of a spool, a filament, a lot or a delivery.

A hold stops that its spools are offered, chosen for runs and started; what is printed, weighed and
used of them is recorded all the same.
"""

from uuid import uuid4

from django.utils.translation import gettext as _

from inventory.models import Hold, SpoolEvent
from inventory.services import clock, doubles
from inventory.services.held_spools import lock_holds, mark, sentence_of_hold
from inventory.services.locking import locked
from inventory.services.spools import shelf
from tenants.accounts import audited
from tenants.live.announcing import announce_row
from tenants.operations.bulk import bulk_insert, bulk_update
from tenants.operations.operation import operation
from tenants.operations.refusals import Invalid, Refusal
from tenants.operations.text import format_moment

TARGETS = ("spool", "filament", "lot_number", "delivery_of")
TEXT_LENGTH = SpoolEvent._meta.get_field("after").max_length
Verb = SpoolEvent.Verb


class AlreadyHeld(Refusal):
    code = "already_held"
    title = "It is held already"


class HoldReleased(Refusal):
    code = "hold_released"
    title = "The hold was released"


@operation("hold.place")
def place(*, reason, by, at=None, spool=None, filament=None, lot_number="", delivery_of=None):
    """Hold one spool, all of a filament or of a lot, or all that was received with the spool
    ``delivery_of``; returns the Hold.

    Of a filament and a lot, what is received later is held too. Raises Invalid, AlreadyHeld,
    SpoolMerged, SpoolRemoved.
    """
    target = _target(spool, filament, lot_number, delivery_of)
    reason = reason.strip()
    if not reason:
        raise Invalid(_("A hold needs a reason."), errors={"reason": [_("Needed.")]})
    if filament is not None:
        target = {"filament": doubles.present(filament)}
    lock_holds(alone=True)
    _require_first(target)
    at = at or clock.now()
    hold = audited.create(Hold, by=by, at=at, reason=reason, placed_by=by, placed_at=at, **target)
    spools = _locked_spools(hold)
    for named in (spool, delivery_of):
        if named is not None:
            shelf.require_not_removed(spools[named.pk])
    _write(spools, set(spools), Verb.HELD, by=by, at=at, after=reason)
    return hold


def place_of(spool, *, what, **how):
    """`place`, of one of the Hold.Targets that this spool is of."""
    values = {"spool": spool, "lot": spool.lot_number, "delivery": spool}
    names = {"lot": "lot_number", "delivery": "delivery_of"}
    value = spool.filament if what == Hold.Target.FILAMENT else values[what]
    return place(**{names.get(what, what): value}, **how)


@operation("hold.release")
def release(hold, *, by, at=None, note=""):
    """Let the spools of a hold be used again, unless another one covers them; returns it fresh.
    Raises HoldReleased."""
    lock_holds(alone=True)
    hold = locked_open(hold)
    at = max(at or clock.now(), hold.placed_at)
    note = {"release_note": note.strip(), "released_by": by, "released_at": at}
    hold = audited.update(hold, by=by, at=at, **note)
    spools = _locked_spools(hold)
    others = Hold.objects.open().spools().filter(pk__in=spools)
    covered = {*others.values_list("pk", flat=True)}
    texts = {"before": hold.reason, "after": hold.release_note}
    _write(spools, covered, Verb.RELEASED, by=by, at=at, **texts)
    return Hold.objects.with_target().get(pk=hold.pk)


def locked_open(hold):
    """The hold, locked and read again. Raises HoldReleased."""
    rows = Hold.objects.with_target().select_for_update(no_key=True, of=("self",))
    fresh = rows.get(pk=hold.pk)
    if not fresh.is_open:
        names = {"hold": fresh, "person": fresh.released_by or _("the system")}
        raise HoldReleased(
            _("%(hold)s was released %(moment)s by %(person)s.")
            % {**names, "moment": format_moment(fresh.released_at)},
            hold_id=fresh.pk,
        )
    return fresh


def _target(spool, filament, lot_number, delivery_of):
    """``{field: value}`` of the one that is given. Raises Invalid."""
    values = (spool, filament, lot_number.strip(), delivery_of)
    given = {name: value for name, value in zip(TARGETS, values, strict=True) if value}
    if len(given) != 1:
        text = _("A hold is of one spool, one filament, one lot or one delivery: name one of them.")
        errors = {name: [_("Only one of these.")] for name in given} or {"spool": [_("Needed.")]}
        raise Invalid(text, errors=errors)
    return given


def _require_first(target):
    """Raise AlreadyHeld where an open hold is of the same."""
    [(name, value)] = target.items()
    rows = Hold.objects.open().with_target()
    if name == "lot_number":
        same = rows.of_lot(value)
    elif name == "delivery_of":  # by any spool of it
        same = rows.covering([value.pk]).exclude(delivery_of=None)
    else:
        same = rows.filter(**target)
    if (other := same.first()) is not None:
        raise AlreadyHeld(
            _("%(hold)s Release that hold first.") % {"hold": sentence_of_hold(other)},
            errors={name: [_("It is held already.")]},
            hold_id=other.pk,
        )


def _locked_spools(hold):
    return locked(hold.spools().values_list("pk", flat=True))


def _write(spools, covered, verb, *, by, at, **texts):
    """Mark the locked spools, and tell it in the history of those on the shelf."""
    changed = mark(spools.values(), covered)
    for spool in changed:
        spool.version += 1
        announce_row(spool)
    bulk_update(changed, ["version"])
    group, here = uuid4(), [spool for spool in spools.values() if not spool.is_archived]
    event = {"verb": verb, "by": by, "at": at, "group": group, **texts}
    rows = [SpoolEvent(spool=spool, **event) for spool in here]
    for row in rows if verb == Verb.RELEASED else ():
        if row.spool.is_held:  # by another one
            row.after = _still_held(row.after)
    bulk_insert(rows)


def _still_held(note):
    """The note on the release of one hold of a spool that another one covers."""
    text = _("Another hold still covers it.")
    if not note:
        return text
    end = "" if note.endswith((".", "!", "?")) else "."
    return f"{note[: TEXT_LENGTH - len(text) - 2]}{end} {text}"
