"""Whether spools are held: it follows the open holds, and refuses that they are chosen.

``is_held`` of a spool says so, so that lists and locks know it without a look at the holds. Who
changes what a hold goes by (the filament or the lot of a spool, what it was merged into) calls
`follow`. It locks the holds for each other against those that change: see `lock_holds`.
"""

from uuid import uuid4

from django.db import connection
from django.utils.translation import gettext as _

from inventory.models import Hold, SpoolEvent
from inventory.services import clock
from tenants.operations.bulk import bulk_insert, bulk_update
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_moment

SHARED = "SELECT pg_advisory_xact_lock_shared(hashtext('holds'), hashtext(current_schema()))"
RELEASE = "inventory.release_hold"
ALONE = "SELECT pg_advisory_xact_lock(hashtext('holds'), hashtext(current_schema()))"


class SpoolHeld(Refusal):
    code = "spool_held"
    title = "The spool is held"


def lock_holds(*, alone=False):
    """Keep holds from being placed and released until the transaction ends; ``alone``: as long as
    spools may be about to change what holds go by."""
    with connection.cursor() as cursor:
        cursor.execute(ALONE if alone else SHARED)


def follow(spools, *, by, at=None):
    """Let these new or changed spools be held by the holds that cover them, or be free. They are
    written, without their versions, and it is in their history. Raises SpoolHeld where one would
    be free by this, and ``by`` may not release holds."""
    spools = list(spools)
    if not spools:
        return
    lock_holds()
    covered, holds = set(), Hold.objects.open()
    if holds.exists():
        found = holds.spools().filter(pk__in=[spool.pk for spool in spools])
        covered = {*found.order_by().values_list("pk", flat=True)}
    changed = mark(spools, covered)
    if by is not None and not by.has_perm(RELEASE):
        _require_none_free(changed)
    bulk_insert(_events(changed, holds, by=by, at=at or clock.now()))


def _events(changed, holds, *, by, at):
    """What the history has of spools on the shelf that are held or free by what they are now."""
    changed = [spool for spool in changed if not spool.is_archived]
    held = [spool.pk for spool in changed if spool.is_held]
    found = [*holds.covering(held)[:2]] if held else []
    why = found[0].reason if len(found) == 1 else ""
    event = {"by": by, "at": at, "group": uuid4()}
    verbs = {True: SpoolEvent.Verb.HELD, False: SpoolEvent.Verb.RELEASED}
    texts = {True: why, False: _("No hold covers it any more.")}
    return [
        SpoolEvent(spool=spool, verb=verbs[spool.is_held], after=texts[spool.is_held], **event)
        for spool in changed
    ]


def _require_none_free(changed):
    freed = [spool for spool in changed if not spool.is_held]
    if not freed:
        return
    events = SpoolEvent.objects.filter(spool=freed[0].pk, verb=SpoolEvent.Verb.HELD)
    last = events.order_by("-pk").first()
    text = _(
        "Spool %(spool)s is held, and no hold would cover it after this: only a manager may "
        "change that. It is held because: %(reason)s"
    )
    reason = (last and last.after) or _("see its holds.")
    raise SpoolHeld(
        text % {"spool": freed[0].code, "reason": reason},
        spool_id=freed[0].pk,
        spool_ids=[spool.pk for spool in freed],
    )


def mark(spools, covered):
    """Write which of the spools are held: those with the ids that are ``covered``. Returns those
    that changed."""
    changed = [spool for spool in spools if spool.is_held != (spool.pk in covered)]
    for spool in changed:
        spool.is_held = not spool.is_held
    bulk_update(changed, ["is_held"])
    return changed


def require_free(spools, *, field="spool"):
    """Raise SpoolHeld with all of the locked spools (None apart) that are held, and why."""
    held = [spool for spool in spools if spool is not None and spool.is_held]
    if not held:
        return
    found = [(spool, hold) for spool in held for hold in Hold.objects.open().of_spool(spool)]
    sentences = [*dict.fromkeys(sentence(spool, hold) for spool, hold in found)]
    advice = _("Take another spool, have the hold released, or let a manager override it.")
    raise SpoolHeld(
        " ".join([*sentences, advice]),
        errors={field: [_("Spool %(spool)s is held.") % {"spool": each.code} for each in held]},
        spool_id=held[0].pk,
        spool_ids=[spool.pk for spool in held],
        hold_ids=[*dict.fromkeys(hold.pk for _spool, hold in found)],
    )


def sentence(spool, hold):
    """Since when the spool is held, by whom and why."""
    return _sentence(_("Spool %(spool)s") % {"spool": spool.code}, hold)


def sentence_of_hold(hold):
    """Since when its target is held, by whom and why."""
    return _sentence(hold, hold)


def _sentence(what, hold):
    figures = {"what": what, "moment": format_moment(hold.placed_at), "reason": hold.reason}
    figures["person"] = hold.placed_by or _("the system")
    text = _("%(what)s is held since %(moment)s by %(person)s: %(reason)s") % figures
    return text if text.endswith((".", "!", "?")) else f"{text}."
