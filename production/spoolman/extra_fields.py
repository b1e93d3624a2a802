"""The farm's own fields: /field, and the settings that are the same."""

import json

from django.utils.translation import gettext as _

from inventory.models import ExtraField
from inventory.services import extra_fields
from production.spoolman import bodies, values
from production.spoolman.answers import Failure, InvalidShape, item_of
from production.spoolman.values import Unusable
from tenants.operations.refusals import Duplicate

ENTITY = values.one_of(*ExtraField.Entity.values)
KEY = values.text(64, least=1, pattern=r"^[a-z0-9_]+$")
CHANGE = "accounts.change_farmsettings"
DEFAULTS = {"order": 0, "unit": "", "default_value": None, "choices": None, "multi_choice": None}
MISSING = "Extra field with key %(key)s does not exist for entity type %(entity)s"
NO_FIELD = "No extra field with key '%(key)s'."
NOT_VALID = "Extra field at index %(index)s is not valid: %(problem)s"


def show(call):
    return of_entity(_entity(call))


def define(call):
    """A new field needs less than one that is changed: Happy Hare adds its own by itself."""
    entity, key = _entity(call), _part(call, "key", KEY)
    given = read(call.body)
    only_new = CHANGE not in call.client.rights
    try:
        extra_fields.define(entity, key, by=call.client.user, only_new=only_new, **given)
    except Duplicate:
        call.client.require(CHANGE)
        raise
    return of_entity(entity)


def drop(call):
    entity, key = _entity(call), _part(call, "key", KEY)
    field = _find(entity, key, MISSING)
    extra_fields.drop(field, by=call.client.user)
    return of_entity(entity)


def show_values(call):
    entity, key = _entity(call), call.parts["key"]
    return extra_fields.values(_find(entity, key, NO_FIELD))


def of_entity(entity):
    fields = ExtraField.objects.filter(entity=entity).order_by("position", "pk")
    return [_shape(field) for field in fields]


def read(body):
    """The values of a body, with those that were left out. Raises InvalidShape."""
    given = bodies.read(bodies.EXTRA_FIELD, body)
    return DEFAULTS | given | {"unit": given.get("unit") or ""}


def as_setting(entity):
    """The registry as the value of a setting, and whether it is set."""
    fields = of_entity(entity)
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False), bool(fields)


def replace(entity, given, *, by):
    """Let the fields be those of a setting, in its order. Raises Failure, Refusal."""
    wanted = {}
    for index, each in enumerate(given):
        key, field = _of_setting(entity, each, index)
        if key in wanted:
            raise _not_valid(index, _("There are two of the key %(key)s.") % {"key": key})
        wanted[key] = field
    for field in ExtraField.objects.filter(entity=entity).exclude(key__in=wanted):
        extra_fields.drop(field, by=by)
    for key, field in wanted.items():
        extra_fields.define(entity, key, by=by, **field)


def _of_setting(entity, given, index):
    try:
        field = read(given)
        key = KEY(given.get("key"))
    except InvalidShape as error:
        raise _not_valid(index, error.items[0]["msg"]) from error
    except Unusable as error:
        raise _not_valid(index, error.message) from error
    if given.get("entity_type", entity) != entity:
        raise _not_valid(index, _("It is of another entity."))
    return key, field


def _not_valid(index, problem):
    return Failure(400, NOT_VALID % {"index": index, "problem": problem})


def _entity(call):
    return _part(call, "entity_type", ENTITY)


def _part(call, name, read):
    """A part of the address. Raises InvalidShape."""
    given = call.parts[name]
    try:
        return read(given)
    except Unusable as error:
        raise InvalidShape([item_of(error, ["path", name], given)]) from error


def _find(entity, key, missing):
    field = ExtraField.objects.filter(entity=entity, key=key).first()
    if field is None:
        raise Failure(404, missing % {"entity": entity, "key": key})
    return field


def _shape(field):
    members = {
        "name": field.name,
        "order": field.order,
        "unit": field.unit or None,
        "field_type": field.field_type,
        "default_value": field.default_value,
        "choices": field.choices,
        "multi_choice": field.multi_choice,
        "key": field.key,
        "entity_type": field.entity,
    }
    return {name: value for name, value in members.items() if value is not None}
