"""Inputs for values of the farm's own fields, one for each type.

A value is JSON as text; an input whose value was not changed writes nothing, so that what clients
keep stays byte for byte.
"""

import json
from datetime import UTC, datetime

from django import forms
from django.utils.timezone import is_naive, localtime
from django.utils.translation import gettext_lazy as _

from inventory.models import ExtraField
from inventory.services import extra_values
from tenants.operations.parsing import parse_decimal
from tenants.web.forms import LocalMomentField, MomentInput

PREFIX = "extra__"
YES, NO = "true", "false"
Type = ExtraField.Type
WHOLE = (Type.INTEGER, Type.INTEGER_RANGE)


class ValueField(forms.Field):
    """An input for a value of a field: ``initial_of(raw)`` is shown, ``raw_of(cleaned)`` kept."""

    def __init__(self, field, **kwargs):
        self.field = field
        label = f"{field.name}, {field.unit}" if field.unit else field.name
        super().__init__(label=label, required=False, **kwargs)

    def initial_of(self, raw):
        return extra_values.decoded(raw)

    def raw_of(self, cleaned):
        """The JSON text of what was entered, or None. Raises ValidationError."""
        if cleaned in self.empty_values:
            return None
        try:
            raw = self.encoded(cleaned)
        except OverflowError as error:  # a moment that has none in UTC
            raise forms.ValidationError(_("Enter another moment.")) from error
        if problem := extra_values.problem_of(self.field, raw):
            raise forms.ValidationError(problem)
        return raw

    def encoded(self, cleaned):
        return json.dumps(cleaned, ensure_ascii=False)

    def clean(self, value):
        cleaned = super().clean(value)
        self.raw_of(cleaned)
        return cleaned


class TextValue(ValueField, forms.CharField):
    def __init__(self, field, raw):
        text = extra_values.decoded(raw)
        has_lines = isinstance(text, str) and "\n" in text
        widget = forms.Textarea(attrs={"rows": 4}) if has_lines else forms.TextInput()
        super().__init__(field, widget=widget, strip=False)

    def has_changed(self, initial, data):
        return _lines(initial) != _lines(data)


class NumberValue(ValueField):
    def __init__(self, field, _raw):
        super().__init__(field, widget=_number_input(field))

    def initial_of(self, raw):
        return None if raw is None else raw.strip()

    def to_python(self, value):
        return _number(value)

    def encoded(self, cleaned):
        return cleaned


class RangeInput(forms.MultiWidget):
    def __init__(self, field):
        ends = [{"aria-label": label, "class": "range"} for label in (_("from"), _("to"))]
        super().__init__([_number_input(field, **attrs) for attrs in ends])

    def decompress(self, value):
        return value or [None, None]


class RangeValue(ValueField):
    def __init__(self, field, _raw):
        super().__init__(field, widget=RangeInput(field))

    def initial_of(self, raw):
        """The two numbers as they are written."""
        try:
            ends = json.loads(raw, parse_int=str, parse_float=str)
        except (TypeError, ValueError, RecursionError):
            return None
        return ends if isinstance(ends, list) and len(ends) == 2 else None

    def to_python(self, value):
        ends = [_number(each) for each in value or ()]
        return ends if any(ends) else None

    def encoded(self, cleaned):
        return f"[{', '.join(each or 'null' for each in cleaned)}]"

    def has_changed(self, initial, data):
        before = [each or "" for each in initial or ("", "")]
        return before != [(each or "").strip() for each in data or ("", "")]


class MomentValue(ValueField, LocalMomentField):
    """A moment by the farm's clock; a text that is none is edited as a text."""

    def __init__(self, field, _raw):
        super().__init__(field, widget=MomentInput())

    def initial_of(self, raw):
        at = _moment(extra_values.decoded(raw))
        return at and at.replace(second=0, microsecond=0)

    def encoded(self, cleaned):
        at = cleaned.astimezone(UTC).isoformat(timespec="milliseconds")
        return json.dumps(at.replace("+00:00", "Z"))


class BooleanValue(ValueField, forms.ChoiceField):
    def __init__(self, field, _raw):
        super().__init__(field, choices=[("", "–"), (YES, _("Yes")), (NO, _("No"))])

    def initial_of(self, raw):
        return {True: YES, False: NO}.get(extra_values.decoded(raw), "")

    def encoded(self, cleaned):
        return cleaned


class ChoiceValue(ValueField, forms.ChoiceField):
    def __init__(self, field, _raw):
        super().__init__(field, choices=[("", "–"), *_choices(field)])


class ChoicesValue(ValueField, forms.MultipleChoiceField):
    def __init__(self, field, _raw):
        widget = forms.CheckboxSelectMultiple
        super().__init__(field, choices=_choices(field), widget=widget)

    def initial_of(self, raw):
        found = extra_values.decoded(raw)
        return found if isinstance(found, list) else []


INPUTS = {
    Type.TEXT: TextValue,
    Type.INTEGER: NumberValue,
    Type.FLOAT: NumberValue,
    Type.INTEGER_RANGE: RangeValue,
    Type.FLOAT_RANGE: RangeValue,
    Type.BOOLEAN: BooleanValue,
    Type.CHOICE: ChoiceValue,
}


def value_field(field, raw):
    """The form field for a value of an ExtraField that is ``raw``, or None, now."""
    made = _input_of(field, raw)(field, raw)
    made.initial = None if raw is None else made.initial_of(raw)
    return made


def _input_of(field, raw):
    if field.field_type == Type.CHOICE and field.multi_choice:
        return ChoicesValue
    if field.field_type == Type.DATETIME:
        is_text = extra_values.decoded(raw) and _moment(extra_values.decoded(raw)) is None
        return TextValue if is_text else MomentValue
    return INPUTS[field.field_type]


def given(form):
    """All that is in a form's inputs for values, as ``{key: JSON as text}``."""
    raws = {field.field.key: raw for _name, field, raw in _entered(form)}
    return {key: raw for key, raw in raws.items() if raw is not None}


def changes(form):
    """What was changed there, None where a value was taken out."""
    changed = set(form.changed_data)
    return {field.field.key: raw for name, field, raw in _entered(form) if name in changed}


def _entered(form):
    for name, field in form.fields.items():
        if isinstance(field, ValueField):
            yield name, field, field.raw_of(form.cleaned_data[name])


def _choices(field):
    return [(each, each) for each in field.choices or ()]


def _number_input(field, **attrs):
    step = "1" if field.field_type in WHOLE else "any"
    return forms.NumberInput(attrs={"step": step, "inputmode": "decimal", **attrs})


def _number(text):
    """A number as JSON writes it, or None. Raises ValidationError."""
    text = (text or "").strip()
    if not text:
        return None
    try:
        json.loads(text, parse_constant=_refuse)
        return text
    except (ValueError, RecursionError):
        pass
    try:
        return f"{parse_decimal(text):f}"
    except ValueError as error:
        raise forms.ValidationError(_("Enter a number.")) from error


def _refuse(name):
    raise ValueError(name)


def _moment(text):
    """The moment of a text, by the farm's clock, or None."""
    try:
        at = datetime.fromisoformat(text)
        return localtime(at.replace(tzinfo=UTC) if is_naive(at) else at)
    except (TypeError, ValueError, OverflowError):
        return None


def _lines(text):
    return (text or "").replace("\r\n", "\n")
