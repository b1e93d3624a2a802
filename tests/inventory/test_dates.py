"""What has happened to a spool can't be dated in the future, whichever way it is entered."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inventory.models import Spool
from tests.factories import a_filament, a_spool
from tests.inventory.tables import columns_refused, spools
from tests.responses import done, refused

SPOOLS = "/api/v1/spools/"


@pytest.fixture
def tomorrow(farm):
    return (timezone.localdate() + timedelta(days=1)).isoformat()


def test_a_delivery_can_not_be_received_tomorrow(api, tomorrow):
    body = {"filament": a_filament().pk, "initial_grams": 500, "received_on": tomorrow}
    for path, more in ((SPOOLS, {}), (f"{SPOOLS}receive/", {"count": 2})):
        problem = refused(api.post(path, body | more), 400, "invalid")
        assert list(problem["errors"]) == ["received_on"]
        assert problem["detail"] == f"{tomorrow} is still to come."
    assert not Spool.objects.exists()
    done(api.post(SPOOLS, body | {"received_on": timezone.localdate().isoformat()}), 201)


def test_a_line_of_a_table_can_not_be_either(farm, tomorrow):
    a_filament("Red", net_grams=750)
    report = spools(["name", "received_on"], ["Red", tomorrow], ["Red", ""])
    assert columns_refused(report) == {2: ["received_on"]}
    assert Spool.objects.count() == 1


def test_a_spool_can_not_be_opened_or_dried_in_the_future(api, tomorrow):
    spool = a_spool()
    later = (timezone.now() + timedelta(minutes=5)).isoformat()
    for name, value in (("received_on", tomorrow), ("opened_at", later), ("dried_at", later)):
        problem = refused(api.patch(f"{SPOOLS}{spool.pk}/", {name: value}), 400, "invalid")
        assert list(problem["errors"]) == [name]


def test_a_spool_can_not_be_received_tomorrow_in_the_admin(as_manager, tomorrow):
    spool = a_spool()
    address = f"/admin/inventory/spool/{spool.pk}/change/"
    page = as_manager.get(address)
    values = page.context["adminform"].form.initial | {"received_on": tomorrow}
    values = {name: "" if value is None else value for name, value in values.items()}
    assert "still to come" in as_manager.post(address, values).content.decode()
