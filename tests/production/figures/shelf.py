"""What the shelf, the ledger and its reports ought to say: reckoned from the rows."""

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction

from django.utils import timezone

from tests.production.figures.books import total
from tests.production.figures.sums import GRAMS, MONEY, SOURCES, by_item, by_source, rounded

SPOOL = ("remaining_grams", "reserved_grams", "available_grams")
STOCK = (*SPOOL, "wanted_grams", "used_grams", "free_grams", "short_grams")
PERIODS = {None: "", "day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}
GROUPS = {
    None: lambda books, entry: None,
    "filament": lambda books, entry: entry.spool.filament_id,
    "material_type": lambda books, entry: books.type_of(entry.spool),
    "printer": lambda books, entry: _run_of(books, entry) and _run_of(books, entry).printer_id,
    "person": lambda books, entry: _person_of(books, entry),
}


def _run_of(books, entry):
    return books.runs.get(entry.production_run_id)


def _person_of(books, entry):
    """Who closed its run, without one who booked it."""
    row = _run_of(books, entry)
    return books.closed_by(row) if row else entry.origin.performed_by_id


def spools(books):
    """``{id: what is on it}`` by the ledger, open meters and the lines of the open
    runs."""
    remaining, reserved = defaultdict(Fraction), defaultdict(Fraction)
    for entry in books.entries.values():
        remaining[entry.spool_id] += Fraction(entry.grams)
    for meter in books.meters.values():
        if meter.closed_at is None:
            remaining[meter.spool_id] -= Fraction(meter.grams)
    for run in books.live_runs.values():
        for line in run.lines if not run.is_closed else ():
            reserved[line.spool_id] += Fraction(line.reserved_grams)
    return {
        pk: {
            "remaining_grams": rounded(remaining[pk], GRAMS),
            "reserved_grams": rounded(reserved[pk], GRAMS),
            "available_grams": rounded(remaining[pk] - reserved[pk], GRAMS),
        }
        for pk in books.spools
    }


def stock(books):
    """``{filament: what there is of it}`` on the shelf, and what lines without a spool want."""
    of = {pk: dict.fromkeys(STOCK, Fraction(0)) for pk in books.filaments}
    for pk, figures in spools(books).items():
        spool = books.spools[pk]
        for name in SPOOL if spool.archived_at is None else ():
            of[spool.filament_id][name] += Fraction(figures[name])
    for line in _unassigned(books):
        if line.filament_id:
            of[line.filament_id]["wanted_grams"] += _wanted(books, line)
    since = timezone.now() - timedelta(days=30)
    for entry in books.taken():
        if entry.created_at >= since:
            of[entry.spool.filament_id]["used_grams"] -= Fraction(entry.grams)
    return {pk: _balanced(row) for pk, row in of.items()}


def stock_of_types(books):
    """The same by material type, with what takes any filament of it."""
    of = {pk: dict.fromkeys(STOCK, Fraction(0)) for pk in books.types}
    for pk, row in stock(books).items():
        for name in STOCK:
            of[books.filaments[pk].material_type_id][name] += Fraction(row[name])
    for line in _unassigned(books):
        if line.material_type_id:
            of[line.material_type_id]["wanted_grams"] += _wanted(books, line)
    return {pk: _balanced(row) for pk, row in of.items()}


def _balanced(row):
    row["free_grams"] = row["available_grams"] - row["wanted_grams"]
    row["short_grams"] = max(-row["free_grams"], 0)
    return {name: rounded(row[name], GRAMS) for name in STOCK}


def _unassigned(books):
    open_runs = (run for run in books.live_runs.values() if not run.is_closed)
    return [line for run in open_runs for line in run.lines if line.spool_id is None]


def _wanted(books, line):
    """Grams noted while printing; else of the plan, or those a line was added with after start."""
    if books.runs[line.run_id].status == "in_progress" and line.actual_grams is not None:
        return Fraction(line.actual_grams) + Fraction(line.actual_purge_grams or 0)
    return Fraction(line.planned_grams + line.planned_purge_grams + (line.expected_grams or 0))


def low(books):
    """Ids of the spools that are low, or of a filament that is to be reordered."""
    of_filaments = stock(books)
    return {
        pk
        for pk, spool in books.spools.items()
        if spool.archived_at is None
        if _is_nearly_empty(books, spool) or _is_to_reorder(books, spool.filament_id, of_filaments)
    }


def _is_nearly_empty(books, spool):
    return spool.remaining_grams * 100 <= spool.initial_grams * books.settings.low_stock_percent


def _is_to_reorder(books, pk, of_filaments):
    point = books.filaments[pk].reorder_point_grams
    return point is not None and of_filaments[pk]["available_grams"] <= point


def moments(books):
    """Some moments at which something was posted, and some between."""
    posted = sorted({entry.created_at for entry in books.entries.values()})
    some = posted[:: max(len(posted) // 4, 1)]
    return [*some, *(moment + timedelta(microseconds=1) for moment in some)]


def as_of(books, moment):
    """``{id: grams}`` on the shelf after the entries up to ``moment``."""
    found = {}
    for entry in books.entries.values():
        if entry.created_at <= moment:
            before = found.get(entry.spool_id, 0)
            found[entry.spool_id] = rounded(Fraction(before) + Fraction(entry.grams), GRAMS)
    archived = books.archived_at(moment)
    return {pk: grams for pk, grams in found.items() if pk not in archived}


def unexplained(books):
    """``{filament: what counting found}``; what keeps an earlier count is nobody's count."""
    found = defaultdict(list)
    for entry in books.entries.values():
        if entry.kind == "count" and entry.stands:
            found[entry.spool.filament_id].append(entry)
    return {
        pk: {
            "grams": rounded(total(entry.grams for entry in entries), GRAMS),
            "counts": sum(entry.reason != "compensated" for entry in entries),
        }
        for pk, entries in found.items()
    }


def consumption(books, group_by, period, entries=None):
    """Usage and waste with their reversals, on the day each was posted; of all ``entries``."""
    found = defaultdict(lambda: defaultdict(list))  # by group, then by spool
    for entry in books.entries.values() if entries is None else entries:
        if entry.origin.kind in ("usage", "waste"):
            for key, share in _keys(books, entry, group_by):
                day = date.fromisoformat(books.day(entry.created_at))
                name = day.strftime(PERIODS[period]) if period else None
                found[name, None if key is None else str(key)][entry.spool_id].append(
                    (entry, share)
                )
    rows = {key: list(map(_spool, spools.values())) for key, spools in found.items()}
    consumed = {key: _consumed(each) for key, each in rows.items() if any(map(_moved, each))}
    for key, row in consumed.items():
        row["grams"]["by_source"] = _by_source(books, found[key].values())
    return consumed


def _by_source(books, spools):
    sums, whole = dict.fromkeys(SOURCES, Fraction(0)), Fraction(0)
    for entry, share in (pair for pairs in spools for pair in pairs):
        grams, source = -Fraction(entry.grams) * share, books.source_of(entry)
        whole += grams
        if source:
            sums[source] += grams
    return by_source(sums, whole)


def _keys(books, entry, group_by):
    if group_by not in ("product", "order"):
        return [(GROUPS[group_by](books, entry), Fraction(1))]
    row = _run_of(books, entry)
    run = books.run(row) if row else None
    if run is None or not run.items:
        return [(None, Fraction(1))]
    if group_by == "order":
        of = [(part.items[0].order_reference.upper() or None) for part in by_item(run)]
    else:
        of = [part.items[0].product_id for part in by_item(run)]
    return [(key, part.actual_share) for key, part in zip(of, by_item(run), strict=True)]


def _spool(entries):
    """Used, wasted, cost that is known, and grams of unknown cost: of one spool."""
    grams = [(entry, -Fraction(entry.grams) * share) for entry, share in entries]
    return (
        sum(each for entry, each in grams if entry.origin.kind == "usage"),
        sum(each for entry, each in grams if entry.origin.kind == "waste"),
        sum(entry.cost * share for entry, share in entries if entry.cost is not None),
        sum(each for entry, each in grams if entry.cost is None),
    )


def _moved(spool):
    """Whether grams moved, or their cost was corrected."""
    return any(spool[:3])


def _consumed(spools):
    used, wasted, cost, unknown = map(sum, zip(*spools, strict=True))
    is_known = not any(spool[3] for spool in spools)
    grams = {"usage": used, "waste": wasted, "total": used + wasted}
    return {
        "grams": {name: rounded(value, GRAMS) for name, value in grams.items()},
        "cost": {
            "total": rounded(cost, MONEY) if is_known else None,
            "known_total": rounded(cost, MONEY),
            "grams_of_unknown_cost": rounded(unknown, GRAMS),
        },
    }


def lots(books, lot):
    """``{(run, spool): grams used}`` of a lot: what was booked, and what open runs may take."""
    return {
        (run.row.id, line.spool_id): rounded(_used(run, line), GRAMS)
        for run in books.live_runs.values()
        for line in run.lines
        if line.spool_id and books.spools[line.spool_id].lot_number == lot
        if _used(run, line) or not run.is_closed
    }


def _used(run, line):
    return total(-entry.grams for entry in run.spent.get(line.spool_id, ()))
