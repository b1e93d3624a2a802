"""Which requests take long: exports of whole lists, imports, reports over more than a year."""

import re
from datetime import date, timedelta

FILES = re.compile(  # exports of the admin; imports; sheets of labels and travellers; of jobs
    r"/admin/.*/(csv|import|labels|labels/blank|travellers)/"
    r"|/api/v1/.*/(import|import-catalogue|labels|result)/"
    r"|(/d/[^/]*)?/api/v1/export/[a-z]*/?"  # of printers' addresses
)
REPORTS = re.compile(
    r"/api/v1/reports/(consumption|explanation|lot-parts|lots|scrap|unexplained|variance)/"
)
CSV = re.compile(r"(^|&)format=csv(&|$)")
FROM = re.compile(r"(?:^|&)(?:since|finished_from|counted_from)=(\d{4}-\d{2}-\d{2})")
YEAR = timedelta(days=366)


def is_long(path, query, accept, today):
    """Whether a request may take seconds, by its address and its header ``Accept``."""
    if FILES.fullmatch(path) or CSV.search(query) or "text/csv" in accept:
        return True
    return bool(REPORTS.fullmatch(path)) and not _is_recent(query, today)


def _is_recent(query, today):
    try:
        return any(today - date.fromisoformat(day) <= YEAR for day in FROM.findall(query))
    except ValueError:
        return False
