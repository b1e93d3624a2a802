"""What every serializer of the API has in common.

A serializer says what a body may look like and what an answer looks like; it never saves. Bodies
are strict: a field nobody knows is refused, and one that can't be written may be there only as it
is already, so that what was read can be edited and sent back.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from django.db import models
from rest_framework import serializers

from tenants.api.fast_representation import readers
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


class StrictBody:
    """For any serializer: unknown fields are 400, and so are read-only ones that would change."""

    default_error_messages = {"invalid": "This is an object: {{...}}, no {datatype}."}

    def to_internal_value(self, data):
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)  # which says that it must be an object
        body = dict(data)
        self._refuse_unknown(body)
        self._drop_unchanged(body)
        self._drop_unchanged_twins(body)
        values = super().to_internal_value(body)
        self._compare_twins(body)
        self._require_twins(values)
        return values

    def get_fields(self):
        fields = super().get_fields()
        if self.is_change:
            for name in self._named("create_only"):
                fields[name].required = False
        return fields

    @property
    def is_change(self):
        """Whether the body is about a row that is there."""
        return False

    def there(self):
        """What an answer says of the row that is changed."""
        return {}

    def fixed_fields(self):
        """Names that can't be written here: read-only, or not at this time."""
        fixed = {name for name, field in self.fields.items() if field.read_only}
        return fixed | self._named("create_only" if self.is_change else "update_only")

    def refuse_change(self, name):
        """Called for a field that can't be written and differs from what is there;
        ``Meta.elsewhere`` says where some of them are written."""
        elsewhere = getattr(getattr(self, "Meta", None), "elsewhere", {}).get(name)
        message = f"Write these at {elsewhere}." if elsewhere else "This can't be changed here."
        raise serializers.ValidationError({name: [message]}, "read_only")

    def _named(self, option):
        return set(getattr(getattr(self, "Meta", None), option, ()))

    def _refuse_unknown(self, body):
        unknown = {name: ["There is no such field."] for name in body if name not in self.fields}
        if unknown:
            raise serializers.ValidationError(unknown, code="unknown_field")

    def _drop_unchanged(self, body):
        fixed = self.fixed_fields() & body.keys()
        there = self.there() if fixed else {}
        for name in sorted(fixed):
            if not self._is_as_before(name, body.pop(name), there):
                self.refuse_change(name)

    def _is_as_before(self, name, given, there):
        return name in there and is_same(given, there[name], self.fields[name])

    # -- one row by its id or by its names -----------------------------------------------------

    def _twins(self):
        """``{id field: [name fields]}`` of those that name one and the same row."""
        twins = {}
        for name, field in self.fields.items():
            if isinstance(field, NameField) and field.source in self.fields:
                twins.setdefault(field.source, []).append(name)
        return twins

    def _drop_unchanged_twins(self, body):
        """Of an id and its names, those that are as before give way to the one that is new."""
        given = [[twin, *names] for twin, names in self._twins().items()]
        given = [[name for name in group if name in body] for group in given]
        several = [group for group in given if len(group) > 1]
        there = self.there() if several else {}
        for group in several:
            same = [name for name in group if self._is_as_before(name, body[name], there)]
            for name in same[-(len(group) - 1) :]:  # one of them stays
                del body[name]

    def _compare_twins(self, body):
        for twin, names in self._twins().items():
            given = [name for name in (twin, *names) if name in body]
            several = given if len(given) > 1 else ()
            if len({self.fields[name].run_validation(body[name]) for name in several}) > 1:
                message = f"This and {given[0]} name different ones."
                errors = {name: [message] for name in given[1:]}
                raise serializers.ValidationError(errors, code="contradiction")

    def _require_twins(self, values):
        if self.partial or self.is_change:
            return
        for twin, names in self._twins().items():
            if twin in self.needed_twins() and twin not in values:
                message = f"This, or {' or '.join(names)}, is required."
                raise serializers.ValidationError({twin: [message]}, code="required")

    def needed_twins(self):
        """Id fields of which a body needs one or its name."""
        return self._named("needed")

    # -- for people ----------------------------------------------------------------------------

    def example_body(self):
        """A body for somebody to begin with: what is needed, and what ``Meta.offered`` names, each
        as it is when left out."""
        offered = self._named("offered")
        return {
            name: self._when_left_out(name, field)
            for name, field in self.fields.items()
            if name not in self.fixed_fields() and (field.required or name in offered)
        }

    def _when_left_out(self, name, field):
        if isinstance(field, serializers.ListSerializer):
            return [field.child.example_body()]
        if field.default is not serializers.empty:
            return field.default
        blank = serializers.CharField, NameField
        may_be_text = isinstance(field, blank) and not field.allow_null
        return "" if may_be_text else getattr(field, "initial", None)


class Body(StrictBody, serializers.Serializer):
    """The body of a verb; ``Meta.needed`` and ``Meta.offered`` as for a row."""


class NoBody(Body):
    """Nothing to say."""


class RowSerializer(StrictBody, serializers.ModelSerializer):
    """One model: ``Meta.create_only`` names what is fixed by creation, ``Meta.update_only`` what a
    new row can't have yet, ``Meta.needed`` the id fields that a new row needs and that a NameField
    may stand in for, ``Meta.offered`` what else a page proposes for a new row.

    What is unique is for the database to say, so that two at once and one after the other are
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
    def is_change(self):
        return self.instance is not None

    def to_representation(self, row):
        return {name: read(row) for name, read in readers(type(self))}

    def there(self):
        return self.to_representation(self.instance) if self.is_change else {}

    def get_validators(self):
        return []

    def get_unique_together_constraints(self, model):
        return iter(())

    def get_uniqueness_extra_kwargs(self, field_names, declared_fields, extra_kwargs):
        return extra_kwargs, {}

    def build_standard_field(self, field_name, model_field):
        field, kwargs = super().build_standard_field(field_name, model_field)
        _drop_uniqueness(kwargs)
        if model_field.null and isinstance(model_field, models.CharField):
            field = BlankIsNullField
        return field, kwargs

    def build_relational_field(self, field_name, relation_info):
        field, kwargs = super().build_relational_field(field_name, relation_info)
        _drop_uniqueness(kwargs)
        return field, kwargs

    def get_extra_kwargs(self):
        extra = super().get_extra_kwargs()
        for name in self.needed_twins():
            extra.setdefault(name, {})["required"] = False
        return extra


def _drop_uniqueness(kwargs):
    if "validators" in kwargs:  # those with a queryset ask whether a value is taken
        kwargs["validators"] = [v for v in kwargs["validators"] if not hasattr(v, "queryset")]


def is_same(given, there, field=None):
    """Whether a value of a body is what is there, as JSON; numbers by their value, where the field
    is one of numbers."""
    if isinstance(there, Mapping) and isinstance(given, Mapping):
        fields = getattr(field, "fields", {})
        return given.keys() == there.keys() and all(
            is_same(given[name], there[name], fields.get(name)) for name in there
        )
    if isinstance(there, list) and isinstance(given, list):
        each = getattr(field, "child", None)
        return len(given) == len(there) and all(
            is_same(one, other, each) for one, other in zip(given, there, strict=True)
        )
    if isinstance(given, bool) or isinstance(there, bool):
        return given is there
    if given == there or not isinstance(field, NUMBERS):
        return given == there
    numbers = _number(given), _number(there)
    return None not in numbers and numbers[0] == numbers[1]


def _number(value):
    if not isinstance(value, (str, int, Decimal)):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
