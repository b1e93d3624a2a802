"""The factor between slicer and scale, by filament, by printer and by slot of a file."""

from decimal import Decimal

import pytest

from production.models import ProductionRun, RunMaterial
from production.services import slicer_factors
from production.services.completion.actuals import ItemCount
from production.services.sliced_files import corrections
from tests.factories import (
    a_filament,
    a_printer,
    a_product,
    a_run,
    a_sliced_file,
    a_spool,
)
from tests.production.completed_runs import took
from tests.production.sliced_files.sliced_runs import (
    a_sliced_run,
    completed,
    printed,
    started,
    weighed,
)
from tests.queries import queries_of

pytestmark = pytest.mark.usefixtures("farm")


def by(group_by, runs=None):
    return slicer_factors.of_runs(runs or ProductionRun.objects.live(), group_by=group_by)


def test_the_factor_is_of_sums_over_runs_that_were_weighed():
    white, black = a_filament("White"), a_filament("Black")
    first, second = a_printer("First"), a_printer("Second")
    printed(a_spool(filament=white), 100, 104, printer=first)
    printed(a_spool(filament=white), 50, 55, printer=second, copies=2)
    printed(a_spool(filament=black), 10, 9, printer=first)
    one, two = by("filament")
    assert [one.filament, one.runs, one.sliced, one.booked] == [white, 2, 200, 159]
    assert [one.evident_runs, one.factor] == [2, Decimal("0.795")]
    assert [two.filament, two.factor, two.percent] == [black, Decimal("0.9"), -10]
    assert [(each.printer, each.factor.quantize(Decimal("0.0001"))) for each in by("printer")] == [
        (first, Decimal("1.0273")),
        (second, Decimal("0.55")),
    ]
    both = [(each.filament, each.printer, each.runs) for each in by("filament_and_printer")]
    assert both == [(white, first, 1), (white, second, 1), (black, first, 1)]
    assert [one.lowest_factor, one.highest_factor] == [Decimal("0.55"), Decimal("1.04")]


def test_what_nobody_measured_is_summed_and_is_no_evidence():
    filament = a_filament()
    printed(a_spool(filament=filament), 100, 104)
    typed = a_spool(filament=filament)
    completed(started(a_sliced_run((typed, 100))), took(typed, 150))
    planned = a_spool(filament=filament)
    completed(started(a_sliced_run((planned, 100))))
    [found] = by("filament")
    assert [found.runs, found.sliced, found.booked, found.weighed] == [3, 300, 354, 104]
    assert [found.evident_runs, found.evident_sliced, found.factor] == [1, 100, Decimal("1.04")]


def test_what_was_not_printed_whole_is_no_evidence():
    product = a_product()
    whole, part = a_spool(), a_spool()
    printed(whole, 100, 104, items=[(product, 4)])
    run = started(a_sliced_run((part, 100), items=[(product, 4)]))
    counts = [ItemCount(item=run.items.get().pk, good_count=2, scrapped_count=0)]
    completed(run, weighed(part, 50), items=counts)
    assert [each.evident_runs for each in by("filament")] == [1, 0]
    assert [each.factor for each in by("filament")] == [Decimal("1.04"), None]


def test_what_somebody_typed_for_the_file_is_no_evidence_of_the_slicer():
    printed(a_spool(), 100, 104, source="typed")
    printed(a_spool(), 100, 103, source="derived")
    assert [each.factor for each in by("filament")] == [None, Decimal("1.03")]


def test_a_slot_of_two_filaments_counts_for_the_printer_alone():
    printer, spool, other = a_printer(), a_spool(), a_spool()
    run = a_sliced_run((spool, 60), (other, 40), printer=printer)
    RunMaterial.objects.filter(run=run).update(sliced_slot=1)
    completed(started(run), weighed(spool, 62), weighed(other, 43))
    assert by("filament") == []
    assert [each.factor for each in by("printer")] == [Decimal("1.05")]


def test_runs_without_a_file_open_ones_and_deleted_ones_do_not_count():
    spool = a_spool()
    a_run((spool, 10))
    started(a_sliced_run((a_spool(), 10)))
    run = printed(a_spool(), 100, 104)
    ProductionRun.objects.filter(pk=run.pk).update(deleted_at=run.finished_at)
    assert by("filament") == []
    assert by("slot") == []


def test_by_slot_the_runs_of_a_file_are_summed():
    file = a_sliced_file("clip.gcode")
    for grams in (104, 106):
        spool, other = a_spool(), a_spool()
        run = started(a_sliced_run((spool, 100), (other, 20), file=file))
        completed(run, weighed(spool, grams), took(other, 21))
    one, two = by("slot")
    assert [one.filename, one.slot, one.runs, one.factor] == ["clip.gcode", 1, 2, Decimal("1.05")]
    assert [two.slot, two.booked, two.weighed, two.factor] == [2, 42, None, None]


def test_the_factor_is_of_a_filament_a_printer_or_both():
    filament, printer = a_filament(), a_printer()
    printed(a_spool(filament=filament), 100, 104, printer=printer)
    printed(a_spool(filament=filament), 100, 110)
    assert slicer_factors.factor(filament=filament).factor == Decimal("1.07")
    assert slicer_factors.factor(filament=filament, printer=printer).factor == Decimal("1.04")
    assert slicer_factors.factor(printer=printer).evident_runs == 1
    assert slicer_factors.factor(filament=a_filament()) is None


def test_what_is_proposed_is_of_the_latest_runs_that_say_something(monkeypatch):
    monkeypatch.setattr(slicer_factors, "LATEST", 2)
    filament, printer = a_filament(), a_printer()
    for grams in (90, 104, 106):
        printed(a_spool(filament=filament), 100, grams, printer=printer)
    for _ in range(3):  # of which nothing was measured
        completed(started(a_sliced_run((a_spool(filament=filament), 100), printer=printer)))
    for kind in ("filament", "printer", "filament_and_printer"):
        [row] = corrections.proposed(group_by=kind)
        assert (row["factor"], row["evident_runs"]) == (Decimal("1.05"), 2), kind
    for of in ({"filament": filament}, {"printer": printer}):
        assert slicer_factors.factor(**of).factor == Decimal("1.05")
    assert corrections.accept(filament, by=None).run_count == 2
    assert by("filament")[0].evident_runs == 3  # the report sums all


def test_what_is_proposed_is_of_the_newest_runs_of_the_farm(monkeypatch):
    rare, common = a_filament(), a_filament()
    for filament in (rare, common, common, common):
        printed(a_spool(filament=filament), 100, 104)
    assert slicer_factors.factor(filament=rare).evident_runs == 1
    monkeypatch.setattr(slicer_factors, "NEWEST", 2)
    a_run(items=[(a_product(), 1)])  # of no file
    assert slicer_factors.factor(filament=rare) is None
    assert slicer_factors.factor(filament=common).evident_runs == 2
    assert [row["filament"] for row in corrections.proposed(group_by="filament")] == [common.pk]
    assert queries_of(lambda: corrections.proposed(group_by="filament")) == 4


def test_it_asks_the_same_of_many_runs():
    for _ in range(2):
        printed(a_spool(), 100, 104, printer=a_printer())
    few = queries_of(lambda: by("filament_and_printer"))
    for _ in range(6):
        printed(a_spool(), 100, 104, printer=a_printer())
    assert len(by("filament_and_printer")) == 8
    assert queries_of(lambda: by("filament_and_printer")) == few == 3
