"""Pieces that statements of reports have in common."""

from django.db.models.functions import Upper

from production.models import RunItem
from production.services.reports import sql

# Letters of an order's reference may be of any case.
ORDER = "upper(nullif(order_reference, ''))"
# Who completed, failed or cancelled the run ``{run}``, the last time.
CLOSED_BY = """(
    SELECT event.by_id FROM production_runevent event
    WHERE event.run_id = {run} AND event.to_status IN ('completed', 'failed', 'cancelled')
        AND event.from_status <> event.to_status
    ORDER BY event.id DESC LIMIT 1
)"""
CLOSED = "status IN ('completed', 'failed', 'cancelled')"
ENDED = "to_char(finished_at AT TIME ZONE %(timezone)s, '{0}')"
DAY, WEEK, MONTH = map(ENDED.format, ("YYYY-MM-DD", 'IYYY-"W"IW', "YYYY-MM"))


def closed_by(run):
    """The SQL expression of the id of who closed a run that is closed; ``run`` is its table."""
    return f"CASE WHEN {run}.{CLOSED} THEN {CLOSED_BY.format(run=f'{run}.id')} END"


# Of these groups each item of a run carries its share of it.
OF_ITEMS = ("product", "order")
# Of these there are grams and the material's cost alone.
OF_MATERIAL = ("filament", "material_type")
GROUPS = {
    None: "NULL::text",
    "product": "product_id::text",
    "order": ORDER,
    "printer": "printer_id::text",
    "person": f"({closed_by('parts')})::text",
    "day": DAY,
    "week": WEEK,
    "month": MONTH,
    "status": "status",
}


class Orders:
    """The names of orders by their keys: as their newest item writes them."""

    @staticmethod
    def in_bulk(keys):
        items = RunItem.objects.annotate(key=Upper("order_reference")).filter(key__in=keys)
        found = items.order_by("key", "-pk").distinct("key")
        return dict(found.values_list("key", "order_reference"))


def names_of(rows, queryset):
    """The names of the rows' keys, ``{key: name}``; one query."""
    found = queryset.in_bulk({row["key"] for row in rows} - {None})
    return {pk: str(each) for pk, each in found.items()}


def with_shares(run_ids):
    """The beginning of a statement: ``WITH`` and the tables ``totals`` (one row a run: what it
    took and cost) and ``shares`` (one row an item: the share of its run it carries, by printed
    grams), of the runs that the query ``run_ids`` chooses."""
    return sql.of_shares().replace("{runs}", run_ids)
