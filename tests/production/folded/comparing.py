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
