"""Settings: those of the farm, the registry of its fields, and what clients keep here."""

import json

from django.utils.translation import gettext as _

from inventory.models import ClientSetting
from inventory.services import client_settings
from production.spoolman import extra_fields, values
from production.spoolman.address import NOTHING
from production.spoolman.answers import Failure, InvalidShape, as_json, item_of, missing
from tenants.accounts import services
from tenants.accounts.models import FarmSettings

MAX_LENGTH = 65_535
TYPES = {  # whether a value is one, and what a refusal calls it
    "string": (lambda value: isinstance(value, str), "a string"),
    "boolean": (lambda value: isinstance(value, bool), "a boolean"),
    "array": (lambda value: isinstance(value, list), "an array"),
    "object": (lambda value: isinstance(value, dict), "an object"),
}
DEFAULTS = {"string": '""', "boolean": "false", "array": "[]", "object": "{}"}
CURRENCY, BASE_URL, FIELDS = "currency", "base_url", "extra_fields_"
KEYS = {
    CURRENCY: "string",
    "round_prices": "boolean",
    "print_presets": "array",
    "label_designs": "array",
    "locations": "array",
    "locations_spoolorders": "object",
    "dashboard_groups": "object",
    "dashboard_spoolorders": "object",
    BASE_URL: "string",
    **{f"{FIELDS}{entity}": "array" for entity in ("vendor", "filament", "spool")},
}
DEFAULT_CURRENCY = "EUR"
UNKNOWN = "Setting %(key)s does not exist."
NOT_SET = "Setting with key %(key)s has not been set."
WRONG_TYPE = "Setting %(key)s must be %(type)s."
NOT_JSON = "Setting %(key)s is not valid JSON."
TOO_LONG = "Setting value is too big, max size is %(most)s characters."


def show_all(_call):
    stored = _stored()
    return {key: _shape(key, stored) for key in KEYS}


def show(call):
    return _shape(key_of(call), _stored())


def shape(key):
    return _shape(key, _stored())


def change(call):
    key = key_of(call)
    if call.request.body.strip() and not _is_json(call.request):
        message = _("A setting is sent as application/json.")
        return as_json({"detail": message}, call.request, status=415)
    raw = _text_of(call.body)
    if raw in ("", "null"):
        _reset(key, by=call.client.user)
    else:
        _set(key, raw, by=call.client.user)
    return _shape(key, _stored())


def _shape(key, stored):
    kind = KEYS[key]
    value, is_set = stored.get(key, DEFAULTS[kind]), key in stored
    if key == CURRENCY:
        currency = FarmSettings.load().currency
        value, is_set = json.dumps(currency), is_set or currency != DEFAULT_CURRENCY
    elif key == BASE_URL:
        address = FarmSettings.load().address
        value, is_set = json.dumps(address), bool(address)
    elif key.startswith(FIELDS):
        value, is_set = extra_fields.as_setting(key.removeprefix(FIELDS))
    return {"value": value, "is_set": is_set, "type": kind}


def _set(key, raw, *, by):
    value = checked(key, raw)
    if key == CURRENCY:
        _change_farm(by=by, currency=value)
        client_settings.change(key, value=raw, by=by)
    elif key == BASE_URL:
        _change_farm(by=by, address=value.rstrip("/"))
    elif key.startswith(FIELDS):
        extra_fields.replace(key.removeprefix(FIELDS), value, by=by)
    else:
        client_settings.change(key, value=raw, by=by)


def _reset(key, *, by):
    if not _shape(key, _stored())["is_set"]:
        raise Failure(404, NOT_SET % {"key": key})
    if key == CURRENCY:
        _change_farm(by=by, currency=DEFAULT_CURRENCY)
    elif key == BASE_URL:
        _change_farm(by=by, address="")
    elif key.startswith(FIELDS):
        extra_fields.replace(key.removeprefix(FIELDS), [], by=by)
    client_settings.forget(key, by=by)


def checked(key, raw):
    """The value of a text in JSON. Raises Failure."""
    if key not in KEYS:
        raise Failure(404, UNKNOWN % {"key": key})
    if len(raw) > MAX_LENGTH:
        raise Failure(400, TOO_LONG % {"most": MAX_LENGTH})
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Failure(400, NOT_JSON % {"key": key}) from error
    is_of_type, name = TYPES[KEYS[key]]
    if not is_of_type(value):
        raise Failure(400, WRONG_TYPE % {"key": key, "type": name})
    return value


def _change_farm(*, by, **fields):
    services.change_settings(FarmSettings.load(), by=by, **fields)


def _stored():
    return dict(ClientSetting.objects.values_list("key", "value"))


def key_of(call):
    key = call.parts["key"]
    if key not in KEYS:
        raise Failure(404, UNKNOWN % {"key": key})
    return key


def _is_json(request):
    kind = request.content_type or ""
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def _text_of(body):
    if body is NOTHING:
        raise InvalidShape([missing(["body"])])
    try:
        return values.text()(body)
    except values.Unusable as error:
        raise InvalidShape([item_of(error, ["body"], body)]) from error
