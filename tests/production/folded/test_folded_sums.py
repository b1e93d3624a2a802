"""Reports with the sums of closed runs that are kept, and without: they are the same."""

from datetime import timedelta

import pytest

from production.models import ExplanationSum, FiguresMark, ProductionRun, VarianceSum
from production.services.reports.folded import Chosen
from tenants.accounts.models import FarmSettings
from tests.production.figures.month import Month
from tests.production.folded.comparing import different, different_pages, fold, wrong

pytestmark = pytest.mark.usefixtures("farm")


def test_any_month_is_the_same_with_what_is_kept_and_without():
    month = Month(5)
    month.live(30)
    until = fold(month.now).until
    assert VarianceSum.objects.exists()
    assert ExplanationSum.objects.exists()
    assert not FiguresMark.objects.exists()
    assert not different()
    assert not wrong()
    month.live(15)  # corrects, reverts and revalues what is kept
    assert FiguresMark.objects.exists()
    assert not different()
    assert not different_pages(("day", "order", "material_type"))
    days = sorted(ProductionRun.objects.closed().dates("finished_at", "day"))
    part = Chosen(days[1], days[-2])
    zone = FarmSettings.load().timezone
    runs = ProductionRun.objects.live().between(
        days[1], days[-2] - timedelta(days=1), timezone=zone, moment="finished_at"
    )
    assert not different(part, runs)
    printer = ProductionRun.objects.closed().exclude(printer=None).first().printer_id
    of_printer = Chosen(keys={"printer": [str(printer)]})
    runs = ProductionRun.objects.live().filter(printer=printer)
    assert not different(of_printer, runs, groups=(None, "day", "week", "month", "printer"))
    lost = Chosen(keys={"status": ["failed", "cancelled"]})
    runs = ProductionRun.objects.live().filter(status__in=("failed", "cancelled"))
    assert not different(lost, runs, groups=(None, "month", "status"))
    assert fold(month.now).until > until
    assert not different()
    assert not wrong()
