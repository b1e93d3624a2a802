"""What the forms of the admin have in common: their inputs, and where refusals are shown."""

from functools import cache

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import models
from django.utils.http import urlencode

from tenants.accounts import services
from tenants.web.forms import DayInput, MomentInput, SuggestedField


class ByVerb:
    """For a form of a row: what the database would refuse is left to the verb, which names the
    field; Django names the constraint."""

    def _post_clean(self):
        self.instance.validate_constraints = lambda exclude=None: None
        super()._post_clean()
        del self.instance.validate_constraints


class Refused:
    """For a form whose values a verb refused: it says so, and keeps what was typed."""

    refusal = None

    def clean(self):
        cleaned = super().clean()
        self.add_error(None, self.refusal.detail)
        for name, said in self.refusal.errors.items():
            if name in self.fields:
                self.add_error(
                    name, [message for message in said if message != self.refusal.detail]
                )
        return cleaned


class OwnPasswordForm(AdminPasswordChangeForm):
    """A new password of one's own, for who knows the old one."""

    def save(self, commit=True):
        """Raises nothing more: the form has asked the same validators."""
        password = self.cleaned_data["new_password1"]
        return services.set_password(self.user, password=password, by=self.user)


class QuantityInput(forms.NumberInput):
    """A number without trailing zeros."""

    def __init__(self, attrs=None):
        super().__init__({"step": "any", "inputmode": "decimal", **(attrs or {})})

    def format_value(self, value):
        if hasattr(value, "normalize"):
            return f"{value.normalize():f}"
        return super().format_value(value)


# Deferred: after select2 is there, before its fields are made.
SUGGESTIONS = [forms.Script("admin-suggestions.js", defer=True)]


class Suggested(AutocompleteSelect):
    """A choice that is looked for while it is typed, among what its field allows."""

    def __init__(self, field, admin_site):
        self.among = field.among
        app, model, name = field.of.split(".")
        foreign_key = apps.get_model(app, model)._meta.get_field(name)
        super().__init__(foreign_key, admin_site, choices=field.choices)
        self.is_required = field.required

    def get_url(self):
        return f"{super().get_url()}?{urlencode(self.among, doseq=True)}"

    @property
    def media(self):
        return super().media + forms.Media(js=SUGGESTIONS)


def with_suggestions(form, admin_site):
    """The form, with its SuggestedFields as somebody at the admin fills them in."""
    for field in form.fields.values():
        if isinstance(field, SuggestedField):
            field.widget = Suggested(field, admin_site)
    return form


INPUTS = {
    models.DecimalField: {"widget": QuantityInput},
    models.DateField: {"widget": DayInput},
    models.DateTimeField: {"form_class": forms.DateTimeField, "widget": MomentInput},
}


def without_add_and_delete(form, ways):
    """Leave out what leads from a choice to other pages."""
    for field in form.base_fields.values():
        for way in ways:
            setattr(field.widget, f"can_{way}_related", False)


def is_field(opts, name):
    return any(field.name == name for field in opts.concrete_fields)


@cache
def format_figure(field):
    """What shows the number of a field, for those who may not change it; one for each field."""

    @admin.display(description=field.verbose_name)
    def figure(obj):
        value = getattr(obj, field.attname)
        return "–" if value is None else f"{value.normalize():,f}"

    figure.__name__ = field.name
    return figure
