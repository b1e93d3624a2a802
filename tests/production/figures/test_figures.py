"""What every face says of a farm is what anybody would reckon from its rows."""

from decimal import Decimal

import pytest

from tests.answers import results
from tests.production.figures import sums
from tests.production.figures.books import Books
from tests.production.figures.month import Month

SEEDS = range(4)
KEYS = {
    None: lambda books: lambda part: None,
    "printer": lambda books: lambda part: _text(part.run.row.printer_id),
    "status": lambda books: lambda part: part.run.row.status,
    "day": lambda books: lambda part: books.day(part.run.row.finished_at),
    "month": lambda books: lambda part: (books.day(part.run.row.finished_at) or "")[:7] or None,
    "product": lambda books: lambda part: _text(part.items[0].product_id if part.items else None),
}


def _text(pk):
    return None if pk is None else str(pk)


def read(told):
    """JSON with its figures as Decimals."""
    if isinstance(told, dict):
        return {name: read(each) for name, each in told.items()}
    try:
        return Decimal(told) if isinstance(told, str) else told
    except ArithmeticError:
        return told


def report(api, name, **asked):
    """The rows of a report by their key, without what only names them."""
    asked = {key: value for key, value in asked.items() if value is not None} | {"page_size": 200}
    rows = results(api.get(f"/api/v1/reports/{name}/", asked))
    named = ("key", "name")
    return {
        row["key"]: read({part: said for part, said in row.items() if part not in named})
        for row in rows
    }


def differences(found, told, at=""):
    """Where they differ: ``{place: (found, told)}``."""
    if not (isinstance(found, dict) and isinstance(told, dict)):
        return {} if found == told else {at: (found, told)}
    every = {}
    for name in found.keys() | told.keys():
        place = f"{at}/{name}"
        every |= differences(found.get(name, "nothing"), told.get(name, "nothing"), place)
    return every


def told_alone(rows):
    """Without what is not told by filament: counts, minutes, and cost besides the material."""
    told = ("runs", "grams")
    material = {key: {"cost": {"material": row["cost"]["material"]}} for key, row in rows.items()}
    return {key: {name: row[name] for name in told} | material[key] for key, row in rows.items()}


def reckoned(books, group_by, runs=None):
    runs = list(books.told.values()) if runs is None else runs
    split = sums.by_item if group_by == "product" else sums.wholes
    parts = sums.grouped(runs, KEYS[group_by](books), split)
    return {key: sums.variance(each) for key, each in parts.items()}


def by_filament(books):
    runs = books.told.values()
    filaments = {books.filament_of(line) for run in runs for line in run.lines}
    return {_text(pk): sums.filament(books, runs, pk) for pk in filaments}


def faces(api, books):
    """``(what it is, what the face says, what the books say)``."""
    for group_by in KEYS:
        found = report(api, "variance", group_by=group_by)
        yield f"variance by {group_by}", found, reckoned(books, group_by)
    found = report(api, "variance", group_by="filament")
    yield "variance by filament", told_alone(found), by_filament(books)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_figure_is_as_reckoned_from_the_rows(api, seed):
    Month(seed).live(60)
    wrong = [
        f"{what}{place}: says {found}, is {told}"
        for what, *pair in faces(api, Books())
        for place, (found, told) in sorted(differences(*pair).items())
    ]
    assert not wrong, "\n".join(wrong)
