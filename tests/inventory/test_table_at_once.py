"""Tables imported by several people at once."""

import pytest

from inventory.models import Filament, Manufacturer, Spool
from inventory.services.tables import table_reader
from production.models import Printer
from production.services.tables.columns import PRINTERS
from production.services.tables.printer_import import import_printers
from tests.factories import a_filament, a_material_type
from tests.inventory.tables import import_filaments, import_spools
from tests.queries import violations

pytestmark = pytest.mark.usefixtures("committed_farm")

COUNT = 6


def test_the_same_filaments_come_in_once(in_threads):
    a_material_type()
    lines = [f"Acme;Colour {number};PLA" for number in range(50)]
    content = "\n".join(["manufacturer;name;material", *lines])
    reports = in_threads(lambda _: import_filaments(content, by=None), COUNT)
    assert sorted(report.count("created") for report in reports) == [0] * (COUNT - 1) + [50]
    assert (Filament.objects.count(), Manufacturer.objects.count()) == (50, 1)


def test_spools_of_all_tables_are_received(in_threads):
    a_filament("Red")
    content = "name;remaining_grams\n" + "Red;400\n" * 30
    reports = in_threads(lambda _: import_spools(content, by=None, again=True), COUNT)
    assert [report.count("created") for report in reports] == [30] * COUNT
    assert Spool.objects.filter(remaining_grams=400).count() == 30 * COUNT
    assert violations() == []


def test_one_table_sent_by_several_is_received_once(in_threads):
    a_filament("Red")
    content = "name;lot\n" + "".join(f"Red;L-{number}\n" for number in range(30))
    reports = in_threads(lambda _: import_spools(content, by=None), COUNT)
    assert sorted(report.count("created") for report in reports) == [0] * (COUNT - 1) + [30]
    assert Spool.objects.count() == 30
    assert violations() == []


def test_one_table_of_printers_sent_by_several_is_added_once(in_threads):
    content = "name;model\n" + "".join(f"P{number};P1S\n" for number in range(5))
    rows = table_reader.read(PRINTERS, content)
    reports = in_threads(lambda _: import_printers(rows, by=None), COUNT)
    assert sorted(report.count("created") for report in reports) == [0] * (COUNT - 1) + [5]
    assert Printer.objects.count() == 5
