"""What the board, the queue and blockers read of open runs: all of it, and each row once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from production.models import PrinterSlot, ProductionRun
from production.services.reports import run_rows
from tests.factories import a_printer, a_product, a_run, a_spool


@pytest.fixture
def runs(farm):
    """Two runs on a printer, of one spool, which is in it, and one without a printer."""
    printer, hook, spool = a_printer(), a_product(grams=5), a_spool()
    PrinterSlot.objects.create(printer=printer, label="B", spool=spool)
    PrinterSlot.objects.create(printer=printer, label="A", spool=None)
    both = [a_run((spool, 10), items=[(hook, 1)], printer=printer) for _ in range(2)]
    return [*both, a_run((a_spool(), 10), items=[(hook, 2)])]


def test_what_is_looked_at_is_read_before(runs):
    read = run_rows.read([run.pk for run in runs])
    with CaptureQueriesContext(connection) as context:
        seen = [what_is_looked_at(run) for run in read]
    assert len(context) == 0
    queryset = ProductionRun.objects.filter(pk__in=[run.pk for run in runs]).queue()
    assert seen == [what_is_looked_at(run) for run in queryset]
    assert [slot.label for slot in read[0].printer.slots.all()] == ["A", "B"]


def test_each_row_is_made_once(runs):
    first, second, third = run_rows.read([run.pk for run in runs])
    [line], [other] = first.materials.all(), second.materials.all()
    assert first.printer is second.printer
    assert line.spool is other.spool is first.printer.slots.all()[1].spool
    assert {run.items.all()[0].product for run in (first, second, third)} == {
        first.items.all()[0].product
    }
    assert line.run is first


def test_many_runs_take_as_many_queries_as_one(runs):
    def count(some):
        with CaptureQueriesContext(connection) as context:
            run_rows.read([run.pk for run in some])
        return len(context)

    assert count(runs) == count(runs[:1]) <= 8
    assert count([]) == 1


def what_is_looked_at(run):
    return (
        run,
        run.printer,
        [(item, item.product, list(item.product.bom_lines.all())) for item in run.items.all()],
        [
            (line, line.slot, line.material_type, filament_of(line), line.spool)
            for line in run.materials.all()
        ],
        run.printer and {(slot, slot.spool) for slot in run.printer.slots.all()},
    )


def filament_of(line):
    filament = line.filament or line.spool.filament
    return filament, filament.manufacturer, filament.material_type
