"""Figures of a farm in every interface, against what is computed from its rows."""

from collections import defaultdict
from csv import DictReader
from decimal import Decimal
from io import StringIO

from production.services.reports.consumption import KEYS as CONSUMPTION_GROUPS
from production.services.reports.scrap import GROUPS as SCRAP_GROUPS
from tests.production.figures import losses, shelf, sums
from tests.production.figures.books import Books, known, total
from tests.responses import done, results

KEYS = {
    None: lambda books: lambda part: None,
    "printer": lambda books: lambda part: _text(part.run.row.printer_id),
    "status": lambda books: lambda part: part.run.row.status,
    "day": lambda books: lambda part: books.day(part.run.row.finished_at),
    "month": lambda books: lambda part: (books.day(part.run.row.finished_at) or "")[:7] or None,
    "week": lambda books: lambda part: books.week(part.run.row.finished_at),
    "person": lambda books: lambda part: _text(books.closed_by(part.run.row)),
    "product": lambda books: lambda part: _text(part.items[0].product_id if part.items else None),
    "order": lambda books: lambda part: order_of(part.items[0] if part.items else None),
}
OF_ITEMS = ("product", "order")


def order_of(item):
    """The key of its order: letters of any case."""
    return item and item.order_reference.upper() or None


def _text(pk):
    return None if pk is None else str(pk)


def read(value):
    """JSON with its figures as Decimals."""
    if isinstance(value, dict):
        return {name: read(each) for name, each in value.items()}
    try:
        return Decimal(value) if isinstance(value, str) else value
    except ArithmeticError:
        return value


def report(api, name, *, by_period=False, **query):
    """The rows of a report by their key, without what only names them."""
    query = {key: value for key, value in query.items() if value is not None} | {"page_size": 200}
    rows = results(api.get(f"/api/v1/reports/{name}/", query))
    named = ("key", "name", "period", "starts_on")
    return {
        (row["period"], row["key"]) if by_period else row["key"]: read(
            {part: figure for part, figure in row.items() if part not in named}
        )
        for row in rows
    }


def differences(found, expected, at=""):
    """Where they differ: ``{place: (found, expected)}``."""
    if not (isinstance(found, dict) and isinstance(expected, dict)):
        return {} if found == expected else {at: (found, expected)}
    every = {}
    for name in found.keys() | expected.keys():
        place = f"{at}/{name}"
        every |= differences(found.get(name, "nothing"), expected.get(name, "nothing"), place)
    return every


def without_material(rows):
    """Without what does not exist by filament: counts, minutes, and cost besides the material."""
    return {
        key: {
            "runs": row["runs"],
            "grams": row["grams"],
            "cost": {"material": row["cost"]["material"]},
            "compared": {
                "grams": row["compared"]["grams"],
                "cost": {"material": row["compared"]["cost"]["material"]},
            },
        }
        for key, row in rows.items()
    }


def reckoned(books, group_by, runs=None):
    runs = list(books.live_runs.values()) if runs is None else runs
    split = sums.by_item if group_by in OF_ITEMS else sums.wholes
    parts = sums.grouped(runs, KEYS[group_by](books), split)
    return {key: sums.variance(each) for key, each in parts.items()}


def by_material(books, of):
    """Rows by what a line is of: its filament, or its material type."""
    runs = books.live_runs.values()
    found = {of(line) for run in runs for line in run.lines}
    return {_text(pk): sums.material(runs, of, pk) for pk in found}


def run_of(run):
    """What production-runs/{id}/variance ought to say in all."""
    costs = run.costs()
    cost = total(costs.values()) if run.is_closed else None
    return {
        "grams": sums.rounded(run.actual, 6),
        "minutes": sums.rounded(run.minutes, 2),
        "cost": sums.rounded(cost, 4),
        "items": {part.items[0].id: _item(part) for part in sums.by_item(run) if part.items},
    }


def _item(part):
    cost = total(part.costs.values()) if part.run.is_closed else None
    good = part.count("good_count")
    per_unit = cost / good if good and cost is not None else None
    return {"cost": sums.rounded(cost, 4), "cost_per_unit": sums.rounded(per_unit, 4)}


def variance_of_run(api, run):
    answer = read(done(api.get(f"/api/v1/production-runs/{run.row.id}/variance/")))
    items = {
        item["item"]: {name: read(item[name]["actual"]) for name in ("cost", "cost_per_unit")}
        for item in answer["items"]
    }
    grams, minutes, cost = answer["grams"]["total"], answer["minutes"], answer["cost"]["total"]
    actual = {"grams": grams["actual"], "minutes": minutes["actual"], "cost": cost["actual"]}
    return actual | {"items": items}


def of_runs(api, books):
    for group_by in KEYS:
        found = report(api, "variance", group_by=group_by)
        yield f"variance by {group_by}", found, reckoned(books, group_by)
    for group_by, of in (("filament", books.filament_of), ("material_type", books.material_of)):
        found = report(api, "variance", group_by=group_by)
        yield f"variance by {group_by}", without_material(found), by_material(books, of)
    for group_by in SCRAP_GROUPS.keys() - {"material_type"}:
        found = report(api, "scrap", group_by=group_by)
        yield f"scrap by {group_by}", found, losses.scrap(books, group_by)
    for run in books.live_runs.values():
        yield f"run {run.row.number} {run.row.status}", variance_of_run(api, run), run_of(run)


