"""Updates spools that are there already by the rows of a table: their place, and what is left of
them as a count."""

from django.utils.translation import gettext as _

from inventory.models import SpoolEvent
from inventory.services import meters
from inventory.services.spools import shelf
from inventory.services.tables.report import UNCHANGED, UPDATED
from tenants.operations import progress
from tenants.operations.text import format_number

PERMISSIONS = ("inventory.move_spool", "inventory.weigh_spool")
WEIGHED = "weighed"  # the reason of the counts


def update(rows, plans, *, alike, by, at):
    """Update the one spool of each row that is there already, where its place or its weight is
    another; one that can't be is refused. Of the rows in ``alike`` nobody knows which spool they
    mean. ``plans`` say of a row what it wants, as `spool_import.Plan`."""
    there = [row for row in rows if row.outcome == UNCHANGED and len(row.instances) == 1]
    for row in progress.counting(sorted(there, key=lambda row: row.instance.pk)):
        if row in alike:
            row.detail = _("Several spools are like it: to update one, name its code.")
            continue
        with row.refusing():
            row.changes = _updated(row.instance, plans[row], by=by, at=at)
        if row.is_ok and row.changes:
            row.outcome = UPDATED
            row.detail = _detail(row)


def _updated(spool, plan, *, by, at):
    """Returns ``{field: [before, after]}``. Raises SpoolArchived."""
    if plan.place is None and not plan.is_weighed:
        return {}
    changes = {}
    with shelf.locked(spool, by=by, at=at) as (book, fresh):
        pending = meters.pending(book, fresh)
        before = fresh.remaining_grams - pending
        if plan.is_weighed and before != plan.left:
            book.count(fresh, plan.left + pending, reason=WEIGHED)
            shelf.weighed(book, fresh)
            changes["remaining_grams"] = [before, plan.left]
        if plan.place is not None and plan.place.pk != fresh.location_id:
            changes["location"] = [fresh.location and fresh.location.name, plan.place.name]
            names = {"before": fresh.location, "after": plan.place}
            fresh.location = plan.place
            shelf.write(book, fresh, "location")
            shelf.record(book, fresh, SpoolEvent.Verb.MOVED, **names)
    return changes


def _detail(row):
    names = {"code": row.instance.code, "changes": ", ".join(map(_change, row.changes.items()))}
    return _("Spool %(code)s is there already; updated: %(changes)s.") % names


def _change(change):
    name, (before, after) = change
    if name == "location":
        return _("at %(after)s, before at %(before)s") % {
            "after": after,
            "before": before or _("no place"),
        }
    figures = {"before": format_number(before), "after": format_number(after)}
    return _("%(after)s g left, before %(before)s g") % figures
