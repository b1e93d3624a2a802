"""Tags among the extra values of the spools of a Spoolman are on the spools that come of them."""

import pytest

from inventory.models import SpoolEvent, SpoolTag
from inventory.services.spools import shelf, tags
from production.services import invariants
from production.spoolman.importing.moving import import_source
from tests.factories import a_spool
from tests.production.spoolman.sources import Spoolman, filament, spool

FIELD = {"name": "Tag", "key": "tag", "field_type": "text"}
RED = filament(1, weight=1000.0)


@pytest.fixture
def there():
    return [
        spool(11, RED, extra={"tag": '"04:a2"'}),
        spool(12, RED, extra={"tag": '"0000"'}),
        spool(13, RED, extra={"tag": '"04:a3,04:a4"'}),
    ]


@pytest.fixture
def moved(farm, there, manager, monkeypatch):
    """Import them; returns the counts of spools by their outcome."""

    def run():
        rows = {"filaments": [RED], "spools": there, "fields": {"spool": [FIELD]}}
        report = import_source(Spoolman(**rows).source(monkeypatch), by=manager)
        assert list(invariants.violations()) == []
        assert report.differently == []
        return report.counts["spool"]

    return run


def bound():
    """``{number of a spool: its tags}``."""
    found = {}
    for tag in SpoolTag.objects.select_related("spool").order_by("uid"):
        found.setdefault(tag.spool.number, []).append(tag.uid)
    return found


def test_they_are_on_the_spools_which_are_untouched_by_them(moved, there):
    assert moved() == {"new": 3}
    assert bound() == {11: ["04A2"], 13: ["04A3", "04A4"]}
    assert not SpoolEvent.objects.exists()
    there[0]["comment"] = "moist"
    assert moved() == {"changed": 1, "unchanged": 2}
    assert bound() == {11: ["04A2"], 13: ["04A3", "04A4"]}


def test_they_change_with_the_values(moved, there):
    moved()
    there[0]["extra"] = {}
    there[1]["extra"] = {"tag": '"04a2"'}
    there[2]["extra"] = {"tag": '"04a4"'}
    assert moved() == {"changed": 3}
    assert bound() == {12: ["04A2"], 13: ["04A4"]}


def test_of_several_with_one_tag_the_newest_that_is_in_use_has_it(moved, there):
    same = {"tag": '"04a2"'}
    there[1]["extra"] = same
    there[2] |= {"extra": same, "archived": True}
    moved()
    assert bound() == {12: ["04A2"]}


def test_one_that_is_on_a_spool_here_stays_there(moved, there, manager):
    mine = a_spool()
    tags.bind(mine, uid="04a2", by=manager)
    assert moved() == {"new": 3}
    mine.refresh_from_db(fields=["number"])
    assert bound() == {mine.number: ["04A2"], 13: ["04A3", "04A4"]}


def test_one_that_was_put_on_here_stays_where_it_was_put(moved, there, manager):
    moved()
    tag = SpoolTag.objects.get(uid="04A2")
    spool = shelf.open(SpoolTag.objects.get(uid="04A3").spool, by=manager)
    tags.bind(spool, uid=tag.uid, moves=True, by=manager)
    assert moved() == {"left": 1, "unchanged": 2}
    assert bound() == {13: ["04A2", "04A3", "04A4"]}
