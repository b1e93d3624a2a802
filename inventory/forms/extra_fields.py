"""Forms for the farm's own fields themselves."""

import json

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.forms.extra_values import NO, YES
from inventory.models import ExtraField
from inventory.models.extra import KEY
from inventory.services import extra_fields, extra_values
from tenants.web.forms import VerbForm

Type = ExtraField.Type


class ExtraFieldForm(forms.ModelForm):
    """A field of the farm's own."""

    key = forms.RegexField(
        KEY,
        max_length=64,
        help_text=_("What programs call it: small letters, digits and _."),
        error_messages={"invalid": _("Use small letters, digits and _ only.")},
    )
    multi_choice = forms.BooleanField(
        required=False, label=_("Several choices"), help_text=_("Of a choice: more than one.")
    )
    choices = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Of a choice alone, one a line. Those that are there stay."),
    )
    default_value = forms.CharField(
        required=False,
        label=_("Default"),
        help_text=_(
            "What forms suggest: a text, a number, yes or no, a choice; of a range both ends, as "
            "in 190, 220."
        ),
    )

    class Meta:
        model = ExtraField
        fields = ["entity", "key", "name", "field_type", "unit", "choices", "multi_choice"]
        fields += ["default_value", "order"]
        labels = {"entity": _("Of"), "field_type": _("Type")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["choices"] = "\n".join(self.instance.choices or ())
        self.initial["default_value"] = _as_typed(self.instance.default_value)

    def clean_choices(self):
        lines = (line.strip() for line in self.cleaned_data["choices"].splitlines())
        return list(dict.fromkeys(filter(None, lines))) or None

    def clean(self):
        values = super().clean()
        kind = values.get("field_type") or self.instance.field_type
        if kind != Type.CHOICE:
            values["multi_choice"] = None
        elif "multi_choice" in values:
            values["multi_choice"] = bool(values["multi_choice"])
        several = values.get("multi_choice", self.instance.multi_choice)
        values["default_value"] = _typed(values.get("default_value"), kind, bool(several))
        return values

    def definition(self):
        """What `extra_fields.define` takes besides the entity and the key."""
        names = [name for name in self.Meta.fields if name not in ("entity", "key")]
        return {name: self.cleaned_data.get(name, getattr(self.instance, name)) for name in names}


class RenameForm(VerbForm):
    """Of a value that spools have, and what it is to be."""

    value = forms.ChoiceField(label=_("Value"))
    new_value = forms.CharField(label=_("New value"), strip=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        found = extra_fields.values(self.subject) if self.subject else ()
        self.fields["value"].choices = [(text, text) for text in found]


def _typed(text, kind, is_several):
    """A default as JSON: what somebody typed is no JSON; what does not fit is the service's to
    refuse."""
    if not text:
        return None
    if kind == Type.BOOLEAN:
        words = {"yes": YES, "no": NO, str(_("Yes")).lower(): YES, str(_("No")).lower(): NO}
        return words.get(text.strip().lower(), text.strip())
    if kind in (Type.INTEGER_RANGE, Type.FLOAT_RANGE):
        ends = (each.strip() or "null" for each in text.strip("[] ").split(","))
        return f"[{', '.join(ends)}]"
    if is_several:
        texts = (each.strip() for each in text.split(","))
        return json.dumps([each for each in texts if each], ensure_ascii=False)
    if kind in (Type.INTEGER, Type.FLOAT):
        return text.strip()
    return json.dumps(text, ensure_ascii=False)


def _as_typed(raw):
    """The reverse of `_typed`."""
    value = extra_values.decoded(raw)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join("" if each is None else str(each) for each in value)
    return value if isinstance(value, str) else raw or ""
