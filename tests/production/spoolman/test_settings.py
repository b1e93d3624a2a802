"""Settings: kept byte for byte, and those that are the farm's."""

import pytest

from inventory.models import ClientSetting
from production.spoolman.client_settings import KEYS
from tenants.accounts.models import FarmSettings
from tests.production.spoolman.clients import a_printer_client, items, message, ok

LONG = f'["{"x" * 65_536}"]'


def test_all_settings_with_their_defaults(printer):
    shown = ok(printer.get("setting/"))
    assert shown.keys() == KEYS.keys()
    assert shown["currency"] == {"value": '"EUR"', "is_set": False, "type": "string"}
    assert shown["round_prices"] == {"value": "false", "is_set": False, "type": "boolean"}
    assert shown["locations"] == {"value": "[]", "is_set": False, "type": "array"}
    assert shown["dashboard_groups"] == {"value": "{}", "is_set": False, "type": "object"}
    assert shown["base_url"] == {"value": '""', "is_set": False, "type": "string"}
    assert shown["extra_fields_spool"] == {"value": "[]", "is_set": False, "type": "array"}


def test_the_list_of_settings_alone_has_a_slash(printer):
    answer = printer.get("setting")
    assert (answer.status_code, answer["Location"]) == (307, f"{printer.base}setting/")
    answer = printer.get("setting/currency/")
    assert (answer.status_code, answer["Location"]) == (307, f"{printer.base}setting/currency")


@pytest.mark.parametrize(
    ("key", "raw"),
    [
        ("round_prices", "true"),
        ("locations", '["A",  "B"]'),
        ("print_presets", "[]"),
        ("label_designs", '[{"ü": 1.50}]'),
        ("locations_spoolorders", "{}"),
        ("dashboard_groups", '{"a": null}'),
        ("dashboard_spoolorders", "{}"),
    ],
)
def test_a_setting_is_kept_byte_for_byte_and_reset(printer, key, raw):
    set_now = ok(printer.post(f"setting/{key}", raw))
    assert set_now == ok(printer.get(f"setting/{key}"))
    assert (set_now["value"], set_now["is_set"]) == (raw, True)
    assert ok(printer.post(f"setting/{key}", ""))["is_set"] is False
    told = f"Setting with key {key} has not been set."
    assert message(printer.post(f"setting/{key}", "null"), 404) == told


def test_the_currency_is_the_farms(printer):
    assert ok(printer.post("setting/currency", '"SEK"')) == {
        "value": '"SEK"',
        "is_set": True,
        "type": "string",
    }
    assert FarmSettings.load().currency == "SEK"
    assert "not an ISO 4217" in message(printer.post("setting/currency", '"XYZW"'), 400)
    assert ok(printer.post("setting/currency", '"EUR"'))["is_set"] is True  # written here
    assert ok(printer.post("setting/currency", ""))["is_set"] is False
    assert FarmSettings.load().currency == "EUR"
    told = "Setting with key currency has not been set."
    assert message(printer.post("setting/currency", ""), 404) == told


def test_the_base_url_is_the_farms_address(printer):
    ok(printer.post("setting/base_url", '"https://farm.example.com/"'))
    assert FarmSettings.load().address == "https://farm.example.com"
    assert ok(printer.get("setting/base_url"))["value"] == '"https://farm.example.com"'
    message(printer.post("setting/base_url", '"https://farm.example.com/path"'), 400)
    assert ok(printer.post("setting/base_url", "null"))["value"] == '""'


@pytest.mark.parametrize(
    ("key", "raw", "told"),
    [
        ("currency", "1", "Setting currency must be a string."),
        ("round_prices", "1", "Setting round_prices must be a boolean."),
        ("locations", "{}", "Setting locations must be an array."),
        ("dashboard_groups", "[]", "Setting dashboard_groups must be an object."),
        ("locations", "[", "Setting locations is not valid JSON."),
        (
            "locations",
            LONG,
            "Setting value is too big, max size is 65535 characters.",
        ),
    ],
)
def test_a_setting_is_of_its_type(printer, key, raw, told):
    assert message(printer.post(f"setting/{key}", raw), 400) == told
    assert not ClientSetting.objects.exists()


def test_an_unknown_setting(printer):
    for answer in (printer.get("setting/x"), printer.post("setting/x", "1")):
        assert message(answer, 404) == "Setting x does not exist."


def test_a_setting_is_sent_as_a_text_in_declared_json(printer):
    for kind in ("", "text/plain", "application/x-www-form-urlencoded"):
        answer = printer.post("setting/locations", "[]", content_type=kind)
        assert (answer.status_code, answer.json().keys()) == (415, {"detail"})
    ok(printer.post("setting/locations", "[1]", content_type="application/vnd.api+json"))
    assert items(printer.post("setting/locations", [1])) == [
        ("string_type", ["body"], "Input should be a valid string")
    ]
    assert items(printer.post("setting/locations")) == [("missing", ["body"], "Field required")]


def test_who_may_not_change_the_farms_settings_reads_them(operator):
    printer = a_printer_client(operator)
    assert ok(printer.get("setting/currency"))
    message(printer.post("setting/locations", "[]"), 403)
