"""Requests to measure: which, by whom, and for which of a side's rows."""

from dataclasses import dataclass
from itertools import cycle, islice

from benchmarks.load import message


@dataclass(frozen=True)
class Workload:
    """Requests of one kind. ``rows`` are what the address names in turn, in a verb's each once."""

    path: str
    rows: str = ""
    body: str = ""
    method: str = "GET"
    account: str = "account"

    @property
    def is_read(self):
        return self.method == "GET"

    def messages(self, rows, count):
        """So many requests, of a side's rows."""
        if not self.is_read:
            ids = [rows[self.rows].pop() for _ in range(count)]
        else:
            ids = islice(cycle(rows[self.rows] if self.rows else [""]), count)
        account = rows[self.account]
        return [message(self.method, self.path.format(pk), account, self.body) for pk in ids]


def _get(path, rows=""):
    return Workload(f"/api/v1/{path}", rows)


def _post(path, rows, body):
    return Workload(f"/api/v1/{path}", rows, body, "POST", "worker")


def _page(path, rows=""):
    return Workload(path, rows, account="browser")


COMPLETE = _post("production-runs/{}/complete/", "open run", '{"as_planned": true}')
API = {
    "list of 50 spools": _get("spools/"),
    "list of 50 runs with items and materials": _get("production-runs/"),
    "Spoolman's list of 50 spools": Workload("/api/v1/spool?limit=50", account="printer"),
    "one spool": _get("spools/{}/", "spool"),
    "one run": _get("production-runs/{}/", "run"),
    "completion of a run of two spools": COMPLETE,
    "use of a spool": _post("spools/{}/use/", "full spool", '{"grams": "12.5"}'),
    "weighing of a spool": _post(
        "spools/{}/weigh/", "shelved spool", '{"gross_grams": "1100", "confirm": true}'
    ),
    "use of a spool, reported by a printer": Workload(
        "/api/v1/spool/{}/use", "number", '{"use_weight": 12.5}', "PUT", "reporting printer"
    ),
    "floor's first page, 60 printers": _page("/floor/"),
    "admin's first page": _page("/admin/"),
}
# As `count=false` leaves the number of all rows out, which has a row of its own.
GROWTH = {
    "runs: first page": _get("production-runs/?count=false"),
    "runs: last page": _get("production-runs/?page={}&count=false", "last page"),
    "runs: completed": _get("production-runs/?status=completed&count=false"),
    "runs: of a lot": _get("production-runs/?lot={}&count=false", "lot"),
    "runs: of a material type": _get("production-runs/?material_type=PLA&count=false"),
    "runs: by their end": _get("production-runs/?ordering=-finished_at&count=false"),
    "runs: by priority": _get("production-runs/?ordering=-priority&count=false"),
    "runs: search": _get("production-runs/?search={}&count=false", "order"),
    "runs: of a number": _get("production-runs/?number={}&count=false", "number"),
    "runs: of an order": _get("production-runs/?order_reference={}&count=false", "order"),
    "runs: of a spool": _get("production-runs/?spool_id={}&page_size=5&count=false", "spool"),
    "runs: first page with their number": _get("production-runs/"),
    "runs: completed, with their number": _get("production-runs/?status=completed"),
    "one run, grown": _get("production-runs/{}/", "run"),
    "one spool, grown": _get("spools/{}/", "spool"),
    "search in all": _get("find/?q={}", "order"),
    "alerts": _get("reports/alerts/"),
    "variance by month, grown": _get("reports/variance/?group_by=month"),
    "floor: first page": _page("/floor/"),
    "floor: queue": _page("/floor/queue/"),
    "floor: a spool": _page("/floor/spools/{}/", "spool"),
    "admin: first page": _page("/admin/"),
    "admin: runs": _page("/admin/production/productionrun/"),
    "admin: search of runs": _page("/admin/production/productionrun/?q={}", "order"),
    "completion": COMPLETE,
}
# What is proportional to the rows: their number, and the sums of all.
GROWS = {
    *("runs: first page with their number", "runs: completed, with their number"),
    "variance by month, grown",
}
VARIANCE = {
    f"variance {f'by {group}' if group else 'of all'}": _get(
        f"reports/variance/?group_by={group}" if group else "reports/variance/"
    )
    for group in (
        *("", "day", "week", "month", "product", "order", "printer", "person", "status"),
        *("filament", "material_type"),
    )
}
