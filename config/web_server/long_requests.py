"""Which requests take long: exports of whole lists, imports, files that are passed on to a printer,
reports over more than a year."""

import re
from datetime import date, timedelta
from urllib.parse import parse_qsl

FILES = (
    re.compile(  # exports of the admin; imports; sheets of labels, travellers, stocktakes; of jobs
        r"/admin/.*/(csv|import|labels|labels/blank|travellers|sheet)/"
        r"|/api/v1/.*/(import|import-catalogue|labels|result|sheet)/"
        r"|(/d/[^/]*)?/api/v1/export/[a-z]*/?"  # of printers' addresses
        r"|(/d/[^/]*)?/api/files/local/?"  # a printer that does not answer is waited for
    )
)
REPORTS = re.compile(
    r"/(api/v1|admin)/reports/"
    r"(consumption|cost|explanation|lot-parts|lots|printers|scrap|slicer|unexplained|variance)/"
)
WHOLE = re.compile(r"/(api/v1|admin)/reports/stock-(value|changes)/")  # of the whole ledger
BEGINS = ("since", "finished_from", "counted_from")
YEAR = timedelta(days=366)


def is_long(path, query, accept, today):
    """Whether a request may take seconds, by its address and its header ``Accept``: read as the
    views read them, or as more than they would."""
    given = parse_qsl(query)
    is_csv = any(name == "format" and value.lower() == "csv" for name, value in given)
    if FILES.fullmatch(path) or is_csv or "text/csv" in "".join(accept.lower().split()):
        return True
    if WHOLE.fullmatch(path):
        return True
    return bool(REPORTS.fullmatch(path)) and not _is_recent(given, today)


def _is_recent(given, today):
    """Whether each moment that a report may begin at is within a year, and there is one."""
    days = [value[:10] for name, value in given if name in BEGINS]
    try:
        return bool(days) and all(today - date.fromisoformat(day) <= YEAR for day in days)
    except ValueError:
        return False
