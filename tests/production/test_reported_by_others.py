"""Devices of several kinds report of one run: what is given back, and what its grams are called."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inventory.models import UsageMeter
from production.services import completion, late_reports
from tests.factories import a_printer, a_printer_token, a_running_run
from tests.queries import fresh, violations
from tests.reporting import report


@pytest.fixture
def run(spool):
    return a_running_run((spool, 100), printer=a_printer())


def test_what_another_device_gives_back_is_taken_off_the_run(spool, run, manager):
    own, other = (a_printer_token(manager, kind=kind) for kind in ("moonraker", "bridge"))
    report(spool, other, 5)
    report(spool, own, 40)
    report(spool, other, -15)
    line = run.materials.get()
    assert (line.metered_grams, line.reserved_grams) == (30, 70)
    assert list(UsageMeter.objects.open().values_list("grams", flat=True)) == [30]
    after = fresh(spool)
    assert (after.remaining_grams, after.live_grams, after.available_grams) == (1000, 970, 900)
    assert violations() == []


@pytest.mark.parametrize("has_printer", [True, False])
def test_what_a_printer_metered_late_is_metered(spool, run, operator, manager, has_printer):
    printer = run.printer if has_printer else None
    token = a_printer_token(manager, kind="moonraker", printer=printer)
    completion.complete(run, by=operator, as_planned=True)
    report(spool, token, 93)
    late_reports.settle_due(at=timezone.now() + timedelta(hours=1))
    line = run.materials.get()
    assert (line.actual_total_grams, line.actual_source) == (93, "metered")
