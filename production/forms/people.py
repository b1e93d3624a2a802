"""Forms of a shared tablet: sign in with a PIN, register the tablet, set one's PIN."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.accounts.models import User
from tenants.web.forms import VerbForm

DIGITS = {"inputmode": "numeric", "autocomplete": "off", "maxlength": "8"}


class PinField(forms.CharField):
    """Hidden digits."""

    def __init__(self, **kwargs):
        widget = forms.PasswordInput(attrs=DIGITS)
        super().__init__(**{"max_length": 20, "widget": widget, **kwargs})


class WhoForm(forms.Form):
    """One of the people who have a PIN, and the PIN."""

    person = forms.ModelChoiceField(
        User.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        label=gettext_lazy("Who are you?"),
        error_messages={"required": gettext_lazy("Tap your name.")},
    )
    pin = PinField(label=gettext_lazy("PIN"))
    next = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)
    pending = forms.CharField(required=False, widget=forms.HiddenInput, strip=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        people = User.objects.active().exclude(pin_hash="")
        self.fields["person"].queryset = people.order_by("name", "username")


class DeviceForm(VerbForm):
    name = forms.CharField(max_length=100, label=gettext_lazy("Name of this tablet"))


class NewPinForm(VerbForm):
    """A PIN of one's own, typed twice; who came with a PIN types that one first."""

    current = PinField(label=gettext_lazy("PIN until now"))
    pin = PinField(label=gettext_lazy("New PIN, 4 to 8 digits"))
    again = PinField(label=gettext_lazy("The new PIN again"))

    def __init__(self, *args, needs_current, **kwargs):
        super().__init__(*args, **kwargs)
        if not needs_current:
            del self.fields["current"]

    def clean(self):
        values = super().clean()
        if {"pin", "again"} <= values.keys() and values["pin"] != values["again"]:
            self.add_error("again", _("The two PINs are not the same."))
        return values
