"""Values of the farm's own fields: JSON as text, kept byte for byte, of the field's type."""

import json

from django.utils.translation import gettext as _

from inventory.models import ExtraField
from tenants.operations.refusals import Invalid

MAX_LENGTH = 65_535
Type = ExtraField.Type
MEASURED = (Type.INTEGER, Type.FLOAT, Type.INTEGER_RANGE, Type.FLOAT_RANGE)  # in a unit


class ExtraValueInvalid(Invalid):
    code = "extra_value_invalid"
    title = "A value does not fit its field"


def merged(extra, changes):
    """``extra`` with the ``changes`` ({key: JSON as text}); None takes a key out."""
    values = {**extra, **changes}
    return {key: value for key, value in values.items() if value is not None}


def check(entity, changes):
    """Check ``{key: JSON as text, or None}`` of one row. Raises ExtraValueInvalid."""
    fields = {field.key: field for field in ExtraField.objects.filter(entity=entity)}
    for key, raw in changes.items():
        if key not in fields:
            raise ExtraValueInvalid(_("Unknown extra field %(key)s.") % {"key": key[:64]})
        if raw is None:
            continue
        if problem := problem_of(fields[key], raw):
            names = {"key": key, "problem": problem}
            message = _("Invalid extra field for key %(key)s: %(problem)s")
            raise ExtraValueInvalid(message % names)


def problem_of(field, raw):
    """Why a JSON text is no value of a field; "" where it is one."""
    if len(raw) > MAX_LENGTH:
        message = _("Value is too big, max size is %(most)s characters.")
        return message % {"most": MAX_LENGTH}
    try:
        value = json.loads(raw, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return _("Value is not valid JSON.")
    return _PROBLEMS[field.field_type](field, value)


def named(entity, extra):
    """What a row has of the farm's own fields, in their order: ``[(field, text)]``. One query,
    where it has something."""
    if not extra:
        return []
    fields = ExtraField.objects.filter(entity=entity, key__in=extra)
    return [(field, _as_text(field, decoded(extra[field.key]))) for field in fields]


def _as_text(field, value):
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list) and field.field_type == Type.CHOICE:
        return ", ".join(map(str, value))
    if isinstance(value, list):
        value = " – ".join("" if each is None else str(each) for each in value).strip()
    text = "" if value is None else str(value)
    return f"{text} {field.unit}".strip() if text and field.field_type in MEASURED else text


def decoded(raw):
    """What a JSON text says, or None."""
    try:
        return json.loads(raw)
    except (TypeError, ValueError, RecursionError):
        return None


def _refuse(name):
    raise ValueError(name)


def _is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _of_text(_field, value):
    return "" if isinstance(value, str) else _("Value is not a string.")


def _of_integer(_field, value):
    return "" if _is_whole(value) else _("Value is not an integer.")


def _of_float(_field, value):
    return "" if _is_number(value) else _("Value is not a float.")


def _of_boolean(_field, value):
    return "" if isinstance(value, bool) else _("Value is not a boolean.")


def _of_integer_range(_field, value):
    return _of_range(value, _is_whole, _("Value list must contain only integers or null."))


def _of_float_range(_field, value):
    return _of_range(value, _is_number, _("Value list must contain only floats or null."))


def _of_range(value, is_usable, message):
    if not isinstance(value, list):
        return _("Value is not a list.")
    if len(value) != 2:
        return _("Value list must have exactly two values.")
    return "" if all(each is None or is_usable(each) for each in value) else message


def _of_choice(field, value):
    choices = field.choices or []
    if field.multi_choice:
        if not isinstance(value, list):
            return _("Value is not a list.")
        are_known = all(each in choices for each in value)
        return "" if are_known else _("Value list contains invalid choices.")
    if not isinstance(value, str):
        return _("Value is not a string.")
    return "" if value in choices else _("Value is not a valid choice.")


_PROBLEMS = {
    Type.TEXT: _of_text,
    Type.DATETIME: _of_text,
    Type.INTEGER: _of_integer,
    Type.FLOAT: _of_float,
    Type.BOOLEAN: _of_boolean,
    Type.INTEGER_RANGE: _of_integer_range,
    Type.FLOAT_RANGE: _of_float_range,
    Type.CHOICE: _of_choice,
}
