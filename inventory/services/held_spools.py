"""Whether spools are held: it follows the open holds, and refuses that they are chosen.

``is_held`` of a spool says so, so that lists and locks know it without a look at the holds. Who
changes what a hold goes by (the filament or the lot of a spool, what it was merged into) calls
`follow`. It locks the holds for each other against those that change: see `lock_holds`.
"""

from django.db import connection
from django.utils.translation import gettext as _

from inventory.models import Hold
from tenants.operations.bulk import bulk_update
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_moment

SHARED = "SELECT pg_advisory_xact_lock_shared(hashtext('holds'), hashtext(current_schema()))"
ALONE = "SELECT pg_advisory_xact_lock(hashtext('holds'), hashtext(current_schema()))"


class SpoolHeld(Refusal):
    code = "spool_held"
    title = "The spool is held"


def lock_holds(*, alone=False):
    """Keep holds from being placed and released until the transaction ends; ``alone``: as long as
    spools may be about to change what holds go by."""
    with connection.cursor() as cursor:
        cursor.execute(ALONE if alone else SHARED)


def follow(spools):
    """Let these new or changed spools be held by the holds that cover them, or be free. They are
    written, without their versions."""
    spools = list(spools)
    if not spools:
        return
    lock_holds()
    covered, holds = set(), Hold.objects.open()
    if holds.exists():
        found = holds.spools().filter(pk__in=[spool.pk for spool in spools])
        covered = {*found.order_by().values_list("pk", flat=True)}
    mark(spools, covered)


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
