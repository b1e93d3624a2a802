"""Weighing and the ledger through the API."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import InventoryTransaction
from tests.factories import (
    a_spool,
)
from tests.inventory.api_helpers import LEDGER, SPOOLS, at
from tests.responses import results


def test_a_spool_is_weighed(api):
    spool = a_spool(1000)
    answer = api.post(at(spool, "weigh"), {"gross_grams": "1180.5"})
    assert (answer.status_code, answer.json()["remaining_grams"]) == (200, "980.500000")
    assert (answer.json()["entry"]["kind"], answer.json()["entry"]["grams"]) == (
        "count",
        "-19.500000",
    )


def test_a_weight_hard_to_believe_is_refused_with_the_figures(api):
    spool = a_spool(1000)
    answer = api.post(at(spool, "weigh"), {"gross_grams": 500})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "weighing_implausible")
    assert Decimal(problem["book_grams"]) == 1000
    assert Decimal(problem["net_grams"]) == 300
    answer = api.post(at(spool, "weigh"), {"gross_grams": 500, "confirm": True})
    assert answer.json()["remaining_grams"] == "300.000000"


def test_a_viewer_weighs_nothing(api, viewer):
    api.force_authenticate(viewer)
    spool = a_spool()
    assert api.post(at(spool, "weigh"), {"gross_grams": 1100}).status_code == 403
    assert api.post(SPOOLS, {"filament": spool.filament_id}).status_code == 403
    assert InventoryTransaction.objects.count() == 1


def test_the_ledger_is_read_by_spool_and_kind_and_never_written(api):
    spool, other = a_spool(), a_spool()
    api.post(at(spool, "weigh"), {"gross_grams": 1190})
    assert [row["kind"] for row in results(api.get(at(spool, "transactions")))] == [
        "receipt",
        "count",
    ]
    assert len(results(api.get(f"{LEDGER}?spool={spool.pk}&kind=count"))) == 1
    assert len(results(api.get(f"{LEDGER}?kind=receipt,count"))) == 3
    assert len(results(api.get(f"{LEDGER}?spool={other.pk}"))) == 1
    entry = InventoryTransaction.objects.first()
    for method in ("put", "patch", "delete"):
        assert getattr(api, method)(f"{LEDGER}{entry.pk}/", {}).status_code == 405
    assert api.post(LEDGER, {}).status_code == 405


def test_the_ledger_of_no_spool_is_404(api):
    assert api.get(f"{SPOOLS}1/transactions/").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "spool=-1",
        "spool=" + "9" * 30,
        "kind=gift",
        "created_from=2026-01-01T00:00:00",
        "created_from=2026-01-01T00:00:00%2B16:00",
        "created_to=9999-12-31",
        "created_to=0001-01-01",
        "run=%00",
    ],
)
def test_a_filter_that_makes_no_sense_is_400(api, query):
    answer = api.get(f"{LEDGER}?{query}")
    assert answer.status_code == 400, answer.content


def test_the_ledger_is_read_by_day_of_the_farm_and_by_moment(api):
    a_spool()
    today = timezone.localdate()
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    assert len(results(api.get(f"{LEDGER}?created_from={today}&created_to={today}"))) == 1
    assert not results(api.get(LEDGER, {"created_from": later}))
    assert len(results(api.get(f"{LEDGER}?created_to={later}"))) == 1  # its + is not escaped


def test_spools_are_found_by_code_as_people_type_it(api):
    spool = a_spool()
    a_spool()
    typed = f"{spool.code[:4].lower()}-{spool.code[4:]}"
    assert [row["id"] for row in results(api.get(f"{SPOOLS}?code={typed}"))] == [spool.pk]
    assert not results(api.get(f"{SPOOLS}?is_archived=true"))
    assert api.get(f"{SPOOLS}?is_archived=maybe").status_code == 400
