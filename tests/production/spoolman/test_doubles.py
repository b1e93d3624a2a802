"""What was merged into another is that one, to printers that go by its number."""

import pytest

from inventory.models import Spool
from inventory.services import filament_merging
from inventory.services import filaments as filaments_of_farm
from inventory.services.spools import merging, shelf
from tests.factories import a_spool, spools_of_one
from tests.production.spoolman.clients import message, ok
from tests.production.verbs.stories import a_double
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


# --- Filaments ----------------------------------------------------------------------------------


@pytest.fixture
def filaments(farm):
    """A filament, and the double that was merged into it, with their numbers."""
    filament, double = a_double()
    filament_merging.merge(filament, double=double, reason="Made by a bridge", by=None)
    return fresh(filament), fresh(double)


def test_a_double_is_read_and_changed_as_the_filament_that_it_is(printer, filaments):
    filament, double = filaments
    path = f"filament/{double.number}"
    assert ok(printer.get(path))["id"] == filament.number
    assert [each["id"] for each in ok(printer.get("filament"))] == [filament.number]
    answer = ok(printer.patch(path, {"comment": "Ours"}))
    assert (answer["id"], fresh(filament).comment) == (filament.number, "Ours")
    message(printer.delete(path), 404)
    assert not fresh(filament).is_removed


def test_a_spool_of_the_double_is_of_the_filament(printer, filaments):
    filament, double = filaments
    made = ok(printer.post("spool", {"filament_id": double.number}))
    assert made["filament"]["id"] == filament.number
    other = a_spool()
    changed = ok(printer.patch(f"spool/{other.number}", {"filament_id": double.number}))
    assert changed["filament"]["id"] == filament.number


def test_spools_are_found_by_the_number_of_the_double(printer, filaments):
    filament, double = filaments
    spool, _other = a_spool(filament=filament), a_spool()
    for name in ("filament.id", "filament_id"):
        for numbers in (filament.number, double.number, f"{double.number},999"):
            found = ok(printer.get("spool", {name: str(numbers)}))
            assert [each["id"] for each in found] == [spool.number], (name, numbers)


def test_a_double_of_a_filament_that_was_removed_is_not_there(printer, filaments):
    filament, double = filaments
    filaments_of_farm.remove(filament, by=None)
    words = f"No filament with ID {double.number} found."
    assert message(printer.get(f"filament/{double.number}"), 404) == words
    assert message(printer.post("spool", {"filament_id": double.number}), 404) == words


def test_a_label_by_number_leads_to_what_the_double_is(at_admin, filaments, pair):
    for (target, double), kind in ((filaments, "filament"), (pair, "spool")):
        found, other = (at_admin.get(f"/{kind}/show/{row.number}") for row in (target, double))
        assert (found.status_code, other.status_code) == (302, 302)
        assert other["Location"] == found["Location"]
