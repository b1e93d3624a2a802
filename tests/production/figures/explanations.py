"""What the API says of why runs did not cost what was planned, and what anybody would reckon."""

from tests.production.figures import explained_groups as groups
from tests.production.figures.books import Books
from tests.production.figures.interfaces import read, told
from tests.production.figures.parts import MEASURES, PLACES, UNKNOWN
from tests.production.figures.sums import rounded
from tests.responses import done

NAMES = ("planned", "actual", "difference")


def answered(api, pk, what="explanation"):
    return done(api.get(f"/api/v1/production-runs/{pk}/{what}/"))


def wrong(api):
    """What is not as reckoned from the rows, in words."""
    return told(of_variances(api, groups.explained_of(Books())))


def of_variances(api, every):
    """The figures that an explanation divides are those of the variance."""
    for explained in every:
        yield f"variance of {explained.row.number}", *_as_varied(api, explained)


def _as_varied(api, explained):
    """Planned, actual and difference of the run, and what its items cost, by its variance."""
    found, names = read(answered(api, explained.row.id, "variance")), NAMES
    said = {"grams": found["grams"]["total"], "minutes": found["minutes"], **found["cost"]}
    said = {name: {each: figures[each] for each in names} for name, figures in said.items()}
    said["items"] = {
        item["item"]: {each: read(item["cost"][each]) for each in names} for item in found["items"]
    }
    whole = dict.fromkeys(MEASURES, UNKNOWN) | explained.whole
    expected = {name: _figures(own, PLACES[name]) for name, own in whole.items()}
    pairs = zip(explained.run.items, explained.items, strict=not explained.is_open)
    items = {item.id: _figures(own["total"], 4) for item, own in pairs}
    return said, expected | {"items": items if not explained.is_open else said["items"]}


def _figures(own, places):
    return {name: rounded(getattr(own, name), places) for name in NAMES}
