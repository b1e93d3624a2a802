"""What is said of a spool; its grams are the ledger's."""

from django import forms

from inventory.models import Spool


class SpoolForm(forms.ModelForm):
    """The description of a spool, as of the version that was looked at."""

    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Spool
        fields = ["price", "tare_grams", *Spool.DETAILS, "received_on", "comment"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["seen_version"] = self.instance.version

    def changed_values(self):
        """The fields that were changed."""
        mine = set(SpoolForm.Meta.fields)
        return {name: self.cleaned_data[name] for name in self.changed_data if name in mine}
