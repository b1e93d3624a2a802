"""Why runs did not cost what was planned: as designed, and as reckoned from the rows."""

from decimal import Decimal

import pytest

from tests.production.figures.books import Books
from tests.production.figures.cases import CASES
from tests.production.figures.examples import EXAMPLES, hooks, rates, spool
from tests.production.figures.explained_groups import explained_of, rows, wholes
from tests.production.figures.explaining import Explained
from tests.production.figures.explanations import of_reports, of_runs
from tests.production.figures.interfaces import in_words
from tests.production.figures.parts import PARTS, PLACES, as_displayed

STORIES = EXAMPLES | CASES


def explained(run):
    books = Books()
    return Explained(books, books.live_runs[run.pk])


def typed(figures, names):
    """``planned actual part value ...`` as `as_displayed` has it, without what follows from it."""
    planned, actual, *rest = figures.split()
    parts = dict(zip(rest[::2], rest[1::2], strict=True))
    return {
        "planned": number(planned),
        "actual": number(actual),
        "parts": {name: number(parts.pop(name, "0")) for name in names},
    }


def number(word):
    return None if word == "-" else Decimal(word)


def as_typed(figures, measure, names):
    found = as_displayed(figures, PLACES[measure], names)
    return {name: found[name] for name in ("planned", "actual", "parts")}


@pytest.mark.parametrize("name", STORIES)
def test_a_run_is_explained_as_designed(api, name):
    story, figures = STORIES[name]
    rates()
    found = explained(story())
    wrong = in_words(of_runs(api, [found]))
    assert not wrong, "\n".join(wrong)
    for measure in figures.keys() & PARTS.keys():
        names, expected = PARTS[measure], figures[measure]
        if expected is None:
            assert measure not in found.whole
        else:
            assert as_typed(found.whole[measure], measure, names) == typed(expected, names), measure
    names = (*PARTS["total"], "share")
    for item, expected in zip(found.items, figures.get("items", found.items), strict=True):
        if "items" in figures:
            assert as_typed(item["total"], "total", names) == typed(expected, names)


@pytest.mark.parametrize("name", [name for name in CASES if "family" in name])
def test_reports_know_families(api, name):
    CASES[name][0]()
    books = Books()
    wrong = in_words(of_reports(api, books, explained_of(books)))
    assert not wrong, "\n".join(wrong)


GROUP = {  # measure: figures, over, how many are compared, how many are not and why
    "total": (
        "28.7100 20.0150 output -11.3500 lost 1.0200 usage 1.6100 time 0.0250",
        "2.6550",
        3,
        {"open": 1, "no_plan": 1, "unknown_price": 1},
    ),
    "machine": (
        "11.6100 8.4850 output -3.7500 lost 0.6000 time 0.0250",
        "0.6250",
        4,
        {"open": 1, "no_plan": 1},
    ),
    "grams": (
        "705 677.5 output -130 lost 21 usage 81.5",
        "102.5",
        4,
        {"open": 1, "no_plan": 1},
    ),
}


def live_through_a_group():
    """Runs of all kinds, and one that is not over yet."""
    for name in ("E1", "E7", "E8", "E10", "E14"):
        rates()
        EXAMPLES[name][0]()
    hooks((spool(), 100))


def test_many_runs_are_explained_as_designed(api):
    live_through_a_group()
    books = Books()
    every = explained_of(books)
    (row,) = rows(every, wholes(lambda explained: None)).values()
    for measure, (figures, over, compared, others) in GROUP.items():
        found = row["cost"].get(measure) or row[measure]
        expected = typed(figures, PARTS[measure])
        assert {name: found[name] for name in expected} == expected
        assert (found["over"], found["compared"]) == (Decimal(over), compared)
        assert found["not_compared"] == others
    wrong = in_words(of_reports(api, books, every))
    assert not wrong, "\n".join(wrong)
