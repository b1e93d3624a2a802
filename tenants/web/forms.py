"""Forms for verbs: what a verb asks for, and where its refusals are shown."""

import hashlib

from django import forms

NUMBER = {"step": "any", "inputmode": "decimal", "autocomplete": "off"}


class NumberField(forms.DecimalField):
    """Grams, minutes, money; the verb rounds to the places that are kept, and refuses the rest."""

    def __init__(self, *, signed=False, **kwargs):
        attrs = NUMBER if signed else NUMBER | {"min": "0"}
        widget = forms.NumberInput(attrs=attrs)
        super().__init__(**{"required": False, "widget": widget, **kwargs})

    def widget_attrs(self, widget):
        return {}


class MomentInput(forms.DateTimeInput):
    """The browser's own picker of a date and a time."""

    def __init__(self, attrs=None):
        super().__init__({"type": "datetime-local", **(attrs or {})}, format="%Y-%m-%dT%H:%M")


class DayInput(forms.DateInput):
    """The browser's own calendar."""

    def __init__(self, attrs=None):
        super().__init__({"type": "date", **(attrs or {})}, format="%Y-%m-%d")


class SuggestedField(forms.ModelChoiceField):
    """One of many rows; the admin offers them as somebody types.

    ``of`` is the foreign key that leads to such rows, as ``inventory.spool.filament``; ``among``
    narrows what is offered: ``{"material_type": [1, 2]}``, in the words of their ModelAdmin.
    """

    def __init__(self, queryset, *, of, among=None, **kwargs):
        self.of, self.among = of, among or {}
        super().__init__(queryset, **kwargs)


class MomentField(forms.DateTimeField):
    """A moment by the farm's clock."""

    widget = MomentInput

    def __init__(self, **kwargs):
        super().__init__(**{"required": False, **kwargs})


class VerbForm(forms.Form):
    """What a verb asks for; ``service_kwargs()`` are the arguments it is called with.

    ``after_refusal`` names the fields that are shown only once a refusal of one of these codes
    asked for them: ``{"confirm": {"actual_implausible"}}``.
    """

    after_refusal = {}
    label = ""  # of the action on several rows, where it is not the verb's
    fields_template = "tenants/_verb_fields.html"

    def __init__(self, *args, subject=None, by=None, **kwargs):
        self.subject, self.by, self.refusal = subject, by, None
        super().__init__(*args, **kwargs)

    def service_kwargs(self):
        """What was said, by the names of the verb's arguments; what was left out is not there."""
        said = self.cleaned_data.items()
        return {name: value for name, value in said if not _is_nothing(value)}

    def initial_data(self):
        """What the form would send if nobody touched it."""
        values = {self.add_prefix(name): self[name].value() for name in self.fields}
        return {name: value for name, value in values.items() if not _is_nothing(value)}

    def fingerprint(self, *seen):
        """What a press of the last button agrees to: these words, about what was ``seen``."""
        said = repr((sorted(self.service_kwargs().items()), seen))
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    def add_refusal(self, refusal):
        """Show a Refusal above all, and beside each field it concerns."""
        self.refusal = refusal
        self.add_error(None, refusal.detail)
        for name, message in self.field_errors(refusal):
            if name in self.fields:
                self.add_error(name, message)

    def field_errors(self, refusal):
        """``(field, message)`` for what a refusal says of single fields."""
        for name, messages in refusal.errors.items():
            yield from ((name, message) for message in messages)

    def is_shown(self, name):
        """Whether a field is shown: from the start, or since a refusal asked for it."""
        codes = self.after_refusal.get(name)
        if codes is None or not _is_nothing(self[name].value()):
            return True
        return self.refusal is not None and self.refusal.code in codes

    def shown_fields(self):
        """The fields to show, in order."""
        return [self[name] for name in self.fields if self.is_shown(name)]


def _is_nothing(value):
    return value is None or value is False or value == ""
