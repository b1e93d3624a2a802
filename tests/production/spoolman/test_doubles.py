"""A spool that was merged into another is that one, to printers that go by its number."""

import pytest

from inventory.models import Spool
from inventory.services.spools import merging, shelf
from tests.factories import a_spool, spools_of_one
from tests.production.spoolman.clients import message, ok
from tests.queries import fresh, violations


@pytest.fixture
def pair(farm):
    """A spool, and the double that was merged into it."""
    kept, double = spools_of_one(2)
    merging.merge(kept, double=double, reason="The same tag", by=None)
    return kept, double


def test_a_double_is_read_as_the_spool_that_it_is(printer, pair):
    kept, double = pair
    assert ok(printer.get(f"spool/{double.number}")) == ok(printer.get(f"spool/{kept.number}"))
    assert [each["id"] for each in ok(printer.get("spool"))] == [kept.number]


def test_a_change_of_a_double_changes_the_spool_that_it_is(printer, pair):
    kept, double = pair
    body = {"lot_nr": "L7", "remaining_weight": 400, "archived": True}
    answer = ok(printer.patch(f"spool/{double.number}", body))
    assert (answer["id"], answer["remaining_weight"]) == (kept.number, 400)
    assert (fresh(kept).lot_number, fresh(kept).is_archived) == ("L7", True)
    assert fresh(double).lot_number == ""
    assert violations() == []


def test_a_double_on_a_scale_is_the_spool_that_it_is(printer, pair):
    kept, double = pair
    tare = kept.tare()
    answer = ok(printer.put(f"spool/{double.number}/measure", {"weight": float(tare) + 300}))
    assert (answer["id"], answer["remaining_weight"]) == (kept.number, 300)
    assert (fresh(kept).remaining_grams, fresh(double).remaining_grams) == (300, 0)
    assert violations() == []


def test_a_double_of_a_double_leads_on(printer, pair):
    kept, double = pair
    last = a_spool(filament=kept.filament)
    merging.merge(last, double=kept, reason="The same tag", by=None)
    assert ok(printer.get(f"spool/{double.number}"))["id"] == last.number


def test_a_double_is_not_taken_away_with_the_spool_that_it_is(printer, pair):
    kept, double = pair
    message(printer.delete(f"spool/{double.number}"), 404)
    assert not fresh(kept).is_removed


def test_a_double_of_what_was_removed_is_not_there(printer, pair):
    kept, double = pair
    shelf.remove(kept, by=None)
    path = f"spool/{double.number}"
    words = f"No spool with ID {double.number} found."
    assert message(printer.get(path), 404) == words
    assert message(printer.patch(path, {"lot_nr": "L7"}), 404) == words
    assert message(printer.put(f"{path}/measure", {"weight": 5}), 400) == "Spool not found."
    assert Spool.objects.present().count() == 0
