"""Why many runs did not cost what was planned: exact parts of runs, summed, then rounded once."""

from collections import Counter, defaultdict
from fractions import Fraction

from tests.production.figures.explaining import Explained
from tests.production.figures.parts import MEASURES, NOTHING, PARTS, PLACES, UNKNOWN, as_displayed
from tests.production.figures.sums import rounded

OF_MATERIAL = ("grams", "material")  # all that is known by filament or material type


def not_compared(explained, measure, split=None):
    """Why a run is not compared in a measure; None where it is."""
    if explained.is_open:
        return "open"
    if not explained.is_booked:
        return "nothing_booked"
    if not explained.whole["grams"].planned:
        return "no_plan"
    if measure == "grams" and not _is_measured(explained, split):
        return "not_measured"
    if measure not in explained.whole:
        return "not_kept"
    if explained.whole[measure].difference is not None:
        return None
    of_price = measure in ("material", "total") and explained.whole["material"].difference is None
    return "unknown_price" if of_price else "unknown_minutes"


def _is_measured(explained, split):
    """By filament or material type: some grams of each need that took any."""
    of_needs = explained.of_needs if split in (by_filament, by_material_type) else ()
    every = [explained.whole, *of_needs]
    return all(figures["grams"].is_measured for figures in every)


def explained_of(books, runs=None):
    runs = books.live_runs.values() if runs is None else runs
    return [Explained(books, run) for run in runs]


def wholes(key):
    """``(key, figures)`` of each run, by a key of it."""
    return lambda explained: [(key(explained), explained.whole)]


def by_product(explained):
    items = explained.run.items
    if not items:
        return [(None, explained.whole)]
    pairs = zip(items, explained.items, strict=True)
    return [(str(item.product_id), own) for item, own in pairs]


def by_order(explained):
    items = explained.run.items
    if not items:
        return [(None, explained.whole)]
    pairs = zip(items, explained.items, strict=True)
    return [(item.order_reference.upper() or None, own) for item, own in pairs]


def by_material_type(explained):
    """That of its filament, else what it requires."""
    filaments = explained.books.filaments
    keys = [
        need.wanted_type if pk is None else filaments[pk].material_type_id
        for need in explained.needs
        for pk in [filament_of(need)]
    ]
    return [
        (_text(key), own)
        for key, (_filament, own) in zip(keys, by_filament(explained), strict=True)
    ]


def by_filament(explained):
    figures = [{}] * len(explained.needs) if explained.is_open else explained.of_needs
    pairs = zip(explained.needs, figures, strict=True)
    return [(_text(filament_of(need)), own) for need, own in pairs]


def filament_of(need):
    """That with most planned grams, then the lowest id; of a need without plan its spool's."""
    spools, grams = need.books.spools, defaultdict(Fraction)
    for line in need.lines:
        pk = line.planned_spool_id or line.spool_id
        filament = spools[pk].filament_id if pk else line.filament_id
        grams[filament] += Fraction(line.planned_grams) + Fraction(line.planned_purge_grams)
    return min(grams, key=lambda pk: (-grams[pk], pk is None, pk))


def _text(pk):
    return None if pk is None else str(pk)


def rows(every, split, measures=MEASURES):
    """``{key: row}`` of reports/explanation, without what only names a row."""
    groups = defaultdict(list)
    for explained in every:
        for key, figures in split(explained):
            groups[key].append((explained, figures))
    return {key: _row(pairs, measures, split) for key, pairs in groups.items()}


def _row(pairs, measures, split):
    is_shared = split in (by_product, by_order)
    names = {name: (*PARTS[name], "share") for name in measures} if is_shared else {}
    row = {name: _measure(name, pairs, names.get(name, PARTS[name]), split) for name in measures}
    cost = {name: row.pop(name) for name in measures if name not in ("grams", "minutes")}
    return {"runs": len({explained.row.id for explained, _ in pairs}), **row, "cost": cost}


def _measure(name, pairs, names, split):
    """Sums over the runs that are compared in it, and how many those are."""
    reasons = {explained.row.id: not_compared(explained, name, split) for explained, _ in pairs}
    counts = Counter(reasons.values())
    compared = counts.pop(None, 0)
    chosen = [figures[name] for each, figures in pairs if reasons[each.row.id] is None]
    whole = sum(chosen, NOTHING) if compared else UNKNOWN
    has_assumed = name in ("grams", "minutes")
    assumed = {"assumed": rounded(whole.assumed, PLACES[name])} if has_assumed else {}
    displayed = as_displayed(whole, PLACES[name], names) | assumed
    return displayed | {"compared": compared, "not_compared": dict(counts)}
