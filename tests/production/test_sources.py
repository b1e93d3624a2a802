"""Where a figure comes from: weighed or typed, as planned or by percent, or unknown."""

from csv import DictReader
from decimal import Decimal
from io import StringIO

import pytest
from django.db import IntegrityError, transaction

from production.models import ProductionRun, Reason
from production.services import completion
from production.services.completion.plausibility import ActualImplausible
from production.services.printing import midprint
from production.services.reports import alerts
from production.services.runs import lifecycle
from tests.factories import a_product, a_running_run, a_spool
from tests.production.completed_runs import took
from tests.production.floor_helpers import at, page
from tests.queries import fresh
from tests.responses import done, text_of

pytestmark = pytest.mark.usefixtures("farm")
RUNS = "/admin/production/productionrun/"


@pytest.fixture
def clogged(farm):
    return Reason.objects.get(kind="failure", code="nozzle_clog")


def minutes(run):
    run = fresh(run)
    return run.actual_minutes, run.actual_minutes_source


def test_minutes_say_where_they_come_from(clogged):
    spool = a_spool(1000)

    def a_print():
        return a_running_run((spool, 10), planned_minutes=100)

    typed = midprint.save_actuals(a_print(), by=None, actual_minutes=Decimal(90))
    assert minutes(typed) == (90, "typed")
    assert minutes(completion.complete(typed, by=None, as_planned=True).run) == (90, "typed")
    planned = completion.complete(a_print(), by=None, as_planned=True).run
    assert minutes(planned) == (100, "as_planned")
    failed = completion.fail(a_print(), by=None, reason=clogged, progress_percent=40).run
    assert minutes(failed) == (40, "percent")
    unsaid = completion.complete(a_print(), by=None, materials=[took(spool, 10)]).run
    assert minutes(unsaid) == (None, "")
    corrected = completion.correct(planned, by=None, actual_minutes=Decimal(110)).run
    assert minutes(corrected) == (110, "typed")
    cleared = lifecycle.update(a_print(), by=None, actual_minutes=Decimal(5))
    assert minutes(lifecycle.update(cleared, by=None, actual_minutes=None)) == (None, "")


def test_estimated_minutes_are_no_draft_after_a_revert_and_typed_ones_are(clogged):
    run = a_running_run((a_spool(), 10), planned_minutes=100)
    completion.complete(run, by=None, as_planned=True)
    assert minutes(completion.revert(run, by=None)) == (None, "")
    completion.fail(run, by=None, reason=clogged, progress_percent=40)
    assert minutes(completion.revert(run, by=None)) == (None, "")
    completion.complete(run, by=None, as_planned=True, actual_minutes=Decimal(105))
    assert minutes(completion.revert(run, by=None)) == (105, "typed")


def test_minutes_without_a_source_are_refused_by_the_database():
    run = a_running_run()
    for wrong in ({"actual_minutes": 5}, {"actual_minutes_source": "typed"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ProductionRun.objects.filter(pk=run.pk).update(**wrong)


@pytest.mark.parametrize("verb", ["complete", "fail", "correct"])
def test_minutes_far_off_the_plan_are_confirmed(verb, clogged):
    spool = a_spool(1000)
    run = a_running_run((spool, 10), planned_minutes=100)
    if verb == "correct":
        completion.complete(run, by=None, as_planned=True)
    given = {"complete": {"as_planned": True}, "fail": {"progress_percent": 100}, "correct": {}}
    given = given[verb] | ({"reason": clogged} if verb == "fail" else {})
    service = getattr(completion, verb)
    with pytest.raises(ActualImplausible, match="99,?999 min, planned 100 min") as refused:
        service(run, by=None, actual_minutes=99_999, **given)
    assert refused.value.numbers["planned_minutes"] == 100
    assert set(refused.value.errors) == {"actual_minutes"}
    assert service(run, by=None, actual_minutes=150, **given).run.actual_minutes == 150
    if verb == "correct":
        assert service(run, by=None, actual_minutes=5, confirm=True).run.actual_minutes == 5
        service(run, by=None, materials=[took(spool, 11)])  # the minutes were accepted before


def test_a_print_that_was_given_up_may_have_taken_little_time(clogged):
    run = a_running_run((a_spool(), 10), planned_minutes=100)
    completion.fail(run, by=None, reason=clogged, progress_percent=1, actual_minutes=Decimal(1))


def test_estimated_minutes_are_no_evidence_for_the_time_of_a_plate():
    product, spool = a_product(grams=10, units_per_plate=1, plate_minutes=100), a_spool(1000)
    for given in (None, Decimal(140)):
        run = a_running_run((spool, 10), items=[(product, 1)])
        words = {"materials": [took(spool, 10)], "as_planned": True, "actual_minutes": given}
        completion.complete(run, by=None, **words)
    assert alerts.proposal(product).fitting_plate_minutes == 140


def test_every_page_and_table_tells_estimates_from_statements(api, at_admin, floor):
    spool = a_spool(1000)
    words = {"planned_minutes": 100, "items": [(a_product(), 1)]}
    run = a_running_run((spool, 10), **words)
    prefilled = page(floor.get(at(run, "complete")))
    assert prefilled.count(">as planned</p>") == 2
    completion.complete(run, by=None, as_planned=True)
    typed = a_running_run((spool, 20), **words)
    given = {"materials": [took(spool, 21)], "actual_minutes": Decimal(90), "as_planned": True}
    completion.complete(typed, by=None, **given)

    read_run = done(api.get(f"/api/v1/production-runs/{run.pk}/"))
    assert read_run["actual_minutes_source"] == "as_planned"
    assert done(api.get(f"/api/v1/production-runs/{run.pk}/variance/"))["minutes_source"] == (
        "as_planned"
    )
    (whole,) = done(api.get("/api/v1/reports/variance/"))["results"]
    apart = whole["minutes"]["typed"], whole["minutes"]["as_planned_or_percent"]
    assert apart == ("90.00", "100.00")
    as_csv = api.get("/api/v1/reports/variance/?format=csv")
    assert b"minutes.typed" in b"".join(as_csv.streaming_content)
    assert "10 g; 10 g planned (as planned)" in page(floor.get(at(run)))
    assert "1 h 40 min (as planned)" in page(floor.get(at(run)))
    assert "Time (as planned)" in text_of(at_admin.get(f"{RUNS}{run.pk}/change/"))
    assert text_of(at_admin.get(RUNS)).count(">estimated</span>") == 2
    table = b"".join(at_admin.get(f"{RUNS}csv/").streaming_content).decode()
    found = {row["number"]: row for row in DictReader(StringIO(table.removeprefix("\ufeff")))}
    names = ("estimated_grams", "actual_minutes_source")
    assert [found[run.number][name] for name in names] == ["10", "as_planned"]
    assert [found[typed.number][name] for name in names] == ["0", "typed"]
