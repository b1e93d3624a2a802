"""Forms for planning a run: its fields, items and materials."""

from django import forms

from production.models import ProductionRun, RunItem, RunMaterial
from production.services.runs.lines import NewItem, NewMaterial
from tenants.web.forms import LocalMomentField

ITEM = ("product", "quantity", "order_reference", "bed_position")
MATERIAL = ("spool", "filament", "material_type", "slot", "planned_grams", "planned_purge_grams")


class LineForm(forms.ModelForm):
    """A line whose rules are the verbs' alone: they say what the database would refuse."""

    def validate_unique(self):
        """Nothing: the verb refuses."""

    def _get_validation_exclusions(self):
        return {field.name for field in self.instance._meta.fields}

    def changed_values(self):
        return {name: self.cleaned_data[name] for name in self.changed_data if name != "DELETE"}


class ItemForm(LineForm):
    class Meta:
        model = RunItem
        fields = ITEM

    def new(self):
        return NewItem(**{name: self.cleaned_data[name] for name in ITEM})


class MaterialForm(LineForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            self.initial["planned_grams"] = None  # to be typed: 0 is an answer too
        if "spool" in self.fields:
            widget = self.fields["spool"].widget
            getattr(widget, "widget", widget).row = self.instance.pk

    class Meta:
        model = RunMaterial
        fields = MATERIAL

    def new(self):
        return NewMaterial(**{name: self.cleaned_data[name] for name in MATERIAL})


class RunForm(forms.ModelForm):
    """The run's own fields; a manager may plan past a refusal."""

    planned_start_at = LocalMomentField()
    override_reason = forms.CharField(
        required=False,
        help_text="Only to override a refusal; it is recorded.",
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = ProductionRun
        fields = [
            "printer",
            "plate_count",
            "priority",
            "due_on",
            "planned_start_at",
            "planned_minutes",
            "actual_minutes",
            "notes",
            "external_id",
        ]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk and "seen_version" in self.fields:
            self.initial["seen_version"] = self.instance.version
        if self.instance.pk is None and "plate_count" in self.fields:
            self.fields["plate_count"].required = False
            self.fields["plate_count"].initial = None
            self.fields["plate_count"].help_text = "Left empty: as many as the products need."

    def changed_values(self):
        """The run's fields that were changed."""
        mine = set(RunForm.Meta.fields) & set(self.fields)
        return {name: self.cleaned_data[name] for name in self.changed_data if name in mine}
