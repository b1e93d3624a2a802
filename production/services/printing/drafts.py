"""A run's figures before others were noted: stored with the RunEvent, so that it can be undone."""

from decimal import Decimal

from inventory.services import ledger
from production.models import RunMaterial
from production.services import overrides, transitions
from production.services.completion.actuals import LINE_FIELDS, MINUTE_FIELDS
from tenants.operations.bulk import bulk_update_unnest

DRAFT_FIELDS = ("good_count", "scrapped_count", "scrap_reason_id")


def of(run, lines=(), items=()):
    """The figures of the run and of these lines and items, as JSON."""
    return {
        **_stored_values(run, MINUTE_FIELDS),
        "materials": {line.pk: _stored_values(line, LINE_FIELDS) for line in lines},
        "items": {item.pk: _stored_values(item, DRAFT_FIELDS) for item in items},
    }


def take_back(run, *, event, by):
    """Put the figures back that a RunEvent changed, claims included; returns the run.

    A line that a swap added goes. Raises NothingToUndo where anything was done to the run since.
    """
    run = transitions.lock(run, "save_actuals")
    lines, items = transitions.lock_lines(run), transitions.lock_items(run)
    if run.events.order_by("-pk").first().pk != event.pk:
        raise overrides.NothingToUndo.since(run)
    before = event.before
    with ledger.book([line.spool_id for line in lines if line.spool_id], by=by) as book:
        for line in lines:
            if line.pk == before.get("added"):
                book.release(book.spools[line.spool_id], line.reserved_grams)
                RunMaterial.objects.filter(pk=line.pk).delete()
            elif figures := before["materials"].get(str(line.pk)):
                _put_back(book, line, figures)
    for item in items:
        for name, value in before["items"].get(str(item.pk), {}).items():
            setattr(item, name, value)
    bulk_update_unnest(items, [name.removesuffix("_id") for name in DRAFT_FIELDS])
    run.set_actual_minutes(_number(before["actual_minutes"]), before["actual_minutes_source"])
    return transitions.save(run, "take_back", *MINUTE_FIELDS, by=by, at=book.at, reason=event.verb)


def _put_back(book, line, figures):
    if line.spool_id:
        book.release(book.spools[line.spool_id], line.reserved_grams)
    for name, value in figures.items():
        setattr(line, name, value if name == "actual_source" else _number(value))
    if line.spool_id:
        book.reclaim(book.spools[line.spool_id], line.reserved_grams)
    bulk_update_unnest([line], LINE_FIELDS)


def _stored_values(row, names):
    values = {name: getattr(row, name) for name in names}
    return {name: str(each) if isinstance(each, Decimal) else each for name, each in values.items()}


def _number(text):
    return None if text is None else Decimal(text)
