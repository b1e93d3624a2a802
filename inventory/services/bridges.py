"""Weights that a bridge or a reader of tags states, by what it thinks was on the spool before.

Nobody has weighed the spool. So less than it has is a report of the difference, as any other use.
More is a count only where the token says so; else the spool is to be weighed, if it is much more.
"""

from django.utils.translation import gettext as _

from inventory.services import ledger, metering, run_lines
from inventory.services.spools import scale, shelf, stating
from tenants.accounts.models import DeviceToken
from tenants.live.announcing import USED, announce
from tenants.operations.operation import operation
from tenants.operations.quantities import grams as to_grams
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_number

KINDS = (DeviceToken.Kind.BRIDGE, DeviceToken.Kind.READER)


class ResetRefused(Refusal):
    code = "reset_refused"
    title = "What was used is in the ledger"


def states(token):
    """Whether weights that come with the token are no counts."""
    return token is not None and token.kind in KINDS


@operation("spool.bridge_remaining")
def set_remaining(spool, *, grams, by, token, at=None):
    """A bridge says that so many grams are left. Raises InitialUnknown, SpoolRemoved."""
    grams = to_grams(grams, field="remaining_grams")
    fresh = _locked(spool, token=token, at=at)
    if fresh.is_initial_assumed:
        raise stating.initial_unknown(fresh)
    used = to_grams(fresh.live_grams) - min(grams, fresh.initial_grams)
    if used < 0 and token.counts_up:
        stating.set_remaining(fresh, grams=grams, by=by, at=at, note=str(token))
    else:
        _use(fresh, used, by=by, token=token, at=at)


@operation("spool.bridge_used")
def set_used(spool, *, grams, by, token, at=None):
    """A bridge says that so many grams were used. Raises ResetRefused, SpoolRemoved."""
    grams = to_grams(grams, field="used_grams")
    fresh = _locked(spool, token=token, at=at)
    if not grams:
        _require_unused(fresh)
    used = grams - to_grams(fresh.used_grams)
    if used < 0 and token.counts_up:
        stating.set_used(fresh, grams=grams, by=by, at=at, note=str(token))
    else:
        _use(fresh, used, by=by, token=token, at=at)


def _locked(spool, *, token, at):
    """The line of a run that takes it is locked before its spool."""
    run_lines.lock(spool.number, token=token, at=at)
    fresh = ledger.locked([spool.pk])[spool.pk]
    shelf.require_not_removed(fresh)
    return fresh


def _use(spool, grams, *, by, token, at):
    """Report grams that are used; where they are below 0, the spool holds more than it has."""
    if grams > 0:
        metering.use(spool.number, by=by, token=token, at=at, grams=grams)
        announce("spool", USED, number=spool.number)
    elif -grams > scale.IMPLAUSIBLE_GRAMS and not spool.needs_weighing:
        shelf.describe(spool, by=by, at=at, needs_weighing=True)


def _require_unused(spool):
    """A reset of what was used is no statement of a scale: entries would be undone by it."""
    if spool.metered_grams or spool.transactions.exclude(kind="receipt").exists():
        raise ResetRefused(
            _(
                "Spool %(spool)s has entries: %(used)s g of it were used. A program can't take "
                "them back: weigh the spool, or reverse an entry that is wrong."
            )
            % {"spool": spool.code, "used": format_number(spool.used_grams)},
            spool_id=spool.pk,
            used_grams=spool.used_grams,
        )
