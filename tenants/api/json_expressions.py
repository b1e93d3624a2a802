"""What a serializer's fields represent, as expressions of the ORM.

For rows that PostgreSQL writes as JSON (see ``tenants.api.json_rows``). An expression is found by a
field's column and by the method that represents it, so a field with a method of its own is never
taken for another. Such a field may have an ``expression`` of what it represents.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Func, Value, When
from django.db.models.functions import Cast
from rest_framework import serializers

from tenants.api.fast_representation import columns_of, fields_of, path_of
from tenants.api.fields import MomentField, NameField, QuantityField
from tenants.operations.sql_property import SQLProperty

TEXT = models.TextField()
TEXTS = models.CharField, models.TextField
# The columns whose values these methods represent as they are.
AS_THEY_ARE = {
    NameField.to_representation: TEXTS,
    serializers.CharField.to_representation: TEXTS,
    serializers.ChoiceField.to_representation: TEXTS,
    serializers.BooleanField.to_representation: models.BooleanField,
    serializers.IntegerField.to_representation: models.IntegerField,
    serializers.BigIntegerField.to_representation: models.IntegerField,
    serializers.PrimaryKeyRelatedField.to_representation: models.ForeignKey,
    serializers.DateField.to_representation: models.DateField,
}
# The same of values within JSON.
PLAIN_JSON = {
    serializers.CharField.to_representation,
    serializers.IntegerField.to_representation,
    serializers.JSONField.to_representation,
    serializers.ListField.to_representation,
    serializers.DictField.to_representation,
    type(serializers.DictField().child).to_representation,  # of any value
}

NO_COLUMN = "neither a column nor an SQLProperty"
OWN_METHOD = "represented by a method of its own"
STRING_OR_SPACE = r"""'("(?:[^"\\]|\\.)*")|([:,]) '"""


class NotExpressible(Exception):
    """A serializer, or one of its fields, of which there is no expression: the reason."""


class Moment(Func):
    """A moment in UTC, with microseconds where there are any."""

    template = (
        "replace(to_char(%(expressions)s AT TIME ZONE 'UTC', "
        """'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z')"""
    )
    output_field = TEXT


class CompactJSON(Func):
    """A JSON column without the spaces that PostgreSQL writes after colons and commas."""

    template = rf"regexp_replace(%(expressions)s::text, {STRING_OR_SPACE}, '\1\2', 'g')::json"
    output_field = TEXT


class RowObject(Func):
    """Some expressions as one object."""

    template = "(SELECT row_to_json(line) FROM (SELECT %(expressions)s) AS line (%(names)s))"
    output_field = TEXT


class JSONObjects(Func):
    """A JSON column that holds a list of objects, of which ``fields`` represents each."""

    template = (
        "CASE jsonb_typeof(%(expressions)s) WHEN 'array' THEN array_to_json(ARRAY("
        "SELECT row_to_json(line) FROM (SELECT %(selected)s"
        " FROM jsonb_to_recordset(%(expressions)s) AS each (%(columns)s)) AS line (%(names)s)))END"
    )
    output_field = TEXT


def names_of(fields):
    return ", ".join(f'"{field.field_name}"' for field in fields)


def expression_of(field, model, annotated=(), path=""):
    """What ``field`` represents of a row of ``model``, which is at ``path``; null if it is one of
    those that are ``annotated``. Raises NotExpressible."""
    if field.field_name in annotated:
        return Value(None, output_field=TEXT)
    if hasattr(field, "expression"):
        return field.expression
    columns = columns_of(field, model)
    if columns:
        column = getattr(columns[-1], "output_field", columns[-1])
        return _of_column(field, F(path + path_of(field)), column)
    if isinstance(found := getattr(model, field.source, None), SQLProperty):
        return _of_property(field, found.expression)
    if type(field).to_representation is serializers.Serializer.to_representation:
        return _of_related_row(field)
    raise NotExpressible(f"{field.field_name}: {NO_COLUMN}")


def _of_column(field, value, column):
    represent = type(field).to_representation
    if isinstance(column, models.JSONField):
        return _of_json(field, value)
    if isinstance(column, AS_THEY_ARE.get(represent, ())):
        return value
    if isinstance(column, ArrayField) and represent is serializers.ListField.to_representation:
        return _of_column(field.child, value, column.base_field)
    if isinstance(column, models.DecimalField) and represent is QuantityField.to_representation:
        return _quantity(field, value, column.decimal_places)
    if isinstance(column, models.DateTimeField) and represent is MomentField.to_representation:
        return Moment(value)
    raise NotExpressible(f"{field.field_name}: {OWN_METHOD}")


def _of_property(field, value):
    represent = type(field).to_representation
    if represent is QuantityField.to_representation:
        return _quantity(field, value)
    if represent is serializers.BooleanField.to_representation:
        return value
    raise NotExpressible(f"{field.field_name}: {OWN_METHOD}")


def _quantity(field, value, places=None):
    """As text with all places of the field, half up where the column keeps more."""
    if places != field.decimal_places:
        rounded = {"function": "round", "output_field": models.DecimalField()}
        value = Func(value, Value(field.decimal_places), **rounded)
    return Cast(value, TEXT)


def _of_related_row(field):
    """A nested serializer of one row, whose ``Meta.model`` it names; null where there is none."""
    model, fields = field.Meta.model, fields_of(type(field))
    selected = [expression_of(each, model, path=f"{field.source}__") for each in fields]
    is_missing = When(**{f"{field.source}__isnull": True}, then=Value(None, output_field=TEXT))
    return Case(is_missing, default=RowObject(*selected, names=names_of(fields)), output_field=TEXT)


def _of_json(field, value):
    if _is_plain(field):
        return CompactJSON(value)
    if not isinstance(field, serializers.ListSerializer):
        raise NotExpressible(f"{field.field_name}: {OWN_METHOD}")
    fields = fields_of(type(field.child))
    selected, columns = zip(*map(_within_json, fields), strict=True)
    parts = {"selected": ", ".join(selected), "columns": ", ".join(columns)}
    return JSONObjects(value, names=names_of(fields), **parts)


def _is_plain(field):
    child = getattr(field, "child", None)
    represent = getattr(type(field), "to_representation", None)
    return represent in PLAIN_JSON and (child is None or _is_plain(child))


def _within_json(field):
    """What a field represents of an object in JSON, and the column that the object is read as."""
    name, represent = f'"{field.field_name}"', type(field).to_representation
    if represent is QuantityField.to_representation:
        return f"round({name}, {field.decimal_places})::text", f"{name} numeric"
    if represent is serializers.IntegerField.to_representation:
        return name, f"{name} bigint"
    raise NotExpressible(f"{field.field_name}: {OWN_METHOD}")
