"""The farm's settings and its audit trail, for its managers."""

import zoneinfo

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _

from tenants.accounts import audit_display, services
from tenants.accounts.currencies import CURRENCIES
from tenants.accounts.models import AuditEvent, FarmSettings
from tenants.admin.people import ReadOnlyAdmin
from tenants.operations.text import humanize_name
from tenants.site.base import ModelAdmin
from tenants.site.exports import same
from tenants.site.filters import day_filter, field_filter
from tenants.site.forms import NameSelect
from tenants.site.site import farm_site

MAX_LINES = 3  # changes of an event in the list


def _choices(known):
    return [(each, each) for each in sorted(known)]


class SettingsForm(forms.ModelForm):
    timezone = forms.ChoiceField(
        label="Time zone",
        choices=_choices(zoneinfo.available_timezones()),
        widget=NameSelect,
        help_text="Determines days, run numbers and reports.",
    )
    currency = forms.ChoiceField(choices=_choices(CURRENCIES), widget=NameSelect)

    class Meta:
        model = FarmSettings
        fields = ["run_prefix", "address", "timezone", "currency", "locale"]
        labels = {
            "machine_hour_rate": "Machine cost per hour",
            "labour_rate": "Labour cost per hour",
            "energy_price_kwh": "Energy price per kWh",
            "packing_cost": "Packing per unit",
            "fixed_cost": "Fixed cost per unit",
            "margin_percent": "Margin (% of the price)",
            "variance_alert_percent": "Variance alert (%)",
            "plausibility_percent": "Warn when actual differs by (%)",
            "low_stock_percent": "Low stock (%)",
            "reports_before_minutes": "Reports before the start of a run (minutes)",
            "reports_after_minutes": "Reports after its end (minutes)",
            "floor_idle_minutes": "Shared tablet session (minutes)",
        }
        help_texts = {
            "locale": "Format of numbers and dates, for example en-gb, de, fr.",
            "run_prefix": "Prefix of run numbers; empty: the farm’s short name.",
            "machine_hour_rate": "For printers without a rate of their own.",
            "variance_alert_percent": "Runs that differ from their plan by more are marked.",
            "plausibility_percent": "Actuals that differ from the plan by more must be confirmed.",
            "low_stock_percent": "A spool is low below this share of its initial grams.",
        }


@admin.register(FarmSettings, site=farm_site)
class FarmSettingsAdmin(ModelAdmin):
    when_empty = "The settings of the farm."
    form = SettingsForm
    fieldsets = [
        (None, {"fields": ["run_prefix", "address", ("timezone", "locale")]}),
        (
            "Costs, net of VAT; a run keeps the rates it was started with",
            {"fields": ["currency", ("labour_rate", "machine_hour_rate"), "energy_price_kwh"]},
        ),
        (
            "Price to ask for a unit of a product",
            {"fields": [("packing_cost", "fixed_cost"), "margin_percent"]},
        ),
        (
            "What is marked",
            {"fields": ["variance_alert_percent", "plausibility_percent", "low_stock_percent"]},
        ),
        ("Printers", {"fields": ["reports_before_minutes", "reports_after_minutes"]}),
        ("The floor", {"fields": ["floor_idle_minutes"]}),
        ("The front page", {"fields": ["first_steps_hidden"]}),
    ]

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        services.change_settings(obj, by=request.user, **values)

    def changelist_view(self, request, extra_context=None):
        if not self.has_view_permission(request):
            raise PermissionDenied
        name = "admin:accounts_farmsettings_change"
        return HttpResponseRedirect(reverse(name, args=[FarmSettings.load().pk]))


def _verbs():
    found = AuditEvent.objects.order_by("verb").values_list("verb", flat=True).distinct()
    return [(verb, humanize_name(verb).capitalize()) for verb in found]


def _kinds():
    """The models that the farm has pages for."""
    kinds = {model._meta.label_lower: model._meta.verbose_name for model in farm_site._registry}
    return sorted(kinds.items(), key=lambda pair: pair[1])


@admin.register(AuditEvent, site=farm_site)
class AuditEventAdmin(ReadOnlyAdmin):
    when_empty = "Every change of master data and every sign-in is listed here."
    list_display = ["posted", "who", "what", "kind", "which", "changed"]
    list_filter = [
        field_filter("verb", "what", _verbs),
        field_filter("object_type", "of", _kinds),
        day_filter("at", "date"),
    ]
    export = {
        **same("at", "by_name"),
        "by_username": "by.username",
        **same("verb", "object_type", "object_id", "object_label"),
        "changes": lambda event: "; ".join(audit_display.lines(event)),
        **same("source", "address"),
    }
    list_select_related = ["by"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["by_name", "object_label"]
    search_help_text = "Who, or what it was called"
    fields = ["posted", "who", "what", "kind", "which", "all_changed"]
    fields += ["source", "address", "correlation_id"]
    readonly_fields = fields[:-3]

    @admin.display(description="when", ordering="at")
    def posted(self, event):
        return event.at

    @admin.display(description="who", ordering="by_name")
    def who(self, event):
        return event.by_name

    @admin.display(description="which", ordering="object_label")
    def which(self, event):
        return event.object_label

    @admin.display(description="what", ordering="verb")
    def what(self, event):
        return humanize_name(event.verb)

    @admin.display(description="of", ordering="object_type")
    def kind(self, event):
        return audit_display.kind(event)

    @admin.display(description="changes")
    def changed(self, event):
        lines = audit_display.lines(event)
        hidden = len(lines) - MAX_LINES
        if hidden > 1:
            lines = [*lines[:MAX_LINES], _("and %(count)s more") % {"count": hidden}]
        return _as_lines(lines)

    @admin.display(description="changes")
    def all_changed(self, event):
        return _as_lines(audit_display.lines(event))


def _as_lines(texts):
    return format_html_join("", '<span class="line">{}</span>', ((text,) for text in texts))
