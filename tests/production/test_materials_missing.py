"""Parts without material need a confirmation: by the start, by a recorded run, by each material."""

from datetime import timedelta

import pytest
from django.utils import timezone

from production.models import ProductionRun
from production.services.requirements.readiness import MaterialsMissing
from production.services.runs import lifecycle, repeats
from production.services.runs.repeats import Made
from tests.factories import a_product, a_run, a_spool
from tests.production.floor_helpers import at, page, touch

RUNS = "/api/v1/production-runs/"


@pytest.fixture
def run(farm):
    return a_run(items=[(a_product(), 5)])


def test_a_start_without_materials_is_refused_until_somebody_confirms(run):
    with pytest.raises(MaterialsMissing, match="no materials"):
        lifecycle.start(run, by=None)
    assert ProductionRun.objects.get().status == "planned"
    assert lifecycle.start(run, by=None, confirm=True).status == "in_progress"


def test_a_run_that_makes_nothing_starts(farm):
    assert lifecycle.start(a_run(), by=None).status == "in_progress"


def test_the_api_asks_and_names_it_among_the_blockers(api, run):
    address = f"{RUNS}{run.pk}/"
    blockers = api.get(f"{address}blockers/").json()["blockers"]
    assert [each["code"] for each in blockers] == ["materials_missing"]
    answer = api.post(f"{address}start/", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "materials_missing")
    assert api.post(f"{address}start/", {"confirm": True}).status_code == 200


def test_the_floor_asks(floor, run):
    assert "No material is planned." in page(floor.get(at(run)))
    assert "Start without materials" in page(touch(floor, at(run, "start")), 409)
    touch(floor, at(run, "start"), confirm="on")
    assert ProductionRun.objects.get().status == "in_progress"


def test_a_recorded_run_asks(farm):
    now = timezone.now()
    over = {"started_at": now - timedelta(hours=2), "finished_at": now, "by": None}
    made = [Made(product=a_product(), good_count=3)]
    with pytest.raises(MaterialsMissing):
        repeats.record(made=made, **over)
    assert not ProductionRun.objects.exists()
    repeats.record(made=made, confirm=True, **over)
    assert ProductionRun.objects.get().status == "completed"


def test_a_material_without_grams_is_asked_for_them(api, run):
    spool = a_spool()
    answer = api.post(f"{RUNS}{run.pk}/materials/", {"spool": spool.pk})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["planned_grams"])
    answer = api.post(RUNS, {"materials": [{"spool": spool.pk}]})
    assert (answer.status_code, list(answer.json()["errors"])) == (
        400,
        ["materials.0.planned_grams"],
    )
    body = {"spool": spool.pk, "planned_grams": "0"}
    assert api.post(f"{RUNS}{run.pk}/materials/", body).status_code == 201
