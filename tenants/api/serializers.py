"""The base classes of every serializer. A serializer never saves.

Bodies are strict: an unknown field is 400, and a field that can't be written may be there only with
its current value, so that an answer can be edited and sent back.
"""

import threading
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation

from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from tenants.api.fast_representation import represent
from tenants.api.fields import (
    BlankIsNullField,
    ChoiceField,
    DayField,
    EmailField,
    FlagField,
    IdField,
    MomentField,
    NameField,
    QuantityField,
    SlugField,
    TextField,
    WholeField,
)

NUMBERS = serializers.DecimalField, serializers.IntegerField, IdField
NUMERIC = str, int, Decimal

_made = threading.local()  # fields of bodies, by their class

ANSWERED = ("changed", "revaluation")  # beside a row that may be sent back: `side_effects.report`


def meta_names(serializer, option):
    return set(getattr(getattr(serializer, "Meta", None), option, ()))


class StrictBody:
    """The rules of every body, for any serializer.

    A field that can't be written may be in a body with its current value only: it is read-only, or
    in ``Meta.create_only`` or ``Meta.update_only`` at the wrong time; ``Meta.write_at`` maps it to
    the address where it is written. A row is named by its id or by NameFields of the same source;
    ``Meta.needed`` names the id fields of which a new row, and a PUT, needs one or the other.
    """

    is_update = False  # whether the body is about an existing row
    default_error_messages = {
        "invalid": gettext_lazy("Must be a JSON object, not of type {datatype}.")
    }

    def to_internal_value(self, data):
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)  # refuses it
        body = dict(data)
        for name in ANSWERED if self.is_update else ():
            body.pop(name, None)
        self.reject_unknown(body)
        self.drop_fixed(body)
        self.drop_unchanged_names(body)
        values = super().to_internal_value(body)
        self.compare_names(body)
        self.require_pairs(values)
        return values

    def get_initial(self):
        """What a form of the browsable API starts with: the fields that a body needs."""
        names = [name for _id, name, *_others in self.needed_pairs()]
        return {
            name: value
            for name, value in super().get_initial().items()
            if self.fields[name].required or name in names
        }

    def get_fields(self):
        fields = super().get_fields()
        if self.is_update:
            for name in meta_names(self, "create_only"):
                fields[name].required = False
        return fields

    def current_values(self):
        return {}

    def fixed_fields(self):
        """The names of the fields that can't be written now."""
        fixed = {name for name, field in self.fields.items() if field.read_only}
        return fixed | meta_names(self, "create_only" if self.is_update else "update_only")

    def reject_unknown(self, body):
        unknown = {name: [_("There is no such field.")] for name in body if name not in self.fields}
        if unknown:
            raise serializers.ValidationError(unknown, code="unknown_field")

    def drop_fixed(self, body):
        fixed = self.fixed_fields() & body.keys()
        current = self.current_values() if fixed else {}
        for name in sorted(fixed):
            if not self.is_unchanged(name, body.pop(name), current):
                self.reject_change(name)

    def is_unchanged(self, name, value, current):
        return name in current and is_same(value, current[name], self.fields[name])

    def reject_change(self, name):
        """Called for a field that can't be written and differs from its current value."""
        message = _("This can't be changed here.")
        if address := getattr(getattr(self, "Meta", None), "write_at", {}).get(name):
            message = _("Write these at %(address)s.") % {"address": address}
        raise serializers.ValidationError({name: [message]}, "read_only")

    @cached_property
    def pairs(self):
        """``[[id field, name field, ...]]``"""
        pairs = {}
        for name, field in self.fields.items():
            if isinstance(field, NameField) and field.source in self.fields:
                pairs.setdefault(field.source, [field.source]).append(name)
        return list(pairs.values())

    def needed_pairs(self):
        return [pair for pair in self.pairs if pair[0] in meta_names(self, "needed")]

    def drop_unchanged_names(self, body):
        """Where one row is named several times, what is unchanged gives way to what is new."""
        for pair in self._several(body):
            current = self.current_values()
            new = [name for name in pair if not self.is_unchanged(name, body[name], current)]
            for name in set(pair).difference(new or pair[:1]):
                del body[name]

    def compare_names(self, body):
        """An id and its names have to mean the same row."""
        for first, *others in self._several(body):
            rows = {self.fields[name].run_validation(body[name]) for name in (first, *others)}
            if len(rows) > 1:
                message = _("This and %(field)s name different ones.") % {"field": first}
                errors = {name: [message] for name in others}
                raise serializers.ValidationError(errors, code="contradiction")

    def require_pairs(self, values):
        if self.partial:
            return
        for first, *others in self.needed_pairs():
            if first not in values and first not in self.fixed_fields():
                message = _("This, or %(names)s, is required.") % {"names": ", ".join(others)}
                raise serializers.ValidationError({first: [message]}, code="required")

    def _several(self, body):
        named = [[name for name in pair if name in body] for pair in self.pairs]
        return [names for names in named if len(names) > 1]


