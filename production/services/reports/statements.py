"""Pieces that statements of reports have in common."""

from production.services.reports import sql


def names_of(rows, queryset):
    """The names of the rows' keys, ``{key: name}``; one query."""
    found = queryset.in_bulk({row["key"] for row in rows} - {None})
    return {pk: str(each) for pk, each in found.items()}


def with_shares(run_ids):
    """The beginning of a statement: ``WITH`` and the tables ``totals`` (one row a run: what it
    took and cost) and ``shares`` (one row an item: the share of its run it carries, by printed
    grams), of the runs that the query ``run_ids`` chooses."""
    return sql.of_shares().replace("{runs}", run_ids)
