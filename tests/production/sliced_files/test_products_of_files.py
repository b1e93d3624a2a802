"""Products that are planned by the plates of sliced files that they own, without another upload."""

from decimal import Decimal

import pytest

from production.services import product_plans
from production.services.sliced_files import fitting
from tests.factories import (
    a_correction,
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_product_file,
    a_sliced_file,
)
from tests.queries import queries_of
from tests.responses import done

pytestmark = pytest.mark.usefixtures("farm")
PRUSA = {"manufacturer": "Prusa", "model": "MK4"}


def plan(product, *printers, quantity=6, **fields):
    return product_plans.plan(
        product=product, quantity=quantity, printers=printers, by=None, **fields
    )


def owning(*, units=4, grams=40, **fields):
    """A product with a plate for a Prusa MK4."""
    a_material_type("PLA")
    product = a_product(grams=9, units_per_plate=3, plate_minutes=50)
    file = a_sliced_file(printer_model="Original Prusa MK4", nozzle_mm=Decimal("0.4"))
    known = {"printer_model": file.printer_model, "nozzle_mm": file.nozzle_mm}
    a_product_file(product, file, units=units, grams=grams, **(known | fields))
    return product


def figures(runs):
    return [
        (
            run.plate_count,
            run.items.get().quantity,
            run.planned_minutes,
            run.materials.get().planned_grams,
            run.materials.get().planned_source,
        )
        for run in runs
    ]


def test_the_file_that_fits_the_printer_goes_before_the_bill():
    product = owning()
    runs = plan(product, a_printer(**PRUSA), plates_per_run=None)
    assert figures(runs) == [(2, 8, 240, 80, "file")]
    assert runs[0].sliced_file == product.files.get().sliced_file
    other = plan(product, a_printer(model="X1 Carbon"), plates_per_run=None)
    assert figures(other) == [(2, 6, 100, 54, "bill")]


def test_a_run_each_has_a_plate_each():
    assert figures(plan(owning(), a_printer(**PRUSA))) == [(1, 4, 120, 40, "file")] * 2


def test_of_printers_of_several_kinds_those_with_another_count_go_by_the_bill():
    product = owning(units=3)
    runs = plan(product, a_printer(**PRUSA), a_printer(model="X1C"))
    assert sorted(source for *_figures, source in figures(runs)) == ["bill", "file"]
    product = owning(units=4)
    runs = plan(product, a_printer(**PRUSA), a_printer(model="X1C"))
    assert {source for *_figures, source in figures(runs)} == {"bill"}


@pytest.mark.parametrize(
    "fields",
    [{"is_current": False}, {"is_shared": True}, {"nozzle_mm": Decimal("0.6")}, {"grams": None}],
    ids=["succeeded", "shared", "another nozzle", "unknown grams"],
)
def test_a_plate_that_can_not_be_used_is_not(fields):
    runs = plan(owning(**fields), a_printer(**PRUSA), plates_per_run=None)
    assert figures(runs) == [(2, 6, 100, 54, "bill")]


def test_a_material_that_the_farm_has_no_more_leads_back_to_the_bill():
    product = owning()
    product.files.get().slots.update(material="XYZ")
    runs = plan(product, a_printer(**PRUSA), plates_per_run=None)
    assert figures(runs) == [(2, 6, 100, 54, "bill")]


def test_the_file_says_how_many_fit_where_the_product_does_not():
    product = owning()
    product.units_per_plate = None
    product.save()
    assert figures(plan(product, a_printer(**PRUSA), quantity=4)) == [(1, 4, 120, 40, "file")]


def test_accepted_corrections_are_of_these_plans_too():
    product, corrected, other = owning(), a_printer(**PRUSA), a_printer(**PRUSA)
    a_correction(printer=corrected, factor="1.05")
    runs = plan(product, corrected, other, quantity=8)
    assert [(run.printer, *figures([run])[0]) for run in runs] == [
        (corrected, 1, 4, 120, 42, "file"),
        (other, 1, 4, 120, 40, "file"),
    ]
    line = runs[0].materials.get()
    assert (line.sliced_grams, line.slicer_factor) == (40, Decimal("1.05"))
    product.bom_lines.update(
        filament=(filament := a_filament(material_type=a_material_type("PLA")))
    )
    a_correction(filament=filament, factor="1.1")
    assert [each[3] for each in figures(plan(product, corrected, other, quantity=8))] == [44, 44]


def test_the_bill_is_corrected_by_nothing():
    printer = a_printer(model="X1 Carbon")
    a_correction(printer=printer, factor="1.05")
    assert figures(plan(owning(), printer, plates_per_run=None)) == [(2, 6, 100, 54, "bill")]


def test_what_is_planned_by_a_file_asks_no_more_of_many_runs():
    product, printer, other = owning(units=3), a_printer(**PRUSA), a_printer(model="X1C")

    def asked(on, runs):
        return queries_of(lambda: plan(product, on, quantity=3 * runs))

    by_file, by_bill = (asked(on, 12) - asked(on, 2) for on in (printer, other))
    assert by_file <= by_bill
    assert (
        asked(printer, 2) - asked(other, 2) <= 4
    )  # types, bill, factors, what it reads the file by


@pytest.mark.parametrize(
    ("model", "printer", "fits"),
    [
        ("MK4S", {"model": "MK4S"}, True),
        ("Original Prusa MK4S", {"manufacturer": "Prusa", "model": "MK4S"}, True),
        ("Bambu Lab X1 Carbon", {"manufacturer": "Bambu Lab", "model": "X1 Carbon"}, True),
        ("Bambu Lab X1", {"manufacturer": "Bambu Lab", "model": "X1 Carbon"}, False),
        ("MK4", {"model": "MK4S"}, False),
        ("", {"model": "MK4S"}, False),
        ("Voron 2.4 350", {"name": "Voron 2.4 350"}, True),
    ],
)
def test_a_slicer_calls_a_printer_with_or_without_its_maker(model, printer, fits):
    assert fitting.is_model(model, a_printer(**printer)) is fits


def test_plates_and_aliases_are_looked_at_set_aside_and_forgotten(api):
    product = owning()
    path = f"/api/v1/products/{product.pk}/files/{product.files.get().pk}/"
    assert done(api.patch(path, {"is_current": False}))["is_current"] is False
    assert figures(plan(product, a_printer(**PRUSA)))[0][-1] == "bill"
    assert api.delete(path).status_code == 204
    alias = product.aliases.create(name="Hook", key="hook")
    assert api.delete(f"/api/v1/products/{product.pk}/aliases/{alias.pk}/").status_code == 204
    assert not product.aliases.exists()