class Body(StrictBody, serializers.Serializer):
    """The body of a verb. A thread makes its fields once: to copy them for each request, as REST
    framework does, takes longer than to read the body by them."""

    @cached_property
    def fields(self):
        if self.parent is not None:  # made with the fields of its parent
            return super().fields
        made = vars(_made).get(type(self))
        if made is None:
            made = vars(_made)[type(self)] = super().fields
        for field in made.values():
            field.parent = self
        return made


class NoBody(Body):
    """An empty object."""


class RowSerializer(StrictBody, serializers.ModelSerializer):
    """One model: ``Meta.create_only`` names the fields that are fixed by creation,
    ``Meta.update_only`` those that a new row can't have yet.

    Uniqueness is left to the database, so that two requests at once and one after the other are
    answered alike.
    """

    serializer_related_field = IdField
    serializer_choice_field = ChoiceField
    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: TextField,
        models.TextField: TextField,
        models.SlugField: SlugField,
        models.EmailField: EmailField,
        models.BooleanField: FlagField,
        models.IntegerField: WholeField,
        models.PositiveIntegerField: WholeField,
        models.PositiveSmallIntegerField: WholeField,
        models.SmallIntegerField: WholeField,
        models.DecimalField: QuantityField,
        models.DateTimeField: MomentField,
        models.DateField: DayField,
    }

    @property
    def is_update(self):
        return self.instance is not None

    def to_representation(self, row):
        return represent(type(self), row)

    def current_values(self):
        return self.to_representation(self.instance) if self.is_update else {}

    def get_validators(self):
        return []

    def get_uniqueness_extra_kwargs(self, field_names, declared_fields, extra_kwargs):
        return extra_kwargs, {}

    def build_field(self, field_name, info, model_class, nested_depth):
        field, kwargs = super().build_field(field_name, info, model_class, nested_depth)
        if "validators" in kwargs:  # those with a queryset check that a value is unique
            kwargs["validators"] = [v for v in kwargs["validators"] if not hasattr(v, "queryset")]
        column = info.fields.get(field_name)
        if isinstance(column, models.CharField) and column.null:
            field = BlankIsNullField
        return field, kwargs

    def get_extra_kwargs(self):
        extra = super().get_extra_kwargs()
        for name in meta_names(self, "needed"):
            extra.setdefault(name, {})["required"] = False
        return extra


def is_same(given, current, field=None):
    """Whether two values are the same JSON; those of a field of numbers by their value."""
    if isinstance(given, Mapping) and isinstance(current, Mapping):
        fields = getattr(field, "fields", {})
        return given.keys() == current.keys() and all(
            is_same(value, current[name], fields.get(name)) for name, value in given.items()
        )
    if isinstance(given, list) and isinstance(current, list):
        child = getattr(field, "child", None)
        pairs = zip(given, current, strict=False)
        return len(given) == len(current) and all(is_same(*pair, child) for pair in pairs)
    if bool in (type(given), type(current)):
        return given is current
    if isinstance(field, NUMBERS) and all(isinstance(each, NUMERIC) for each in (given, current)):
        with suppress(InvalidOperation):
            return Decimal(given) == Decimal(current)
    return given == current
