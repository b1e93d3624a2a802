"""What a program reads of the inventory's past: how it was then, and what happened since."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_tenants.utils import tenant_context

from inventory.models import InventoryTransaction, Location, SpoolEvent
from inventory.services.spools import consumption, shelf
from production.services import completion
from tests.factories import a_running_run, a_spool
from tests.inventory.api_helpers import LEDGER, SPOOLS, found

# --- As of then --------------------------------------------------------------------------------


@pytest.fixture
def days(farm):
    """A spool received three days ago, used two days ago, archived yesterday; the moments."""
    now = timezone.now()
    noon = [timezone.localtime(now - timedelta(days=ago)).replace(hour=12) for ago in (3, 2, 1)]
    spool = a_spool(1000, at=noon[0])
    consumption.use(spool, grams=400, by=None, at=noon[1])
    shelf.archive(spool, by=None, discard=True, at=noon[2])
    return spool, noon


def test_a_spool_is_read_as_of_a_moment_and_of_a_day(api, days):
    spool, noon = days
    address = f"{SPOOLS}{spool.pk}/"

    def then(moment):
        answer = api.get(address, {"as_of": moment}).json()
        assert answer["remaining_grams"] == "0.000000"
        return answer["grams_then"]

    assert api.get(address).json()["grams_then"] is None
    second = timedelta(seconds=1)
    assert [then((moment - second).isoformat()) for moment in noon] == [
        None,
        "1000.000000",
        "600.000000",
    ]
    assert then(noon[1].isoformat()) == "600.000000"
    assert [then(moment.date().isoformat()) for moment in noon] == [
        "1000.000000",
        "600.000000",
        "0.000000",
    ]


def test_the_shelf_is_listed_as_it_was(api, days):
    spool, noon = days
    other = a_spool(500, at=noon[1])
    rows = api.get(SPOOLS, {"as_of": noon[1].date().isoformat()}).json()["results"]
    assert {row["id"]: row["grams_then"] for row in rows} == {
        spool.pk: "600.000000",
        other.pk: "500.000000",
    }
    assert found(api, SPOOLS, f"as_of={noon[0].date()}") == [spool.pk]
    assert found(api, SPOOLS, f"as_of={noon[2].date()}") == [other.pk]
    assert found(api, SPOOLS, f"as_of={noon[1].date()}&is_archived=true") == [spool.pk]


def test_a_day_is_the_farms(api):
    """Shortly after midnight in Berlin it is still the day before in UTC."""
    moment = timezone.localtime().replace(hour=0, minute=30) - timedelta(days=1)
    spool = a_spool(100, at=moment)
    before = moment.date() - timedelta(days=1)
    assert found(api, SPOOLS, f"as_of={before}") == []
    assert found(api, SPOOLS, f"as_of={moment.date()}") == [spool.pk]


@pytest.mark.parametrize("moment", ["2026-13-01", "2026-01-01T00:00:00", "soon", "0001-01-01"])
def test_what_is_no_time_is_400(api, moment):
    spool = a_spool()
    for path in (SPOOLS, f"{SPOOLS}{spool.pk}/"):
        answer = api.get(path, {"as_of": moment})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["as_of"])
    assert api.get(f"{SPOOLS}{spool.pk}/?lot_number=x").status_code == 400


# --- What happened -----------------------------------------------------------------------------


def test_what_happened_to_a_spool_is_read_in_order(api, operator):
    box = Location.objects.create(name="Dry box")
    spool, other = a_spool(), a_spool()
    shelf.move(spool, location=box, by=operator)
    shelf.open(other, by=operator)
    shelf.dry(spool, by=None)
    events = f"{SPOOLS}{spool.pk}/events/"
    moved, dried = api.get(events).json()["results"]
    by = moved["by"], moved["by_username"], moved["by_name"]
    assert by == (operator.pk, "otto", "Otto Operator")
    assert (moved["verb"], moved["after"]) == ("moved", "Dry box")
    assert (dried["verb"], dried["by"], dried["spool_code"]) == ("dried", None, spool.code)
    assert found(api, events, "verb=dried,opened") == [dried["id"]]
    assert found(api, events, f"after_id={moved['id']}") == [dried["id"]]
    assert found(api, events, f"at_from={timezone.localdate()}") == [moved["id"], dried["id"]]
    assert found(api, events, "search=box") == [moved["id"]]
    assert api.get(f"{events}{moved['id']}/").json() == moved
    assert api.get(f"{SPOOLS}{other.pk}/events/{moved['id']}/").status_code == 404
    for method in ("post", "put", "delete"):
        assert getattr(api, method)(events, {}).status_code == 405


def test_what_happened_elsewhere_is_not_there(api, other_farm):
    with tenant_context(other_farm):
        theirs = a_spool()
        shelf.open(theirs, by=None)
    assert SpoolEvent.objects.count() == 0
    assert api.get(f"{SPOOLS}{theirs.pk}/events/").status_code == 404


def test_the_ledger_is_narrowed_and_followed(api):
    spool, other = a_spool(), a_spool()
    run = a_running_run((spool, 10))
    completion.complete(run, by=None, as_planned=True)
    receipts = list(InventoryTransaction.objects.filter(kind="receipt").order_by("pk"))
    usage = InventoryTransaction.objects.get(kind="usage")
    assert found(api, LEDGER, f"run_number={run.number.lower()}") == [usage.pk]
    assert found(api, LEDGER, f"run={run.pk}") == [usage.pk]
    assert found(api, LEDGER, f"filament={other.filament_id}") == [receipts[1].pk]
    assert found(api, LEDGER, "source=system") == [each.pk for each in (*receipts, usage)]
    assert found(api, LEDGER, "source=api,floor") == []
    assert found(api, LEDGER, f"after_id={receipts[0].pk}") == [receipts[1].pk, usage.pk]
    assert found(api, LEDGER, f"after_id={usage.pk}") == []
    assert len(found(api, LEDGER, "after_id=0")) == 3
    assert found(api, f"{SPOOLS}{spool.pk}/transactions/", f"after_id={receipts[0].pk}") == [
        usage.pk
    ]
    for query in ("after_id=-1", "after_id=x", "after_id=1.0", "after_id=0_1", "source=mars"):
        assert api.get(f"{LEDGER}?{query}").status_code == 400
