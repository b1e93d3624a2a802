"""Reports that were taken for repeats, and a person's last word on them."""

from urllib.parse import urlencode

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext as _

from inventory.admin.rendering import grams, spool_link
from inventory.models import RecognisedRepeat
from inventory.services import overruling
from inventory.services.spools.preview import preview
from tenants.accounts.models import DeviceToken
from tenants.admin.people import ReadOnlyAdmin
from tenants.site.exports import same
from tenants.site.filters import day_filter, field_filter
from tenants.site.site import farm_site
from tenants.site.verbs import VerbAction, VerbPages

Rule = RecognisedRepeat.Rule
Days = day_filter("received_at", "date")
MAX_DAYS = 14


def _printers():
    found = DeviceToken.objects.filter(repeats__isnull=False, printer__isnull=False)
    return found.order_by("printer__name").values_list("printer", "printer__name").distinct()


def _tokens():
    found = DeviceToken.objects.filter(repeats__isnull=False).distinct()
    return found.order_by("name", "pk").values_list("pk", "name")


def _was_not_counted(repeat):
    return not repeat.is_perhaps and not repeat.is_overruled


def _was_counted(repeat):
    return repeat.is_perhaps and not repeat.is_overruled


def _overruling(**given):
    """An action by which a person has the last word."""
    permission = "inventory.overrule_recognisedrepeat"
    return VerbAction(service=overruling.overrule, permission=permission, **given)


def repeats_by_day(printer):
    """The rows of a printer's page: days, and where their repeats are listed."""
    found = RecognisedRepeat.objects.filter(token__printer=printer).on_days()[:MAX_DAYS]
    address = reverse("admin:inventory_recognisedrepeat_changelist")
    rows = []
    for each in found:
        days = dict.fromkeys(("received_at_from", "received_at_to"), each["day"])
        query = urlencode({"printer": printer.pk} | days)
        rows.append(each | {"address": f"{address}?{query}"})
    return rows


@admin.register(RecognisedRepeat, site=farm_site)
class RecognisedRepeatAdmin(VerbPages, ReadOnlyAdmin):
    when_empty = "Reports of devices that came twice and counted once are listed here."
    list_display = ["received_at", "token", "spool_code", "reported", "previous", "why", "counted"]
    list_filter = [
        field_filter("printer", "printer", _printers, lookup="token__printer"),
        field_filter("token", "device", _tokens),
        field_filter("rule", "why", lambda: Rule.choices),
        Days,
    ]
    export = {
        "received_at": "received_at",
        "device": "token.name",
        "spool": "spool.code",
        **same("rule", "unit", "amount", "before", "grams", "overruled_at"),
    }
    ordering = ["-pk"]
    search_fields = ["token__name", "spool__code"]
    search_help_text = "Device or spool"
    show_full_result_count = False
    change_form_template = "tenants/admin_device.html"
    preview_template = "inventory/_spool_preview.html"
    fields = [
        ("received_at", "token"),
        "spool_code",
        ("reported", "previous"),
        "why",
        ("counted", "overruled_at", "entry"),
    ]
    readonly_fields = ["spool_code", "reported", "previous", "why", "counted"]
    verbs = (
        _overruling(
            name="count",
            label="Count it after all",
            is_possible=_was_not_counted,
            bulk_label="Count the chosen ones after all",
            description="It was no repeat: what was not counted is taken off the spool by an "
            "adjustment. The run that it printed for keeps its figures.",
            success_message="%(row)s is counted.",
        ),
        _overruling(
            name="take-back",
            label="Take the report before it back",
            is_possible=_was_counted,
            bulk_label="Take back the reports before the chosen ones",
            description="It contained the report before it, which was counted twice: an "
            "adjustment puts that back on the spool. The run that it printed for keeps its "
            "figures.",
            success_message="What came before %(row)s is taken back.",
        ),
    )

    def get_queryset(self, request):
        return super().get_queryset(request).with_references()

    def preview(self, row, verb, values, by):
        return preview(lambda: verb.service(row, by=by, **values), [row.spool_id])

    @admin.display(description="spool", ordering="spool__code")
    def spool_code(self, repeat):
        return spool_link(repeat.spool)

    @admin.display(description="reported")
    def reported(self, repeat):
        return f"{repeat.amount} {repeat.symbol}"

    @admin.display(description="before")
    def previous(self, repeat):
        return f"{repeat.before} {repeat.symbol}"

    @admin.display(description="why", ordering="rule")
    def why(self, repeat):
        return repeat.get_rule_display()

    @admin.display(description="counted", ordering="grams")
    def counted(self, repeat):
        """What became of its grams."""
        text = _("%(grams)s g after all") if repeat.is_overruled else _("%(grams)s g once")
        if repeat.is_perhaps:
            text = _("%(grams)s g perhaps twice")
            if repeat.is_overruled:
                text = _("%(grams)s g taken back")
        return text % {"grams": grams(repeat.grams)}
