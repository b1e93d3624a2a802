"""When planned runs will print: one after another on each printer, in the order of the queue."""

from datetime import timedelta

from production.models import ProductionRun


def windows(at):
    """``{run id: (begin, end)}`` of planned runs where both are known. Two queries."""
    return {run: window for run, window in expected(at).items() if window[1] is not None}


def expected(at):
    """``{run id: (begin, end or None)}`` of planned runs that have a printer and whose begin is
    known: after what prints there now, and not before their planned start. What follows a run of
    unknown length has none, also with a planned start: the printer may not be free by then. Two
    queries."""
    printing = ProductionRun.objects.printing().filter(printer__isnull=False)
    columns = ("printer", "started_at", "planned_minutes")
    free = {
        printer: end(started_at, minutes, at)
        for printer, started_at, minutes in printing.values_list(*columns)
    }
    found = {}
    runs = ProductionRun.objects.planned().filter(printer__isnull=False).queue()
    columns = ("pk", "printer", "planned_start_at", "planned_minutes")
    for pk, printer, start, minutes in runs.values_list(*columns):
        begin = free.get(printer, at)
        if begin is None:
            continue
        begin = max(begin, start or begin)
        free[printer] = end(begin, minutes, begin)
        found[pk] = begin, free[printer]
    return found


def end(begin, minutes, at):
    """When a print is over, not before ``at``; None where its minutes are unknown."""
    return None if minutes is None else max(begin + timedelta(minutes=float(minutes)), at)