def figures_of(rows, names):
    return {row["id"]: {name: Decimal(row[name]) for name in names} for row in rows}


def of_shelf(api, books):
    for group_by in CONSUMPTION_GROUPS:
        for period in shelf.PERIODS:
            found = report(api, "consumption", group_by=group_by, period=period, by_period=True)
            expected = shelf.consumption(books, group_by, period)
            yield f"consumption by {group_by} and {period}", found, expected
    rows = results(api.get("/api/v1/spools/?page_size=200"))
    yield "spools", figures_of(rows, shelf.SPOOL), shelf.spools(books)
    rows = results(api.get("/api/v1/reports/stock/?page_size=200"))
    yield "stock", figures_of(rows, shelf.STOCK), shelf.stock(books)
    rows = results(api.get("/api/v1/reports/stock-by-material-type/?page_size=200"))
    yield "stock by type", figures_of(rows, shelf.STOCK), shelf.stock_of_types(books)
    rows = results(api.get("/api/v1/spools/?is_low=true&page_size=200"))
    yield "low spools", {row["id"] for row in rows}, shelf.low(books)
    for moment in shelf.moments(books):
        rows = results(api.get("/api/v1/spools/", {"as_of": moment.isoformat(), "page_size": 200}))
        found = {row["id"]: Decimal(row["grams_then"]) for row in rows}
        yield f"spools at {moment}", found, shelf.as_of(books, moment)
    for lot in ("A", "B", "C"):
        rows = results(api.get(f"/api/v1/reports/lots/?lot={lot}&page_size=200"))
        found = {(row["run"], row["spool"]): Decimal(row["used_grams"]) for row in rows}
        yield f"lot {lot}", found, shelf.lots(books, lot)
    rows = results(api.get("/api/v1/reports/unexplained/"))
    found = {r["filament"]: {"grams": Decimal(r["grams"]), "counts": r["counts"]} for r in rows}
    yield "unexplained", found, shelf.unexplained(books)


def of_products(api, books):
    for pk, expected in losses.evidence(books).items():
        found = read(done(api.get(f"/api/v1/products/{pk}/proposal/")))
        yield f"proposal of {pk}", {name: found[name] for name in expected}, expected


def table(browser, name, key, *figures):
    """A list of the admin as CSV: ``{key: {name: figure}}``, of all rows."""
    query = "?shelf=all" if "spool" in name else ""
    answer = browser.get(f"/admin/{name}/csv/{query}")
    rows = DictReader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    return {
        row[key]: {name: Decimal(row[name]) if row[name] else None for name in figures}
        for row in rows
    }


def of_tables(browser, books):
    names = ("planned_grams", "actual_grams", "off_plan_percent", "actual_minutes")
    names = (*names, "estimated_grams")
    found = table(browser, "production/productionrun", "number", *names)
    yield "table of runs", found, {run.row.number: _row_of(run) for run in books.live_runs.values()}
    found = table(browser, "production/printer", "name", "minutes_printed")
    yield "minutes of printers", found, _minutes_of_printers(books)
    found = table(browser, "inventory/spool", "code", *shelf.SPOOL)
    codes = {books.spools[pk].code: figures for pk, figures in shelf.spools(books).items()}
    yield "table of spools", found, codes


def _row_of(run):
    pairs = [(run.planned, run.actual)] if run.planned and run.is_measured else []
    percent = sums.both(pairs, 6)["percent"]
    figures = sums.rounded(run.planned, 6), sums.rounded(run.actual, 6), percent, run.minutes
    names = ("planned_grams", "actual_grams", "off_plan_percent", "actual_minutes")
    estimated = sums.rounded(run.assumed, 6) if run.is_booked else None
    return dict(zip(names, figures, strict=True), estimated_grams=estimated)


def _minutes_of_printers(books):
    minutes = defaultdict(list)
    for run in books.live_runs.values():
        minutes[run.row.printer_id].append(run.minutes)
    rows = books.printers.values()
    return {row.name: {"minutes_printed": known(minutes[row.id])} for row in rows}


PARTS = {
    "tables": lambda api, browser, books: of_tables(browser, books),
    "runs": lambda api, browser, books: of_runs(api, books),
    "shelf": lambda api, browser, books: of_shelf(api, books),
    "products": lambda api, browser, books: of_products(api, books),
}


def wrong(api, browser, parts=PARTS):
    """Every figure of an interface that differs from the rows of the farm, as a sentence."""
    books = Books()
    return in_words(each for part in parts for each in PARTS[part](api, browser, books))


def in_words(found):
    """The pairs of ``(name, of the interface, of the books)`` that differ, as sentences."""
    return [
        f"{what}{place}: says {says}, is {is_really}"
        for what, *pair in found
        for place, (says, is_really) in sorted(differences(*pair).items())
    ]
