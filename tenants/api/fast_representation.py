"""How serializers read rows: what can be found out once for each field is not asked again for each
row. The answer is what Django REST framework would give, in a fraction of the time.

A field's path is what it shows as columns: ``status``, ``printer``, or ``spool__code`` for a column
of another row, which ``loaded`` adds to each row rather than the other row as a whole.
"""

from functools import cache
from operator import attrgetter

from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Prefetch, Value
from django.db.models.functions import Coalesce, NullIf
from rest_framework import serializers

from tenants.api.fields import NameField, PersonNameField

# What these show of a column's value is the value.
PLAIN = {
    field.to_representation
    for field in (
        serializers.BooleanField,
        serializers.CharField,
        serializers.ChoiceField,
        serializers.IntegerField,
        serializers.PrimaryKeyRelatedField,
        NameField,
    )
}


def loaded(serializer_class, rows):
    """The rows of a QuerySet with all that a ModelSerializer answers, lines nested in it too, in a
    constant number of queries."""
    for field in _fields(serializer_class):
        columns = _columns(field, rows.model)
        if isinstance(field, PersonNameField):
            rows = rows.annotate(**{_kept(field): _called(field.source)})
        elif len(columns) > 1:
            path = _path(field)
            rows = rows.annotate(**{path: F(path)})
        elif _is_of_lines(field, rows.model):
            child = type(field.child)
            lines = loaded(child, child.Meta.model.objects.order_by("pk"))
            rows = rows.prefetch_related(Prefetch(field.source, lines, to_attr=_kept(field)))
    return rows


@cache
def readers(serializer_class):
    """``[(name, function of a row)]`` of what a ModelSerializer answers, in its order."""
    model = serializer_class.Meta.model
    return [(field.field_name, _reader(field, model)) for field in _fields(serializer_class)]


@cache
def _fields(serializer_class):
    return list(serializer_class()._readable_fields)


def _path(field):
    names = field.source_attrs
    return "__".join([*names, field.attribute] if isinstance(field, NameField) else names)


def _is_of_lines(field, model):
    """Whether a field shows rows that refer to the row."""
    referring = {relation.get_accessor_name() for relation in model._meta.related_objects}
    return isinstance(field, serializers.ListSerializer) and field.source in referring


def _kept(field):
    """What the lines or the person of a row are called, once they were loaded with it."""
    return f"loaded_{field.source}"


def _called(person):
    """What pages call somebody, as the database finds it out."""
    return Coalesce(NullIf(F(f"{person}__name"), Value("")), F(f"{person}__username"))


def _columns(field, model):
    """The model's fields along the path of a field; empty where it shows anything but a column."""
    columns = []
    for name in filter(None, _path(field).split("__")):
        try:
            columns.append(model._meta.get_field(name))
        except (AttributeError, FieldDoesNotExist):
            return []
        model = columns[-1].related_model
    return columns if all(column.concrete and not column.many_to_many for column in columns) else []


def _reader(field, model):
    if _is_of_lines(field, model):
        return _lines(field)
    if isinstance(field, PersonNameField):
        return _person(field)
    columns = _columns(field, model)
    if not columns:
        return _by_the_framework(field)
    find = _far(_path(field)) if len(columns) > 1 else attrgetter(columns[0].attname)
    return find if type(field).to_representation in PLAIN else _shown(find, field)


def _by_the_framework(field):
    def read(row):
        value = field.get_attribute(row)
        return None if value is None else field.to_representation(value)

    return read


def _person(field):
    """What somebody is called: as it was loaded, else as they are called now."""
    source, kept = field.source, _kept(field)

    def read(row):
        if kept in vars(row):
            return vars(row)[kept]
        person = getattr(row, source)
        return None if person is None else str(person)

    return read


def _lines(field):
    """What a nested serializer shows of lines: as they were loaded, else as they are now."""
    show, source, kept = field.child.to_representation, field.source, _kept(field)

    def read(row):
        lines = vars(row)[kept] if kept in vars(row) else getattr(row, source).all()
        return [show(line) for line in lines]

    return read


def _far(path):
    """A column of another row: as it was loaded, else followed from row to row."""
    names = path.split("__")

    def find(row):
        if path in vars(row):
            return vars(row)[path]
        for name in names:
            row = getattr(row, name)
            if row is None:
                return None
        return row

    return find


def _shown(find, field):
    show = field.to_representation

    def read(row):
        value = find(row)
        return None if value is None else show(value)

    return read
