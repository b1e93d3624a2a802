"""Tables out of a spreadsheet: good lines come in, bad ones are named, nothing gets lost."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from inventory import codes
from inventory.models import InventoryTransaction, Location, Spool
from inventory.services import ledger
from inventory.services.spools import shelf
from tenants.operations.operation import source
from tests.budgets import LINES
from tests.factories import a_filament, a_manufacturer, a_material_type, a_spool
from tests.inventory.tables import columns_refused, import_spools, results_by_line, spools
from tests.queries import queries_of, violations

pytestmark = pytest.mark.usefixtures("farm")


@pytest.fixture
def red(farm):
    return a_filament("Red", external_id="polyfil_red", net_grams=Decimal(1000))


# --- Spools ------------------------------------------------------------------------------------


def test_each_line_is_a_spool_with_its_receipt(red, operator):
    Location.objects.create(name="Shelf 1")
    report = spools(
        ["Filament", "Initial grams", "Price (EUR)", "Lot", "received_on", "Location", "comment"],
        ["Red", "750", "19,99", "L-7", "2026-03-01", "shelf 1", "A gift, not bought"],
        ["red", "", "", "", "1.3.2026", "", ""],
        by=operator,
    )
    assert str(report) == "2 created, 0 filled in, 0 unchanged, 0 refused"
    first, second = Spool.objects.order_by("pk")
    assert (first.filament, first.remaining_grams, first.price) == (red, 750, Decimal("19.99"))
    assert (first.lot_number, first.received_on) == ("L-7", date(2026, 3, 1))
    assert (first.location.name, first.comment) == ("Shelf 1", "A gift, not bought")
    assert (second.initial_grams, second.received_on) == (1000, date(2026, 3, 1))
    entries = InventoryTransaction.objects.order_by("pk")
    assert [(entry.kind, entry.grams) for entry in entries] == [("receipt", 750), ("receipt", 1000)]
    assert {(entry.source, entry.performed_by) for entry in entries} == {("import", operator)}
    assert violations() == []
    assert source.get() == "system"


def test_a_quoted_cell_may_hold_the_separator(red):
    report = import_spools(b'name,price,comment\nRed,"19,99","a; b, c"\n', by=None)
    assert report.refused == []
    assert (Spool.objects.get().price, Spool.objects.get().comment) == (
        Decimal("19.99"), "a; b, c",
    )  # fmt: skip


def test_good_lines_come_in_and_bad_ones_say_everything_that_is_wrong(red):
    report = spools(
        ["name", "initial_grams", "price", "received_on", "location"],
        ["Red", "1000", "20", "", ""],
        ["Reed", "1000", "", "", ""],
        ["Red", "0", "-1", "31.2.2026", ""],
        ["Red", "a lot", "", "03/04/2026", ""],
        ["Red", "1000", "", "", "The moon"],
        ["Red", "500", "", "", ""],
    )
    assert Spool.objects.count() == 2
    assert columns_refused(report) == {
        3: ["name"],
        4: ["initial_grams", "price", "received_on"],
        5: ["initial_grams", "received_on"],
        6: ["location"],
    }
    lines = results_by_line(report)
    assert "Did you mean Polyfil Red (PLA)?" in lines[3]["name"]
    assert "may be day and month, or month and day" in lines[5]["received_on"]
    assert lines[2] == "A spool of Polyfil Red, 1000 g."
    assert violations() == []


def test_a_dry_run_says_the_same_and_leaves_nothing(red):
    lines = ["name", "initial_grams"], ["Red", "1000"], ["Red", "x"]
    tried = spools(*lines, dry_run=True).as_dict()
    assert not Spool.objects.exists()
    done = spools(*lines).as_dict()
    assert (tried.pop("dry_run"), done.pop("dry_run")) == (True, False)
    created = done["lines"][0]
    assert (created["id"], created["code"]) == (Spool.objects.get().pk, Spool.objects.get().code)
    assert created["ids"] == [created["id"]]
    created["id"] = created["code"] = done["receipt"] = None
    created["ids"] = []
    assert tried == done


def test_a_filament_is_named_by_its_id_or_by_as_much_as_it_takes():
    other = a_manufacturer("Other")
    mine, theirs = a_filament("Red"), a_filament("Red", manufacturer=other, external_id="x1")
    petg = a_filament("Red", material_type=a_material_type("PETG"))
    thick = a_filament("Red", diameter_mm=Decimal("2.85"))
    report = spools(
        ["external_id", "manufacturer", "filament", "material", "diameter"],
        ["x1", "", "", "", ""],
        ["", "other", "RED", "", ""],
        ["", "Polyfil", "red", "petg", ""],
        ["", "Polyfil", "Red", "PLA", "1,75"],
        ["", "Polyfil", "Red", "PLA", "2,85"],
        ["", "", "Red", "", ""],
        ["x2", "", "Red", "", ""],
        ["", "Polyfil", "", "", ""],
    )
    found = [spool.filament for spool in Spool.objects.order_by("pk")]
    assert found == [theirs, theirs, petg, mine, thick]
    assert columns_refused(report) == {7: ["name"], 8: ["external_id"], 9: ["name"]}
    assert results_by_line(report)[7]["name"].startswith("4 filaments are called so")


def test_a_spool_that_is_used_in_part_has_the_rest_adjusted_away(red):
    report = spools(
        ["name", "initial_grams", "remaining_grams"],
        ["Red", "1000", "400"], ["Red", "1000", "0"], ["Red", "1000", "1000"],
        ["Red", "1000", "1001"],
    )  # fmt: skip
    assert [spool.remaining_grams for spool in Spool.objects.order_by("pk")] == [400, 0, 1000]
    adjusted = InventoryTransaction.objects.filter(kind="adjustment", reason="used before")
    assert [entry.grams for entry in adjusted] == [-600, -1000]
    assert columns_refused(report) == {5: ["remaining_grams"]}
    assert violations() == []


def test_labels_that_are_there_already_come_in_and_no_label_twice(red):
    one, two, former = codes.generate(), codes.generate(), a_spool(500, filament=red)
    was = former.code
    now = shelf.relabel(former, by=None).code
    report = spools(
        ["name", "code"],
        ["Red", one.lower()], ["Red", two], ["Red", two], ["Red", was], ["Red", now],
        ["Red", "NOTACODE"],
    )  # fmt: skip
    assert columns_refused(report) == {number: ["code"] for number in (3, 4, 5, 6, 7)}
    assert set(Spool.objects.values_list("code", flat=True)) == {one, now}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("a gram would cost too much", {"initial (g)": "0.000001", "price": "20"}),
        ("beyond the book", {"initial_grams": "1000000000"}),
        ("too long", {"lot_number": "x" * 101}),
        ("a control character", {"lot_number": "a\x00b"}),
        ("no code", {"code": "x" * 21}),
    ],
)
def test_what_the_book_can_not_keep_is_its_own_lines_problem(red, name, values):
    report = spools(["name", *values], ["Red", *values.values()], ["Red", *[""] * len(values)])
    assert columns_refused(report) == {2: [list(values)[-1]]}
    assert Spool.objects.count() == 1


def test_nothing_comes_in_when_the_last_thing_breaks_down(red, monkeypatch):
    monkeypatch.setattr(ledger.Book, "close", lambda book: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        spools(["name"], ["Red"])
    assert not Spool.objects.exists()
    assert source.get() == "system"


def test_a_thousand_spools_take_as_many_statements_as_one(red):
    def statements(count):
        return queries_of(lambda: spools(["name"], *[["Red"]] * count))

    assert statements(1) == statements(1000)


def test_thousands_of_spools_are_imported_at_once():
    made = [a_filament(f"Colour {number}") for number in range(50)]
    lines = [[made[n % 50].name, "1000", "19,99", f"L-{n % 90}"] for n in range(LINES)]
    report = spools(["name", "initial_grams", "price", "lot"], *lines)
    assert report.count("created") == LINES
    assert InventoryTransaction.objects.count() == LINES
    assert violations() == []


def test_a_large_import_reads_no_more_of_a_ledger_that_was_small_before(red):
    """A plan that the connection keeps from then must not read the whole ledger for each spool."""

    def checked():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
            cursor.execute(
                "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables "
                "WHERE relid = 'inventory_inventorytransaction'::regclass"
            )
            return cursor.fetchone()[0]

    with connection.cursor() as cursor:
        spools(["name"], *[["Red"]] * 30)
        cursor.execute("ANALYZE inventory_inventorytransaction")
    for _ in range(20):
        a_spool(filament=red)
        before = checked()
    spools(["name", "remaining"], *[["Red", "400"]] * 1000)
    assert checked() - before < 10 * 1000
