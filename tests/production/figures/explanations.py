"""The API's explanations of costs, against what is computed from the rows."""

import re
from decimal import Decimal

from tests.budgets import some_of
from tests.production.figures import explained_groups as groups
from tests.production.figures.books import Books
from tests.production.figures.interfaces import KEYS, OF_ITEMS, in_words, read, report
from tests.production.figures.needs import is_made
from tests.production.figures.parts import MEASURES, PARTS, PLACES, UNKNOWN, as_displayed
from tests.production.figures.sums import rounded
from tests.responses import done

COSTS = ("total", "material", "machine", "energy", "labour")
UNEXPLAINED = dict.fromkeys(MEASURES, UNKNOWN)
CURRENCY = "EUR"
NAMES = ("planned", "actual", "difference")


def answered(api, pk, what="explanation"):
    return done(api.get(f"/api/v1/production-runs/{pk}/{what}/"))


def wrong(api):
    """Differences from what is computed from the rows, as sentences."""
    books = Books()
    every = groups.explained_of(books)
    some = some_of(every, 0, count=8)
    found = (*of_variances(api, some), *of_runs(api, every), *of_reports(api, books, every))
    return in_words(found)


def of_runs(api, every):
    for explained in every:
        found = read(answered(api, explained.row.id))
        names = ("status", "grams", "grams_not_compared", "minutes", "cost")
        varied = {name: found[name] for name in names}
        varied["needs"] = {need["materials"][0]: read(need) for need in found["needs"]}
        varied["items"] = {item["item"]: read(item) for item in found["items"]}
        varied["unknown"] = {each.get("spool", each["what"]) for each in found["unknown"]}
        yield f"explanation of {explained.row.number}", varied, run_of(explained)
        yield f"sentence of {explained.row.number}", *_sums_of(found["sentence"], explained)


def _sums_of(sentence, explained):
    """What a sentence says in figures, and that they add up."""
    whole = explained.whole["total"]
    if whole.difference is None or not is_made(explained.run):
        return None, None
    planned, actual = rounded(whole.planned, 2), rounded(whole.actual, 2)
    first = sentence.split(". ")[0].replace("−", "-")
    amounts = [Decimal(each) for each in re.findall(r"(?:: |, )([+-][0-9.]+) ", first)]
    if planned == actual:
        says = first.startswith(f"{actual} {CURRENCY}, as planned"), sum(amounts)
        return says, (True, 0)
    head = f"{actual} instead of {planned} {CURRENCY} ({actual - planned:+}): "
    return (first.startswith(head), sum(amounts)), (True, actual - planned)


def run_of(explained):
    """What production-runs/{id}/explanation ought to say."""
    row, run, is_open = explained.row, explained.run, explained.is_open
    cost = {name: _object(explained.whole.get(name, UNKNOWN), name) for name in COSTS}
    assumed = None if explained.whole["grams"].actual is None else rounded(run.assumed, 6)
    whole, minutes = explained.whole["grams"], explained.whole["minutes"]
    unmeasured = None if minutes.actual is None else rounded(minutes.assumed, 2)
    needs = [UNEXPLAINED] * len(explained.needs) if is_open else explained.of_needs
    pairs = zip(explained.needs, needs, strict=True)
    return {
        "status": row.status,
        "grams": _grams(whole, whole) | {"assumed": assumed},
        "grams_not_compared": None if whole.is_measured else "not_measured",
        "minutes": _object(minutes, "minutes") | {"assumed": unmeasured},
        "cost": cost,
        "needs": {need.lines[0].id: _need(need, figures) for need, figures in pairs},
        "items": {
            item.id: _item(item, own, whole)
            | {"sku": explained.books.products[item.product_id].sku}
            for item, own in zip(run.items, explained.items, strict=True)
        },
        "unknown": set() if is_open else explained.unknown,
    }


def _object(figures, name, *share):
    return as_displayed(figures, PLACES[name], (*PARTS[name], *share))


def _grams(figures, measured, *share):
    """Without a difference where nobody measured what it would be of."""
    found = _object(figures, "grams", *share)
    if measured.is_measured:
        return found
    return found | {"difference": None, "over": None, "parts": dict.fromkeys(found["parts"])}


def _need(need, figures):
    grams = _grams(figures["grams"], figures["grams"])
    material = _object(figures["material"], "material")
    return {
        "filament": need.filament,
        "material_type": need.wanted_type,
        "materials": [line.id for line in need.lines],
        "planned_cost_per_gram": rounded(need.rate, 8),
        "grams": grams["parts"],
        "cost": material["parts"],
    }


def _item(item, own, whole):
    minutes, cost = (_object(own[name], name, "share") for name in ("minutes", "total"))
    grams = _grams(own["grams"], whole, "share")
    rest = {"grams": grams, "minutes": minutes, "cost": {"total": cost}}
    return {"item": item.id, "product": item.product_id, **rest}


SPLITS = {
    "product": lambda books: groups.by_product,
    "order": lambda books: groups.by_order,
    "filament": lambda books: groups.by_filament,
    "material_type": lambda books: groups.by_material_type,
    **{
        name: lambda books, key=key: groups.wholes(key(books))
        for name, key in KEYS.items()
        if name not in OF_ITEMS
    },
}


def of_reports(api, books, every):
    for group_by, split in SPLITS.items():
        is_of_material = group_by in ("filament", "material_type")
        measures = groups.OF_MATERIAL if is_of_material else MEASURES
        found = report(api, "explanation", group_by=group_by)
        yield f"explanation by {group_by}", found, groups.rows(every, split(books), measures)


def of_variances(api, every):
    """The figures that an explanation divides are those of the variance."""
    for explained in every:
        yield f"variance of {explained.row.number}", *_as_varied(api, explained)


def _as_varied(api, explained):
    """Planned, actual and difference of the run, and what its items cost, by its variance."""
    found, names = read(answered(api, explained.row.id, "variance")), NAMES
    varied = {"grams": found["grams"]["total"], "minutes": found["minutes"], **found["cost"]}
    varied = {name: {each: figures[each] for each in names} for name, figures in varied.items()}
    varied["items"] = {
        item["item"]: {each: read(item["cost"][each]) for each in names} for item in found["items"]
    }
    whole = dict.fromkeys(MEASURES, UNKNOWN) | explained.whole
    expected = {name: _figures(own, PLACES[name]) for name, own in whole.items()}
    if not whole["grams"].is_measured:
        expected["grams"]["difference"] = None
    pairs = zip(explained.run.items, explained.items, strict=True)
    items = {item.id: _figures(own["total"], 4) for item, own in pairs}
    return varied, expected | {"items": items}


def _figures(own, places):
    return {name: rounded(getattr(own, name), places) for name in NAMES}
