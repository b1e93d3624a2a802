"""Spools that are there already get the place and the weight of their lines, when asked to."""

import pytest

from inventory import codes
from inventory.models import InventoryTransaction, Location, Spool, SpoolEvent
from inventory.services.spools import consumption, shelf
from tests.factories import a_filament, make_user
from tests.inventory.tables import results_by_line, spools
from tests.queries import violations
from tests.responses import done, refused

pytestmark = pytest.mark.usefixtures("farm")
COLUMNS = ["name", "code", "lot", "location", "remaining"]


@pytest.fixture
def there(farm):
    """A spool that was imported."""
    a_filament("Red", net_grams=1000)
    for name in ("Shelf A", "Shelf B"):
        Location.objects.create(name=name)
    code = codes.generate()
    spools(COLUMNS, ["Red", code, "L-1", "Shelf A", "900"])
    return Spool.objects.get()


def line_of(spool, place, left):
    return ["Red", spool.code, "L-1", place, left]


def test_place_and_weight_of_a_line_are_a_move_and_a_count(there, operator):
    report = spools(COLUMNS, line_of(there, "Shelf B", "400"), update=True, by=operator)
    assert (report.count("updated"), report.receipt) == (1, None)
    assert results_by_line(report)[2] == (
        f"Spool {there.code} is there already; updated: 400 g left, before 900 g, "
        "at Shelf B, before at Shelf A."
    )
    there.refresh_from_db()
    assert (there.remaining_grams, there.location.name) == (400, "Shelf B")
    entry = InventoryTransaction.objects.latest("pk")
    assert (entry.kind, entry.grams, entry.reason) == ("count", -500, "weighed")
    assert (entry.source, entry.performed_by) == ("import", operator)
    event = SpoolEvent.objects.latest("pk")
    assert (event.verb, event.before, event.after) == ("moved", "Shelf A", "Shelf B")
    assert str(report) == "0 created, 1 updated, 0 unchanged, 0 refused"
    assert violations() == []


def test_what_is_the_same_leaves_no_trace(there):
    entries = InventoryTransaction.objects.count()
    report = spools(COLUMNS, line_of(there, "shelf a", "900"), update=True)
    assert report.count("unchanged") == 1
    assert (InventoryTransaction.objects.count(), SpoolEvent.objects.count()) == (entries, 0)


def test_nothing_is_updated_without_being_asked_for_nor_in_a_dry_run(there):
    for options in ({}, {"update": True, "dry_run": True}):
        spools(COLUMNS, line_of(there, "Shelf B", "400"), **options)
        there.refresh_from_db()
        assert (there.remaining_grams, there.location.name) == (900, "Shelf A")


def test_a_line_without_a_figure_posts_no_count(there):
    consumption.use(there, grams=100, by=None)
    spools(COLUMNS, line_of(there, "Shelf B", ""), update=True)
    there.refresh_from_db()
    assert (there.remaining_grams, there.location.name) == (800, "Shelf B")


def test_a_spool_that_can_not_be_updated_is_refused_with_the_reason(there):
    shelf.archive(there, by=None, discard=True)
    report = spools(COLUMNS, line_of(there, "Shelf B", "400"), update=True)
    assert "is archived since" in results_by_line(report)[2][""]


def test_of_several_alike_none_is_updated_without_a_label(there):
    columns, line = ["name", "lot", "remaining"], ["Red", "L-9", "500"]
    spools(columns, line, line)
    report = spools(columns, ["Red", "L-9", "300"], update=True)
    assert results_by_line(report)[2] == (
        "Several spools are like it: to update one, name its code."
    )
    assert report.count("unchanged") == 1
    spools(columns, ["Red", "L-8", "500"])
    assert spools(columns, ["Red", "L-8", "300"], update=True).count("updated") == 1


def test_the_api_updates_when_it_is_asked_to(api, there):
    def send(key):
        content = f"name,code,lot,remaining\nRed,{there.code},L-1,400\n"
        return api.generic(
            "POST",
            "/api/v1/spools/import/?update=true",
            content,
            content_type="text/csv",
            headers={"Idempotency-Key": key},
        )

    assert done(send("a"))["updated_count"] == 1
    api.force_authenticate(make_user(role="viewer"))
    refused(send("b"), 403, "permission_denied")
