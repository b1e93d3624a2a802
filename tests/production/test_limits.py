"""What a printer can't do is refused before the print."""

from decimal import Decimal

import pytest

from inventory.models import Filament
from production.models import PrinterSlot, ProductionRun
from production.services.requirements.limits import LimitExceeded
from production.services.runs import lifecycle, lines
from production.services.runs.lines import NewItem, NewMaterial
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_run,
    a_spool,
)

pytestmark = pytest.mark.usefixtures("farm")


def test_items_fit_on_the_plates_exactly():
    product = a_product(units_per_plate=3)
    a_run(items=[(product, 3)], plate_count=1)
    with pytest.raises(LimitExceeded, match="fill 2 plates"):
        a_run(items=[(product, 4)], plate_count=1)
    third, other = a_product(units_per_plate=3), a_product(units_per_plate=3)
    a_run(items=[(product, 1), (third, 1), (other, 1)], plate_count=1)


def test_without_a_number_of_plates_the_run_gets_what_it_needs():
    assert a_run(items=[(a_product(units_per_plate=3), 7)]).plate_count == 3


def test_a_product_is_not_higher_than_the_printer_prints():
    tall = a_product(height_mm=Decimal("256.01"))
    with pytest.raises(LimitExceeded, match="256.01 mm high"):
        a_run(items=[(tall, 1)], printer=a_printer())


def test_a_slot_is_on_the_runs_printer_and_on_one_line():
    printer, other = a_printer(), a_printer()
    here = PrinterSlot.objects.create(printer=printer, label="1")
    there = PrinterSlot.objects.create(printer=other, label="1")
    with pytest.raises(LimitExceeded) as refused:
        lifecycle.create(
            by=None,
            printer=printer,
            materials=[
                NewMaterial(material_type=a_material_type(), slot=slot)
                for slot in (here, here, there)
            ],
        )
    assert len(refused.value.errors["materials"]) == 2


def test_heat_and_abrasion_are_the_printers_limits():
    carbon = a_material_type("PA-CF", is_abrasive=True)
    spool = a_spool(filament=a_filament(material_type=carbon, nozzle_temp=300, bed_temp=110))
    printer = a_printer(max_nozzle_temp=260, max_bed_temp=100)
    with pytest.raises(LimitExceeded) as refused:
        a_run((spool, 10), printer=printer)
    assert len(refused.value.errors["printer"]) == 3
    hot = a_printer(max_nozzle_temp=300, max_bed_temp=110, has_hardened_nozzle=True)
    a_run((spool, 10), printer=hot)


def test_a_material_that_no_product_is_made_of_is_refused_unless_a_manager_insists(manager):
    petg = a_spool(filament=a_filament(material_type=a_material_type("PETG")))
    product = a_product(grams=10)
    with pytest.raises(LimitExceeded, match="No product of the run is made of"):
        a_run((petg, 10), items=[(product, 1)])
    a_run((petg, 10), items=[(product, 1)], by=manager, override_reason="Prototype in PETG")


def test_a_change_is_checked_too():
    run = a_run(items=[(a_product(units_per_plate=2, height_mm=Decimal(300)), 2)], plate_count=1)
    with pytest.raises(LimitExceeded):
        lifecycle.update(run, by=None, printer=a_printer())
    with pytest.raises(LimitExceeded):
        lines.change_item(run.items.get(), by=None, quantity=3)
    with pytest.raises(LimitExceeded):
        lines.add_item(run, by=None, product=a_product(units_per_plate=2), quantity=1)
    assert ProductionRun.objects.get().version == 1


def test_a_start_is_checked_against_what_is_then_known():
    spool = a_spool()
    run = a_run((spool, 10), printer=a_printer(max_nozzle_temp=260))
    Filament.objects.update(nozzle_temp=280)
    with pytest.raises(LimitExceeded, match="280"):
        lifecycle.start(run, by=None)


def test_an_item_that_says_nothing_of_plates_counts_none():
    run = lifecycle.create(by=None, items=[NewItem(product=a_product(), quantity=100)])
    assert run.plate_count == 1
