"""Reasons for scrap and failure are managed by the farm's managers, by program too."""

import pytest

from production.models import Reason
from production.services import completion
from production.services.completion.actuals import ItemCount
from tenants.accounts.models import AuditEvent
from tests.factories import a_product, a_running_run, a_spool
from tests.responses import done, refused, results

REASONS = "/api/v1/reasons/"
FOOT = {"kind": "scrap", "code": "elephant_foot", "label": "Elephant's foot"}


@pytest.fixture
def foot(api):
    return done(api.post(REASONS, FOOT), 201)


def test_a_reason_is_added_renamed_and_taken_out_of_use(api, foot, manager):
    assert api.post(REASONS, FOOT | {"kind": "failure"})["Location"].endswith(
        f"{REASONS}{Reason.objects.latest('pk').pk}/"
    )
    at = f"{REASONS}{foot['id']}/"
    assert done(api.patch(at, {"label": "Elephant foot"}))["label"] == "Elephant foot"
    changed = done(api.patch(at, {"is_active": False}))
    assert (changed["code"], changed["is_active"]) == ("elephant_foot", False)
    found = results(api.get(f"{REASONS}?is_active=false"))
    assert [each["id"] for each in found] == [foot["id"]]
    trail = AuditEvent.objects.filter(object_type="production.reason", object_id=foot["id"])
    assert [each.verb for each in trail.order_by("pk")] == ["add", "change", "change"]
    assert {each.by for each in trail} == {manager}


def test_what_programs_name_it_by_stays(api, foot):
    at = f"{REASONS}{foot['id']}/"
    for change in ({"code": "big_foot"}, {"kind": "failure"}):
        assert set(refused(api.patch(at, change), 400, "invalid")["errors"]) == set(change)
    assert done(api.put(at, foot | {"label": "Foot"}))["label"] == "Foot"


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "delay"}, {"code": "no spaces"}, {"code": ""}, {"label": ""}, {"is_active": 1}],
)
def test_a_reason_that_is_none_is_400(api, wrong):
    assert set(refused(api.post(REASONS, FOOT | wrong), 400, "invalid")["errors"]) == set(wrong)


@pytest.mark.usefixtures("foot")
def test_a_code_is_there_once_for_each_kind(api):
    refused(api.post(REASONS, FOOT), 409, "duplicate")


def test_one_that_a_run_names_is_not_removed(api, foot):
    run = a_running_run((a_spool(), 10), items=[(a_product(), 2)])
    reason = Reason.objects.get(pk=foot["id"])
    item = ItemCount(item=run.items.get().pk, good_count=1, scrapped_count=1, scrap_reason=reason)
    completion.complete(run, by=None, items=[item], as_planned=True)
    refused(api.delete(f"{REASONS}{foot['id']}/"), 409, "in_use")
    unused = done(api.post(REASONS, FOOT | {"code": "oozing"}), 201)
    assert api.delete(f"{REASONS}{unused['id']}/").status_code == 204


def test_an_operator_only_reads_them(api_client, operator, farm):
    api_client.force_authenticate(operator)
    assert results(api_client.get(f"{REASONS}?kind=scrap"))
    refused(api_client.post(REASONS, FOOT), 403, "permission_denied")


def test_a_code_of_digits_is_a_text_and_no_number(api):
    reason = done(api.post(REASONS, FOOT | {"code": "0"}), 201)
    address = f"{REASONS}{reason['id']}/"
    assert refused(api.patch(address, {"code": "000"}), 400, "invalid")["errors"]["code"]
    assert done(api.patch(address, {"code": "0"})) == reason
