"""When planned runs will print: one after another on each printer, in the order of the queue."""

from datetime import timedelta

from production.models import ProductionRun


def windows(at):
    """``{run id: (begin, end)}`` of planned runs where both are known. Two queries."""
    return {run: window for run, window in expected(at).items() if window[1] is not None}


def expected(at):
    """``{run id: (begin, end or None)}`` of planned runs that have a printer and whose begin is
    known: after what prints there now, and not before their planned start. Two queries."""
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
        if start is not None and (begin is None or start > begin):
            begin = start
        free[printer] = begin and end(begin, minutes, begin)
        if begin is not None:
            found[pk] = begin, free[printer]
    return found


def end(begin, minutes, at):
    """When a print is over, not before ``at``; None where its minutes are unknown."""
    return None if minutes is None else max(begin + timedelta(minutes=float(minutes)), at)
