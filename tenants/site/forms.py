"""Parts of the admin's forms: inputs, autocompletes, errors of refusals."""

import re

from django import forms
from django.apps import apps
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import models
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tenants.accounts import passwords, services
from tenants.operations.refusals import Refusal
from tenants.web.forms import DayInput, MomentInput, NumberField, SuggestedField


class ServiceForm:
    """A model form that leaves constraints to the service, whose refusal names the field."""

    def _post_clean(self):
        self.instance.validate_constraints = lambda exclude=None: None
        super()._post_clean()
        del self.instance.validate_constraints


class RefusedForm:
    """A form with the errors of a refusal and the submitted values."""

    refusal = None

    def clean(self):
        cleaned = super().clean()
        self.add_error(None, self.refusal.detail)
        for name, texts in self.refusal.errors.items():
            if name in self.fields:
                self.add_error(name, [text for text in texts if text != self.refusal.detail])
        return cleaned


class OwnPasswordForm(AdminPasswordChangeForm):
    """The user's own new password; ``address`` is whom tries at the old one are counted for. Who
    has tokens is asked about them."""

    tokens = forms.ChoiceField(
        label=_("Your tokens"),
        choices=[
            ("end", _("End: programs that use them sign in with new ones")),
            ("keep", _("Keep: nobody else knows them")),
        ],
        widget=forms.RadioSelect,
    )

    def __init__(self, *args, address, **kwargs):
        super().__init__(*args, **kwargs)
        self.address = address
        if not self.user.tokens.not_revoked().exists():
            del self.fields["tokens"]

    def clean_old_password(self):
        return _confirmed(self.cleaned_data["old_password"], self.user, self.address)

    def clean_new_password1(self):
        password = self.cleaned_data["new_password1"]
        if password == self.cleaned_data.get("old_password"):  # never before that one is confirmed
            raise forms.ValidationError(services.SAME_PASSWORD)
        return password

    def save(self, commit=True):
        """Raises nothing: the form has run the same validators."""
        return services.change_own_password(
            self.user,
            password=self.cleaned_data["new_password1"],
            end_tokens=self.cleaned_data.get("tokens") == "end",
        )


class ConfirmedForm(forms.Form):
    """Asks for the password of whoever is signed in."""

    password = forms.CharField(
        label=_("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args, user, address, **kwargs):
        super().__init__(*args, **kwargs)
        self.user, self.address = user, address

    def clean_password(self):
        return _confirmed(self.cleaned_data["password"], self.user, self.address)


def _confirmed(password, user, address):
    try:
        passwords.confirm(user, password=password, address=address)
    except Refusal as refusal:
        raise forms.ValidationError(refusal.detail) from refusal
    return password


class QuantityInput(forms.NumberInput):
    def __init__(self, attrs=None):
        super().__init__({"step": "any", "inputmode": "decimal", **(attrs or {})})

    def format_value(self, value):
        if hasattr(value, "normalize"):
            return f"{value.normalize():f}"
        return super().format_value(value)


NAMED_TWICE = re.compile(r'<option value="([^"]*)">\1</option>')
# Deferred: after select2 is there, before its fields are made.
SUGGESTIONS = [forms.Script("admin-suggestions.js", defer=True)]


def may_be(field, value):
    """Whether a field of a model can have a value, as it was sent."""
    try:
        field.clean(value, None)
    except forms.ValidationError:
        return False
    return True


class Autocomplete(AutocompleteSelect):
    """Django's, which fails at a value that is no id: that is for the field to refuse."""

    def optgroups(self, name, value, attrs=None):
        ids = [each for each in value if not each or may_be(self.field.target_field, each)]
        return super().optgroups(name, ids, attrs)


class AutocompleteForRow(Autocomplete):
    """An autocomplete that tells for which row it is asked: ``row`` is its id."""

    row = None

    def get_url(self):
        return super().get_url() if self.row is None else f"{super().get_url()}?row={self.row}"


class FilteredAutocomplete(Autocomplete):
    """An autocomplete with the filters of its SuggestedField."""

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
    for field in form.fields.values():
        if isinstance(field, SuggestedField):
            field.widget = FilteredAutocomplete(field, admin_site)
    return form


INPUTS = {
    models.DecimalField: {"form_class": NumberField, "widget": QuantityInput},
    models.DateField: {"widget": DayInput},
    models.DateTimeField: {"form_class": forms.DateTimeField, "widget": MomentInput},
}


def without_add_and_delete(form, links):
    """Leave out the links to add, change, delete or view a related row."""
    for field in form.base_fields.values():
        for link in links:
            setattr(field.widget, f"can_{link}_related", False)


class NameSelect(forms.Select):
    """Hundreds of names to choose from, each sent once: an option's text is its value."""

    def render(self, *args, **kwargs):
        rendered = super().render(*args, **kwargs)  # escaped; only an attribute is taken out
        return SafeString(NAMED_TWICE.sub(r"<option>\1</option>", rendered))  # nosec B308 B703


class PracticeForm(forms.Form):
    """With what a manager signs in to the practice farm."""

    password = forms.CharField(
        max_length=256,
        strip=False,
        label=_("Password for the practice farm"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
