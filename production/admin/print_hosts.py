"""Where printers take files; the key or password goes in, and is never shown."""

from django import forms
from django.contrib import admin

from production.models import PrintHost
from production.services.print_hosts import managing
from tenants.site.base import ModelAdmin
from tenants.site.exports import same
from tenants.site.filters import field_filter
from tenants.site.site import farm_site


class PrintHostForm(forms.ModelForm):
    """On a change, an empty key leaves the old one."""

    new_secret = forms.CharField(
        label="Key or password",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        required=False,
        max_length=200,
        strip=False,
        help_text="OctoPrint and PrusaLink show it in their settings; Moonraker needs none where "
        "it trusts this computer. It is stored to be sent, and shown to nobody.",
    )

    class Meta:
        model = PrintHost
        fields = ["printer", "kind", "url", "username"]


@admin.register(PrintHost, site=farm_site)
class PrintHostAdmin(ModelAdmin):
    when_empty = "Where files that a slicer sends for a printer are passed on to."
    records = managing
    form = PrintHostForm
    list_display = ["printer", "kind", "url", "last_filename", "last_at", "last_problem"]
    list_filter = [field_filter("kind", "kind", lambda: PrintHost.Kind.choices)]
    list_select_related = ["printer"]
    search_fields = ["printer__name", "url"]
    ordering = ["printer__name"]
    fields = ["printer", "kind", "url", "username", "new_secret"]
    outcome = ["last_filename", "last_at", "last_problem"]
    export = {"printer": "printer.name"} | same("kind", "url", "last_filename", "last_at")

    def get_fields(self, request, obj=None):
        if obj is None:
            return self.fields
        is_writable = self.has_change_permission(request, obj)
        return [*(self.fields if is_writable else self.fields[:-1]), *self.outcome]

    def get_readonly_fields(self, request, obj=None):
        return ["printer", *self.outcome] if obj else []

    def more_values(self, form):
        secret = form.cleaned_data.get("new_secret")
        return {"secret": secret} if secret else {}
