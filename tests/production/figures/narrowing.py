"""Reports narrowed in every way there is, and in every two of them."""

from itertools import combinations

from tests.production.figures import interfaces, losses, shelf


def of_runs(api, books):
    """Variance and scrap: ``(name, figure of the interface, figure of the books)``."""
    for query, fits, is_one in _chosen(_ways_of_runs(books)):
        runs = [run for run in books.live_runs.values() if fits(run)]
        for group_by in (None, "product") if is_one else (None,):
            found = interfaces.report(api, "variance", group_by=group_by, **query)
            yield f"variance {group_by} {query}", found, interfaces.reckoned(books, group_by, runs)
        if is_one:
            found = interfaces.report(api, "scrap", group_by="month", **query)
            yield f"scrap {query}", found, losses.scrap(books, "month", runs)


def of_entries(api, books):
    """Consumption."""
    for query, fits, is_one in _chosen(_ways_of_entries(books)):
        entries = [entry for entry in books.entries.values() if fits(entry)]
        for group_by in ("filament", "product") if is_one else ("filament",):
            found = interfaces.report(
                api, "consumption", by_period=True, group_by=group_by, **query
            )
            expected = shelf.consumption(books, group_by, None, entries)
            yield f"consumption {group_by} {query}", found, expected


def _chosen(ways):
    """``(parameters, whether a row matches, whether it is one way alone)``."""
    for chosen in (*combinations(ways, 1), *combinations(ways, 2)):
        query = {name: value for way, _ in chosen for name, value in way.items()}
        conditions = [fits for _, fits in chosen]
        yield (
            query,
            lambda row, all_of=conditions: all(fits(row) for fits in all_of),
            len(chosen) == 1,
        )


def _ways_of_runs(books):
    spool = next(iter(books.spools.values()))
    printer = next(iter(books.printers))
    product = next(iter(books.products))
    day = "2026-03-05"
    return [
        ({"status": "completed,failed"}, lambda run: run.is_booked),
        ({"printer": printer}, lambda run: run.row.printer_id == printer),
        ({"product_id": product}, lambda run: product in {i.product_id for i in run.items}),
        ({"spool_id": spool.id}, lambda run: spool.id in {each.spool_id for each in run.lines}),
        ({"lot": "b"}, lambda run: "B" in {_lot(books, line) for line in run.lines}),
        ({"material_type_code": "petg"}, lambda run: "PETG" in _types(books, run)),
        ({"order_reference": "A-1"}, lambda run: "A-1" in {i.order_reference for i in run.items}),
        ({"finished_from": day}, lambda run: (books.day(run.row.finished_at) or "") >= day),
        ({"finished_to": day}, lambda run: (books.day(run.row.finished_at) or "9") <= day),
        ({"start_date": day}, lambda run: books.day(run.row.scheduled_at) >= day),
        ({"end_date": day}, lambda run: books.day(run.row.scheduled_at) <= day),
    ]


def _lot(books, line):
    return books.spools[line.spool_id].lot_number if line.spool_id else None


def _types(books, run):
    """Codes of what its lines ask for, and of what is on their spools."""
    ids = {line.material_type_id for line in run.lines}
    named = {line.filament_id for line in run.lines} | {
        books.filament_of(line) for line in run.lines
    }
    ids |= {books.filaments[pk].material_type_id for pk in named - {None}}
    return {books.types[pk].code for pk in ids - {None}}


def _ways_of_entries(books):
    spool, printer = next(iter(books.spools.values())), next(iter(books.printers))
    run = max(entry.production_run_id or 0 for entry in books.entries.values())
    filament, day = spool.filament_id, "2026-03-05"
    maker = books.filaments[filament].manufacturer_id
    makers = {pk: row.manufacturer_id for pk, row in books.filaments.items()}
    printers = {pk: row.printer_id for pk, row in books.runs.items()}
    orders = {each.run_id for each in books.items.values() if each.order_reference == "A-1"}
    return [
        ({"kind": "usage"}, lambda entry: entry.origin.kind == "usage"),
        ({"spool": spool.id}, lambda entry: entry.spool_id == spool.id),
        ({"filament": filament}, lambda entry: entry.spool.filament_id == filament),
        ({"manufacturer": maker}, lambda entry: makers[entry.spool.filament_id] == maker),
        (
            {"material_type_code": "petg"},
            lambda e: books.types[books.type_of(e.spool)].code == "PETG",
        ),
        ({"lot": "b"}, lambda entry: entry.spool.lot_number == "B"),
        ({"run": run}, lambda entry: entry.production_run_id == run),
        ({"printer": printer}, lambda entry: printers.get(entry.production_run_id) == printer),
        ({"order_reference": "A-1"}, lambda entry: entry.production_run_id in orders),
        ({"since": day}, lambda entry: books.day(entry.created_at) >= day),
        ({"until": day}, lambda entry: books.day(entry.created_at) <= day),
    ]
