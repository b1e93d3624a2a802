"""The fields of a Spoolman's own and its settings: what the farm does not have yet comes here, and
what it has stays."""

import json
from collections import defaultdict

from django.utils.translation import gettext as _

from inventory.models import ClientSetting, ExtraField
from inventory.services import client_settings, extra_fields, extra_values
from inventory.services.moving.arrivals import LEFT, NEW, SAME
from production.spoolman import extra_fields as shapes
from production.spoolman import values
from production.spoolman.answers import Failure, InvalidShape
from production.spoolman.client_settings import (
    BASE_URL,
    CURRENCY,
    DEFAULT_CURRENCY,
    FIELDS,
    checked,
)
from tenants.accounts import services
from tenants.accounts.models import FarmSettings
from tenants.operations.refusals import Refusal

Type = ExtraField.Type
DESCRIBED = ("name", "order", "unit", "field_type", "default_value", "choices", "multi_choice")


class Outcome:
    """What became of a field or a setting: its ``name``, NEW, SAME or LEFT, and why."""

    def __init__(self, name, outcome, why=""):
        self.name, self.outcome, self.why = name, outcome, why


def move_fields(entity, given, *, by):
    """Define those that are missing, in their order; returns an Outcome of each."""
    known = known_fields(entity)
    return [_move_field(entity, each, known, by) for each in given[: extra_fields.MAX_FIELDS]]


def known_fields(entity):
    """``{key: ExtraField}``."""
    return {field.key: field for field in ExtraField.objects.filter(entity=entity)}


def _move_field(entity, given, known, by):
    name = f"{entity}.{given.get('key')}"[:100]
    try:
        field, key = shapes.read(given), shapes.KEY(given.get("key"))
    except InvalidShape as error:
        return Outcome(name, LEFT, error.items[0]["msg"])
    except values.Unusable as error:
        return Outcome(name, LEFT, error.message)
    if key in known:
        if _is_same(known[key], field):
            return Outcome(name, SAME)
        return Outcome(name, LEFT, _("The farm has another field of this key, which stays."))
    try:
        known[key] = extra_fields.define(entity, key, by=by, **field)
    except Refusal as refusal:
        return Outcome(name, LEFT, str(refusal.detail))
    return Outcome(name, NEW)


def _is_same(field, given):
    return all(getattr(field, name) == given[name] for name in DESCRIBED)


def guessed(extras, known):
    """Fields for values (``{key: JSON as text}`` of each row) that no field is known for, each of
    the narrowest type that all its values have."""
    found = defaultdict(list)
    for extra in extras:
        for key, raw in extra.items():
            if key not in known:
                found[key].append(raw)
    return [_guess(key, raws) for key, raws in found.items()]


def _guess(key, raws):
    for kind in (Type.BOOLEAN, Type.INTEGER, Type.FLOAT, Type.INTEGER_RANGE, Type.FLOAT_RANGE):
        field = ExtraField(field_type=kind)
        if not any(extra_values.problem_of(field, raw) for raw in raws):
            return {"key": key, "name": key, "field_type": kind}
    lists = [each for raw in raws if isinstance(each := extra_values.decoded(raw), list)]
    choices = [each for found in lists for each in found if isinstance(each, str)]
    if choices:
        several = {"choices": sorted(set(choices)), "multi_choice": True}
        return {"key": key, "name": key, "field_type": Type.CHOICE, **several}
    return {"key": key, "name": key, "field_type": Type.TEXT}


# --- Settings ------------------------------------------------------------------------------------


def move_settings(given, *, by):
    """Set those that the farm has not set; returns an Outcome of each."""
    stored = dict(ClientSetting.objects.values_list("key", "value"))
    return [
        _move_setting(key, raw, stored, by)
        for key, raw in given.items()
        if not key.startswith(FIELDS)
    ]


def _move_setting(key, raw, stored, by):
    name = key[:100]
    try:
        values.text()(raw)
        value = checked(key, raw)
    except (Failure, values.Unusable) as failure:
        return Outcome(name, LEFT, failure.message)
    try:
        if key == CURRENCY:
            return Outcome(name, *_move_currency(value, raw, stored, by))
        if key == BASE_URL:
            return Outcome(name, *_move_address(value.rstrip("/"), by))
    except Refusal as refusal:
        return Outcome(name, LEFT, str(refusal.detail))
    if key in stored:
        if stored[key] == raw:
            return Outcome(name, SAME)
        return Outcome(name, LEFT, _("It is set here already, and stays."))
    client_settings.change(key, value=raw, by=by)
    return Outcome(name, NEW)


def _move_currency(currency, raw, stored, by):
    here = FarmSettings.load()
    if here.currency == currency:
        return SAME, ""
    if here.currency != DEFAULT_CURRENCY or CURRENCY in stored:
        return LEFT, _("The farm counts in %(currency)s.") % {"currency": here.currency}
    services.change_settings(here, by=by, currency=currency)
    client_settings.change(CURRENCY, value=raw, by=by)
    return NEW, ""


def _move_address(address, by):
    here = FarmSettings.load()
    if here.address == address:
        return SAME, ""
    if here.address:
        return LEFT, _("The farm's address is %(address)s.") % {"address": here.address}
    services.change_settings(here, by=by, address=address)
    return NEW, ""


def location_names(settings):
    """The names of the setting, also of those that are empty."""
    try:
        names = json.loads(settings.get("locations", "[]"))
    except (ValueError, RecursionError):
        return []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
