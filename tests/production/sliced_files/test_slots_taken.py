"""Slicer, booked and weighed grams of each slot side by side."""

from decimal import Decimal

import pytest

from inventory.models import Spool
from inventory.services import metering
from production.models import Reason, RunMaterial
from production.services import completion, slicer_factors, variance
from production.services.printing import midprint
from production.services.runs import lines
from tests.factories import a_filament, a_printer_token, a_run, a_running_run, a_spool, make_user
from tests.production.completed_runs import took
from tests.production.sliced_files.sliced_runs import (
    a_sliced_run,
    completed,
    printed,
    started,
    weighed,
)

pytestmark = pytest.mark.usefixtures("farm")
FIGURES = ("sliced", "planned", "booked", "weighed", "metered", "difference", "factor")


def slots_of(run):
    """``{slot: figures}`` without trailing zeros."""
    found = variance.of_run(run)["slots"]
    return {
        each["slot"]: [each[name] and each[name].normalize() for name in FIGURES] for each in found
    }


def test_what_was_weighed_stands_beside_the_slicer():
    spool, other = a_spool(), a_spool()
    run = started(a_sliced_run((spool, 50), (other, 20), copies=2))
    assert slots_of(run)[1] == [100, 100, None, None, None, None, None]
    run = completed(run, weighed(spool, 104), took(other, 41))
    assert slots_of(run) == {
        1: [100, 100, 104, 104, None, 4, Decimal("1.04")],
        2: [40, 40, 41, None, None, None, None],  # typed is not measured
    }
    first = variance.of_run(run)["slots"][0]
    assert first["materials"] == [run.materials.get(spool=spool).pk]


def test_what_a_printer_metered_is_measured_and_what_it_reports_as_sliced_is_not():
    for kind, expected in (("moonraker", [30, 30, 30, None, 30, 0, 1]), ("bridge", None)):
        spool, user = a_spool(), make_user()
        run = started(a_sliced_run((spool, 30)))
        token = a_printer_token(user, kind=kind)
        number = Spool.objects.values_list("number", flat=True).get(pk=spool.pk)
        metering.use(number, grams=Decimal(30), by=user, token=token, agent="A")
        run = completed(run)
        assert slots_of(run)[1] == (expected or [30, 30, 30, None, None, None, None])


def test_a_swapped_spool_counts_for_the_slot_of_the_one_before_it():
    filament = a_filament()
    first, second = (a_spool(filament=filament) for _ in range(2))
    run = started(a_sliced_run((first, 100)))
    so_far = weighed(first, 60)
    midprint.swap_spool(run, by=None, spool=second, so_far=so_far)
    run = completed(run, weighed(second, 45))
    assert slots_of(run) == {1: [100, 100, 105, 105, None, 5, Decimal("1.05")]}
    assert RunMaterial.objects.filter(sliced_slot=1).count() == 2


def test_a_line_that_stands_in_for_another_is_of_its_slot():
    spool, other = (a_spool(filament=a_filament()) for _ in range(2))
    run = started(a_sliced_run((spool, 100)))
    line = run.materials.get()
    added = {"instead_of": line.pk, "override_reason": "out of stock"}
    manager = make_user(role="manager")
    new = lines.add_material(run, by=manager, spool=other, **added)
    assert new.sliced_slot == 1


def test_half_a_measure_is_no_factor():
    filament = a_filament()
    first, second = (a_spool(filament=filament) for _ in range(2))
    run = started(a_sliced_run((first, 100)))
    midprint.swap_spool(run, by=None, spool=second, so_far=weighed(first, 60))
    run = completed(run, took(second, 45))
    assert slots_of(run) == {1: [100, 100, 105, 60, None, None, None]}


def test_what_was_reported_after_a_weight_was_saved_is_booked_and_no_measure():
    spool = a_spool()
    run = completed(started(a_sliced_run((spool, 100))), weighed(spool, 104))
    RunMaterial.objects.filter(run=run).update(added_grams=4)
    assert slots_of(run) == {1: [100, 100, 104, 100, None, None, None]}
    [found] = slicer_factors.of_runs(type(run).objects.all(), group_by="filament")
    assert (found.weighed, found.evident_runs) == (100, 0)


def test_a_run_without_a_file_has_no_slots():
    assert slots_of(a_run((a_spool(), 10))) == {}
    assert slots_of(a_running_run((a_spool(), 10))) == {}


def test_a_failed_run_by_percent_has_nothing_measured():
    reason = Reason.objects.filter(kind="failure").first()
    run = started(a_sliced_run((a_spool(), 50)))
    run = completion.fail(run, by=None, reason=reason, progress_percent=10).run
    assert slots_of(run) == {1: [50, 50, 5, None, None, None, None]}


def test_the_api_shows_the_slots(api):
    spool = a_spool()
    run = printed(spool, 100, 103)
    answer = api.get(f"/api/v1/production-runs/{run.pk}/variance/").json()
    assert answer["slots"] == [
        {
            "slot": 1,
            "materials": [run.materials.get().pk],
            "sliced": "100.000000",
            "planned": "100.000000",
            "booked": "103.000000",
            "weighed": "103.000000",
            "metered": None,
            "difference": "3.000000",
            "factor": "1.0300",
        }
    ]
