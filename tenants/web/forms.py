"""Forms for verbs, and the fields they have in common."""

import hashlib
from decimal import Decimal

from django import forms

from tenants.operations.parsing import parse_decimal
from tenants.operations.quantities import InvalidQuantity, rounded
from tenants.web.touch_fields import AmountField

NUMBER = {"step": "any", "inputmode": "decimal", "autocomplete": "off"}


class NumberField(forms.DecimalField):
    """Grams, minutes, money: rounded half up where the field has places, else by the service."""

    def __init__(self, *, signed=False, unit="", **kwargs):
        self.unit = unit
        attrs = NUMBER if signed else NUMBER | {"min": "0"}
        widget = forms.NumberInput(attrs=attrs)
        super().__init__(**{"required": False, "widget": widget, **kwargs})

    def widget_attrs(self, widget):
        return {}

    def prepare_value(self, value):
        """``Decimal("12.500000")`` is shown as 12.5."""
        return f"{value.normalize():f}" if isinstance(value, Decimal) else value

    def for_touch(self):
        names = ("label", "required", "max_value", "initial", "unit")
        return AmountField(**{name: getattr(self, name) for name in names})

    def to_python(self, value):
        if value in self.empty_values:
            return None
        try:
            number = parse_decimal(str(value).strip())
        except ValueError as error:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error
        if self.decimal_places is None:
            return number
        try:
            return rounded(number, digits=self.max_digits, places=self.decimal_places, field="it")
        except InvalidQuantity as refusal:
            raise forms.ValidationError(refusal.detail, code="invalid") from refusal


class MomentInput(forms.DateTimeInput):
    def __init__(self, attrs=None):
        super().__init__({"type": "datetime-local", **(attrs or {})}, format="%Y-%m-%dT%H:%M")


class DayInput(forms.DateInput):
    def __init__(self, attrs=None):
        super().__init__({"type": "date", **(attrs or {})}, format="%Y-%m-%d")


class SuggestedField(forms.ModelChoiceField):
    """One of many rows, with an autocomplete in the admin.

    ``of`` is a foreign key to such rows, as ``inventory.spool.filament``; ``among`` are filters of
    the autocomplete: ``{"material_type": [1, 2]}``.
    """

    def __init__(self, queryset, *, of, among=None, **kwargs):
        self.of, self.among = of, among or {}
        super().__init__(queryset, **kwargs)


class LocalMomentField(forms.DateTimeField):
    widget = MomentInput

    def __init__(self, **kwargs):
        super().__init__(**{"required": False, **kwargs})


class VerbForm(forms.Form):
    """The arguments of a verb, for the admin and, with ``touch``, for the floor's touch screens.

    ``after_refusal`` names the fields that are hidden until a refusal has one of these codes:
    ``{"confirm": {"actual_implausible"}}``. ``admin_exclude`` and ``touch_exclude`` name the
    fields that only the other of the two has.
    """

    after_refusal = {}
    admin_exclude = touch_exclude = ()
    fields_template = "tenants/_verb_fields.html"

    def __init__(self, *args, subject=None, by=None, touch=False, **kwargs):
        self.subject, self.by, self.touch, self.refusal = subject, by, touch, None
        super().__init__(*args, **kwargs)
        for name in self.touch_exclude if touch else self.admin_exclude:
            del self.fields[name]
        for name, field in self.fields.items():
            if touch and isinstance(field, NumberField):
                self.fields[name] = field.for_touch()

    def number_field(self, **kwargs):
        return AmountField(**kwargs) if self.touch else NumberField(**kwargs)

    def service_kwargs(self):
        """The entered values by the names of the service's arguments, without empty ones."""
        values = self.cleaned_data.items()
        return {name: value for name, value in values if not _is_empty(value)}

    def initial_data(self):
        values = {self.add_prefix(name): self[name].value() for name in self.fields}
        return {name: value for name, value in values.items() if not _is_empty(value)}

    def fingerprint(self, *versions):
        """Identifies the entered values and the displayed versions of their rows. The
        ``seen_version`` of what a preview displays is checked by the service."""
        values = {**self.service_kwargs(), "seen_version": ""}
        text = repr((sorted(values.items()), versions))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def add_refusal(self, refusal):
        """Add a Refusal to the errors of the form and of each field it concerns."""
        self.refusal = refusal
        self.add_error(None, refusal.detail)
        for name, message in self.field_errors(refusal):
            if name in self.fields:
                self.add_error(name, message)

    def field_errors(self, refusal):
        """``(field, message)`` for each field that a refusal concerns, in part or as a whole."""
        for name, messages in refusal.errors.items():
            yield from ((name.partition(".")[0], message) for message in messages)

    def is_visible(self, name):
        """Whether a field is visible from the start, has a value, or is needed after a refusal."""
        codes = self.after_refusal.get(name)
        if codes is None or not _is_empty(self[name].value()):
            return True
        return self.refusal is not None and self.refusal.code in codes

    def visible_fields(self):
        return [self[name] for name in self.fields if self.is_visible(name)]


def _is_empty(value):
    return value is None or value is False or value == ""
