"""Rows that clients of the printers' API take away: in no list, and kept for the ledger."""

from django.utils.translation import gettext as _

from tenants.accounts import audited
from tenants.live import announcing
from tenants.operations.refusals import Refusal


class AlreadyRemoved(Refusal):
    code = "already_removed"
    title = "This is removed already"


class NotRemoved(Refusal):
    code = "not_removed"
    title = "This is not removed"


def locked(row):
    """The row, locked so that nothing new refers to it. Raises AlreadyRemoved."""
    fresh = type(row).objects.select_for_update(of=("self",)).get(pk=row.pk)
    if fresh.is_removed:
        raise AlreadyRemoved(_("%(row)s is removed already.") % {"row": fresh})
    return fresh


def remove(row, *, by, at):
    row.removed_at = at
    row.save(update_fields=["removed_at"])
    audited.audit("remove", row, by=by, at=at)
    announcing.announce(row.announced_as, announcing.DELETED, id=row.pk)
    return row


def restore(row, *, by, at=None):
    """Raises NotRemoved, Duplicate where its name was taken meanwhile."""
    fresh = type(row).objects.select_for_update(of=("self",)).get(pk=row.pk)
    if not fresh.is_removed:
        raise NotRemoved(_("%(row)s is not removed.") % {"row": fresh})
    fresh.removed_at = None
    with audited.refusals(fresh):
        fresh.save(update_fields=["removed_at"])
    audited.audit("restore", fresh, by=by, at=at)
    announcing.announce(fresh.announced_as, announcing.ADDED, id=fresh.pk)
    return fresh
