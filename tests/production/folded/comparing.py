"""What is kept, and the reports with it and without."""

from datetime import date, timedelta

from django.utils import timezone

from production.models import FoldedDays, ProductionRun
from production.services.figures import checking, folding
from production.services.reports import folded
from production.services.reports.folded import DIMENSIONS, REPORTS, Chosen

ALL = Chosen()


def fold(at=None):
    """Keep all days until before tomorrow, or the day after a moment."""
    at = (at or timezone.now()) + timedelta(days=1)
    while folding.fold_some(at=at):
        pass
    return FoldedDays.objects.get()


def different(chosen=ALL, runs=None, groups=tuple(DIMENSIONS)):
    """The reports that are not the same with what is kept as without, by table and group."""
    runs = ProductionRun.objects.live() if runs is None else runs
    found = []
    for report in REPORTS:
        for group_by in groups:
            with_sums = folded.rows(report, runs, group_by=group_by, chosen=chosen)
            if together(with_sums) != together(folded.rows(report, runs, group_by=group_by)):
                found.append((report.table, group_by))
    return found


def different_pages(groups):
    """The reports whose pages of the sums are not the groups of the whole, in their order; each
    page has half of them at most, and one is after the last."""
    runs, found = ProductionRun.objects.live(), []
    for report in REPORTS:
        for group_by in groups:
            which = {"group_by": group_by, "chosen": ALL}
            whole = folded.rows(report, runs, **which)
            keys = list(dict.fromkeys(row["key"] for row in whole))
            size = max(len(keys) // 2, 1)
            pages = [
                folded.page(report, runs, start, start + size, **which)
                for start in range(0, len(keys), size)
            ]
            expected = [keys[start : start + size] for start in range(0, len(keys), size)]
            rows = [row for page, _count in pages for row in page]
            counts = [row.pop("groups") for row in rows]
            found += [(report.table, group_by, len(keys))] * (
                [list(dict.fromkeys(row["key"] for row in page)) for page, _count in pages]
                != expected
                or together(rows) != together(whole)
                or {*counts, *(count for _page, count in pages)} != {len(keys)}
                or folded.page(report, runs, len(keys), len(keys) + size, **which) != ([], None)
            )
    return found


def together(rows):
    """The rows of a report, in no order."""
    return sorted(
        ({name: value for name, value in row.items() if value} for row in rows), key=repr_of
    )


def repr_of(row):
    return sorted((name, str(value)) for name, value in row.items())


def wrong():
    return [str(violation) for violation in checking.violations()]


def day(text):
    return date.fromisoformat(text)
