"""Filaments out of a spreadsheet: what is new is made, what is there is only filled in."""

from decimal import Decimal

import pytest

from inventory.models import Filament, Manufacturer
from tenants.accounts.models import AuditEvent
from tests.budgets import LINES
from tests.factories import a_filament, a_material_type
from tests.inventory.tables import columns_refused, filaments, results_by_line

pytestmark = pytest.mark.usefixtures("farm")


def test_each_line_is_a_filament_with_its_maker_and_material_type(manager):
    report = filaments(
        ["manufacturer", "name", "material", "density", "net_grams", "price", "color_hex", "gtin"],
        ["Acme", "Red", "asa-cf", "1,07", "1000", "29,90", "#ff0000", "4006381333931"],
        ["ACME", "Blue", "ASA-CF", "", "", "", "", ""],
        ["", "Nobody's", "ASA-CF", "", "", "", "", ""],
        by=manager,
    )
    assert (report.refused, report.manufacturers) == ([], ["Acme"])
    assert report.material_types == ["ASA-CF"]
    red, blue, nobodys = Filament.objects.order_by("pk")
    assert (str(red), red.price, red.color_hex) == ("Acme Red", Decimal("29.9"), "FF0000")
    assert (red.manufacturer, nobodys.manufacturer) == (blue.manufacturer, None)
    assert (blue.density_g_cm3, blue.diameter_mm) == (Decimal("1.07"), Decimal("1.75"))
    assert red.material_type.is_abrasive
    for filament in (red, blue, nobodys):
        filament.full_clean()
    [event] = AuditEvent.objects.filter(verb="import")
    assert (event.by, event.changes["created"]) == (manager, [None, 3])


def test_what_is_there_is_filled_in_where_it_is_empty_and_never_overwritten(operator):
    red = a_filament("Red", price=None, color_hex="112233", gtin="")
    lines = (
        ["manufacturer", "name", "material", "external_id", "price", "color_hex", "gtin"],
        ["polyfil", "red", "pla", "pf-red", "25", "FF0000", "40123455"],
    )
    report = filaments(*lines, by=operator)
    assert report.count("filled_in") == 1
    assert results_by_line(report)[2] == (
        "Polyfil Red is there already: fills in external_id, gtin, price."
    )  # fmt: skip
    red.refresh_from_db()
    assert (red.external_id, red.price, red.gtin) == ("pf-red", 25, "40123455")
    assert red.color_hex == "112233"
    [event] = AuditEvent.objects.of(red)
    assert (event.by, sorted(event.changes)) == (operator, ["external_id", "gtin", "price"])
    again = filaments(*lines)
    assert (again.count("unchanged"), Filament.objects.count()) == (1, 1)


def test_another_diameter_or_other_net_grams_are_another_filament():
    a_filament("Red", net_grams=Decimal(1000))
    report = filaments(
        ["manufacturer", "name", "material", "diameter_mm", "net_grams"],
        ["Polyfil", "Red", "PLA", "2.85", "1000"],
        ["Polyfil", "Red", "PLA", "1.75", "3000"],
        ["Polyfil", "Red", "PLA", "1.75", "1000"],
        ["Polyfil", "Red", "PLA", "1.75", ""],
    )
    assert [row.outcome for row in report.rows] == ["created", "created", "unchanged", "refused"]
    assert results_by_line(report)[5] == {"": "The same filament as number 4."}
    again = filaments(["manufacturer", "name", "material"], ["Polyfil", "Red", "PLA"])
    assert "give the external_id or the net grams" in results_by_line(again)[2]["name"]


def test_lines_of_the_same_filament_come_in_once():
    report = filaments(
        ["external_id", "name", "material", "density"],
        ["a", "Red", "PLA", "1.24"],
        ["a", "Blue", "PLA", ""],
        ["", "Green", "PLA", ""],
        ["", "green", "pla", ""],
    )
    assert columns_refused(report) == {3: [""], 5: [""]}
    assert Filament.objects.count() == 2


def test_an_id_is_given_to_one_filament_only():
    a_filament("Red")
    report = filaments(
        ["manufacturer", "name", "material", "external_id"],
        ["Polyfil", "Red", "PLA", "x"], ["Polyfil", "Blue", "PLA", "x"],
    )  # fmt: skip
    assert [row.outcome for row in report.rows] == ["filled_in", "refused"]


def test_a_new_material_type_needs_a_density_that_comes_in_with_it():
    report = filaments(
        ["external_id", "name", "material", "density"],
        ["a", "Red", "PLX", ""],
        ["a", "Red", "PLX", "1.2"],
    )
    assert columns_refused(report) == {2: ["density_g_cm3"], 3: [""]}
    assert not Filament.objects.exists()
    assert not Manufacturer.objects.exists()


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("material", "PLÄ"),
        ("density", "1240"),
        ("net_grams", "0"),
        ("tare_grams", "-1"),
        ("nozzle_temp", "21000"),
        ("color_hex", "red"),
        ("gtin", "4.01E+12"),
        ("diameter_mm", "175"),
        ("price", "NaN"),
        ("price", "1e3"),
    ],
)
def test_a_cell_that_can_not_be_true_is_refused(column, cell):
    a_material_type()
    cells = {"name": "Red", "material": "PLA"} | {column: cell}
    report = filaments([*cells], [*cells.values()])
    assert len(report.refused) == 1
    assert not Filament.objects.exists()


def test_thousands_of_filaments_are_imported_at_once():
    lines = [[f"Maker {n % 100}", f"Colour {n}", "PLA", "1.24"] for n in range(LINES)]
    head = ["manufacturer", "name", "material", "density"]
    assert filaments(head, *lines).count("created") == LINES
    lines = [[*line, "20"] for line in lines]
    assert filaments([*head, "price"], *lines[:100]).count("unchanged") == 0
