"""Where a Spoolman is, or the files of its export."""

from django import forms

from tenants.web.forms import VerbForm


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files."""

    widget = FilesInput

    def clean(self, data, initial=None):
        return [super(FilesField, self).clean(each, initial) for each in data or []]


class SourceForm(VerbForm):
    address = forms.CharField(
        label="Address of Spoolman",
        required=False,
        max_length=500,
        help_text="As in a browser: http://192.168.1.5:7912",
    )
    files = FilesField(
        label="Or the files of its export",
        required=False,
        help_text="spools.json, filaments.json and vendors.json, together; or one zip archive.",
    )

    def clean(self):
        cleaned = super().clean()
        if bool(cleaned.get("address")) == bool(cleaned.get("files")):
            raise forms.ValidationError("Give the address, or choose the files.")
        return cleaned

    def source(self):
        """What `jobs.start` takes."""
        uploaded = [(file.name, file.read()) for file in self.cleaned_data["files"]]
        return {"address": self.cleaned_data["address"], "uploaded": uploaded}
