"""Filters and order by the farm's own fields, whose values are JSON as text.

Which values are meant is found out here, among those that there are: they are stored byte for byte,
and not all that JSON allows is JSON to PostgreSQL.
"""

import json
import operator
import re
from decimal import Decimal
from functools import reduce

from django.contrib.postgres.fields import ArrayField
from django.db.models import DecimalField, F, Func, Q, TextField, Value
from django.db.models.functions import Cast, NullIf
from django.db.models.lookups import IsNull

from inventory.models import ExtraField
from production.spoolman.answers import Failure
from tenants.operations.compiled import IsOneOf

Entity, Type = ExtraField.Entity, ExtraField.Type
# Where a parameter looks: the entity, and the column.
OF_SPOOLS = {
    "extra.": (Entity.SPOOL, "extra"),
    "filament.extra.": (Entity.FILAMENT, "filament__extra"),
    "filament.vendor.extra.": (Entity.VENDOR, "filament__manufacturer__extra"),
}
OF_FILAMENTS = {"extra.": (Entity.FILAMENT, "extra")}
OF_VENDORS = {"extra.": (Entity.VENDOR, "extra")}
HALF_PAIR = re.compile("[\ud800-\udfff]")
TEXTS = ArrayField(TextField())
NUMBER_TYPES = {Type.INTEGER, Type.FLOAT, Type.INTEGER_RANGE, Type.FLOAT_RANGE}
# Also the start of a range. One group: SUBSTRING gives what is in the first.
NUMBER = r"^\[?\s*(-?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][-+]?[0-9]{1,2})?)\s*(?:,|$)"
EXPECTED = {
    Type.INTEGER: "an integer, or 'min:max'",
    Type.FLOAT: "a number, or 'min:max'",
    Type.INTEGER_RANGE: "'min:max'",
    Type.FLOAT_RANGE: "'min:max'",
    Type.BOOLEAN: "'true' or 'false'",
    Type.DATETIME: "a text, or 'start|end'",
}
UNUSABLE = "Invalid value '%(item)s' for extra field '%(name)s', expected %(expected)s."


class Raw(Func):
    """The JSON of a key as it was written; NULL where there is none."""

    arg_joiner, template = " ->> ", "(%(expressions)s)"
    output_field = TextField()

    def __init__(self, column, key):
        super().__init__(F(column), Cast(Value(key), TextField()))


class StartOf(Func):
    """The part of a text that a pattern finds."""

    function = "SUBSTRING"
    output_field = TextField()


def conditions(model, places, query):
    """Of the parameters that name a field of the farm's, for rows of a model. Raises Failure."""
    wanted = [each for each in (_place(places, name) for name in query) if each]
    if not wanted:
        return []
    fields, rows = _fields(wanted), model.objects.present()
    return [
        _condition(rows, fields[entity, key], Raw(column, key), query[name], name)
        for name, entity, column, key in wanted
        if (entity, key) in fields
    ]


def order(keys, entity):
    """What to sort by, of each of the ``keys`` that the farm has."""
    fields = _fields([(None, entity, None, key) for key in keys]) if keys else {}
    return {field.key: _sorted_by(field) for field in fields.values()}


def decoded(raw):
    """A value of JSON; None where it is none."""
    try:
        return json.loads(raw, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, TypeError, ArithmeticError, RecursionError):
        return None


def text_of(raw):
    """A value of JSON as a text, None where it is empty; as it is stored where it is no text, or
    one with half of a surrogate pair, which can't be sent."""
    content = decoded(raw)
    if content is None or content == "":
        return None
    is_text = isinstance(content, str) and not HALF_PAIR.search(content)
    return content if is_text else raw


def _place(places, name):
    for prefix, (entity, column) in places.items():
        if name.startswith(prefix):
            return name, entity, column, name.removeprefix(prefix)
    return None


def _fields(wanted):
    named = [Q(entity=entity, key=key) for _name, entity, _column, key in wanted]
    found = ExtraField.objects.filter(reduce(operator.or_, named))
    return {(field.entity, field.key): field for field in found}


def _condition(rows, field, raw, value, name):
    items = value.split(",")
    tests = [_test(field, item, name) for item in items if item]
    if "" in items:
        tests.append(_is_empty)
        if field.field_type == Type.BOOLEAN:
            tests.append(lambda content: content is False)
    found = [
        each
        for each in rows.order_by().values_list(raw, flat=True).distinct()
        if each is not None and _passes(tests, decoded(each))
    ]
    condition = Q(IsOneOf(raw, Value(found, output_field=TEXTS)))
    return condition | Q(IsNull(raw, True)) if "" in items else condition


def _passes(tests, content):
    return any(test(content) for test in tests)


def _is_empty(content):
    return content is None or content == ""


def _test(field, item, name):
    """Whether a decoded value is what an item asks for. Raises Failure."""
    kind = field.field_type
    try:
        if kind == Type.TEXT:
            return _text_test(item)
        if kind == Type.CHOICE:
            return _choice_test(_unquoted(item))
        if kind == Type.BOOLEAN:
            wanted = {"true": True, "false": False}[item.lower()]
            return lambda content: content is wanted
        if kind == Type.DATETIME:
            return _datetime_test(_unquoted(item))
        return _number_test(kind, _unquoted(item))
    except (KeyError, ValueError, ArithmeticError) as error:
        names = {"item": item, "name": name, "expected": EXPECTED[kind]}
        raise Failure(400, UNUSABLE % names) from error


def _text_test(item):
    if _unquoted(item) != item:
        return lambda content: content == _unquoted(item)
    word = item.casefold()
    return lambda content: isinstance(content, str) and word in content.casefold()


def _choice_test(item):
    return lambda content: item in content if isinstance(content, list) else content == item


def _datetime_test(item):
    start, bar, end = item.partition("|")
    if not bar:
        return lambda content: content == item
    if not start and not end:
        raise ValueError(item)
    return lambda content: (
        isinstance(content, str) and start <= content and (not end or content <= end)
    )


def _number_test(kind, item):
    start, colon, end = item.partition(":")
    least, most = (_number(each) if each.strip() else None for each in (start, end))
    if kind in (Type.INTEGER_RANGE, Type.FLOAT_RANGE):
        if not colon or (least is None and most is None):
            raise ValueError(item)
        return lambda content: (
            _is_range(content)
            and _is_within(content[0], least, None)
            and _is_within(content[1], None, most)
        )
    if not colon:
        return lambda content: isinstance(content, Decimal) and content == least
    if least is None and most is None:
        raise ValueError(item)
    return lambda content: _is_within(content, least, most)


def _number(text):
    found = Decimal(text.strip())
    if not found.is_finite():
        raise ValueError(text)
    return found


def _is_range(content):
    return isinstance(content, list) and len(content) == 2


def _is_within(content, least, most):
    """Nothing is within bounds where there is no number, and anything without bounds."""
    if least is None and most is None:
        return True
    if not isinstance(content, Decimal):
        return False
    return (least is None or content >= least) and (most is None or content <= most)


def _unquoted(item):
    return item[1:-1] if len(item) > 1 and item[0] == item[-1] == '"' else item


def _sorted_by(field):
    """An expression: numbers as numbers, ranges by their start, all else as text."""
    column = "extra"
    raw = Raw(column, field.key)
    if field.field_type in NUMBER_TYPES:
        return Cast(StartOf(raw, Value(NUMBER)), DecimalField(max_digits=60, decimal_places=30))
    return NullIf(NullIf(raw, Value("null")), Value('""'))
