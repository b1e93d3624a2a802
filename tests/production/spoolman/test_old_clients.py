"""What each client relies on, by its name."""

import json

import pytest

from inventory.models import ExtraField, Spool
from tests.factories import a_spool, make_token
from tests.production.spoolman.clients import Printer, message, ok


@pytest.fixture
def number(farm):
    spool = a_spool(1000)
    spool.refresh_from_db()
    return spool.number


def test_moonraker_clears_its_spool_at_404_alone(printer, nobody, number, settings):
    """All else it sends again: so only a spool that is not there is 404."""
    settings.ALLOWED_HOSTS = ["*"]
    gone = printer.get("spool/1000077")
    assert message(gone, 404) == "No spool with ID 1000077 found."
    for answer in (
        nobody.get(f"/d/wrong/api/v1/spool/{number}"),
        nobody.get(f"/api/v1/spool/{number}"),
        printer.get(f"spool/{number}", HTTP_HOST="moved.example.com"),
        printer.get("spool/none"),
    ):
        assert answer.status_code in (401, 422, 503)


def test_moonraker_asks_for_its_spool_when_it_connects(printer, number):
    """With Connection: close and its name; sends If-None-Match only after an ETag."""
    headers = {"User-Agent": "Moonraker/v0.9", "Connection": "close"}
    answer = printer.get(f"spool/{number}", headers=headers)
    assert ok(answer)["id"] == number
    assert "ETag" not in answer.headers


def test_the_proxy_of_moonraker_gets_json_of_everything(printer, number):
    for method, path in (
        ("GET", "health"),
        ("GET", "info"),
        ("GET", "nothing"),
        ("POST", "spool"),
        ("PUT", "info"),
        ("DELETE", f"spool/{number}"),
        ("DELETE", f"spool/{number}"),
    ):
        answer = printer.ask(method, path)
        assert answer["Content-Type"] == "application/json", (method, path)
        json.loads(answer.content)


def test_happy_hare_wants_a_version_of_0_18_1_at_least(printer):
    version = [int(part) for part in ok(printer.get("info"))["version"].split(".")]
    assert version >= [0, 18, 1]


def test_octoprint_sends_its_key_in_a_header(nobody, manager, number):
    headers = {"X-Api-Key": make_token(manager, scope="printer", kind="octoprint")}
    assert ok(nobody.get(f"spool/{number}", headers=headers))["id"] == number


def test_home_assistant_decodes_each_extra_value(printer, number):
    ExtraField.objects.create(entity="spool", key="tag", name="Tag", field_type="text", position=1)
    extra = ok(printer.patch(f"spool/{number}", {"extra": {"tag": '"ü"'}}))["extra"]
    assert {key: json.loads(value) for key, value in extra.items()} == {"tag": "ü"}


def test_a_bridge_sends_the_whole_extra_back(printer, number):
    """OpenSpoolMan reads it, sets its own key and sends all of them."""
    for key in ("tag", "active_tray"):
        ok(printer.post(f"field/spool/{key}", {"name": key, "field_type": "text"}))
    Spool.objects.filter(number=number).update(extra={"tag": '"04A2"'})
    extra = ok(printer.get(f"spool/{number}"))["extra"] | {"active_tray": '"1"'}
    body = {"extra": extra}
    assert ok(printer.patch(f"spool/{number}", body))["extra"] == extra
    assert printer.get("field/spool/tag").status_code == 405  # which it expects


def test_bambulab_ams_sends_milliseconds(printer, number):
    spool = ok(printer.patch(f"spool/{number}", {"first_used": 1764331859000}))
    assert spool["first_used"] == "2025-11-28T12:10:59Z"


def test_a_page_of_mainsail_at_another_host_may_be_listed(manager, settings):
    """And sees how many there are in all."""
    assert "X-Total-Count" in settings.CORS_EXPOSE_HEADERS
    assert "x-api-key" in settings.CORS_ALLOW_HEADERS


def test_an_address_that_ends_in_a_slash_does_too(manager, number):
    """People write http://farm/d/TOKEN/ into the settings."""
    client = Printer(make_token(manager, scope="printer"))
    client.base = client.base.replace("/api/v1/", "//api/v1/")
    assert ok(client.get(f"spool/{number}"))["id"] == number
