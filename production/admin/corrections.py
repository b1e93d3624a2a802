"""Corrections of what slicers say: those that were accepted, and what runs propose."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inventory.admin import rendering
from inventory.models import Filament
from production.admin import formatting
from production.models import Printer, SlicerCorrection
from production.services.sliced_files import corrections
from tenants.admin.people import ReadOnlyAdmin
from tenants.operations.refusals import Refusal
from tenants.site.exports import same
from tenants.site.filters import ChoiceListFilter
from tenants.site.site import farm_site
from tenants.site.verbs import VerbAction, VerbPages

ACCEPT = "production.accept_slicercorrection"
NAME = "production_slicercorrection_accept"
MOST = 50  # proposals of a kind on the page
LABELS = {
    "filament": "By filament",
    "printer": "By printer",
    "filament_and_printer": "By filament and printer",
}


class AcceptedForm(forms.Form):
    filament = forms.ModelChoiceField(Filament.objects.present(), required=False)
    printer = forms.ModelChoiceField(Printer.objects.all(), required=False)


class CurrentListFilter(ChoiceListFilter):
    title = parameter_name = "current"

    def lookups(self, request, model_admin):
        return [("yes", "Current"), ("no", "Withdrawn")]

    def narrowed(self, queryset, value):
        return queryset.filter(withdrawn_at__isnull=value == "yes")


@admin.register(SlicerCorrection, site=farm_site)
class SlicerCorrectionAdmin(VerbPages, ReadOnlyAdmin):
    when_empty = (
        "What plans multiply the slicer's grams by, once weighed prints show that it is off."
    )
    list_display = ["what", "factor", "run_count", "sliced", "measured", "accepted", "withdrawn_at"]
    list_filter = [CurrentListFilter]
    list_select_related = ("filament__manufacturer", "filament__material_type", "printer")
    export = {
        "filament": "filament",
        "printer": "printer.name",
        **same("factor", "run_count", "sliced_grams", "measured_grams"),
        **same("accepted_at", "withdrawn_at"),
    }
    ordering = ["-pk"]
    search_fields = ["filament__name", "printer__name"]
    change_list_template = "production/admin_corrections.html"
    change_form_template = "tenants/admin_device.html"
    fields = [
        ("what", "factor"),
        ("run_count", "sliced", "measured"),
        ("accepted_at", "accepted_by"),
        ("withdrawn_at", "withdrawn_by", "former"),
    ]
    readonly_fields = ["what", "sliced", "measured"]
    preview_template = "production/_correction_preview.html"
    verbs = (
        VerbAction(
            name="withdraw",
            label="Withdraw",
            service=corrections.withdraw,
            permission="production.withdraw_slicercorrection",
            is_possible=lambda correction: correction.is_current,
            description="Plans are corrected no longer by it. What it took the place of is current "
            "again. Plans that there are stay as they are.",
            success_message="%(row)s is withdrawn.",
        ),
    )

    def get_queryset(self, request):
        return super().get_queryset(request).with_names().select_related("accepted_by")

    def get_urls(self):
        accept = self.admin_site.admin_view(require_POST(_accept_view))
        return [path("accept/", accept, name=NAME), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        context = {"proposals": _proposals(), "may_accept": request.user.has_perm(ACCEPT)}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    @admin.display(description="of")
    def what(self, correction):
        names = (correction.filament, correction.printer)
        return " · ".join(str(each) for each in names if each)

    @admin.display(description="slicer, g", ordering="sliced_grams")
    def sliced(self, correction):
        return rendering.grams(correction.sliced_grams)

    @admin.display(description="measured, g", ordering="measured_grams")
    def measured(self, correction):
        return rendering.grams(correction.measured_grams)

    @admin.display(description="accepted", ordering="accepted_at")
    def accepted(self, correction):
        return correction.accepted_at


def _proposals():
    """``[(label, rows)]`` of what was measured lately, what is furthest off first."""
    kinds = [
        (label, [row for row in corrections.proposed(group_by=kind) if row["evident_runs"]])
        for kind, label in LABELS.items()
    ]
    return [
        (label, [_row(each) for each in sorted(rows, key=_furthest)[:MOST]])
        for label, rows in kinds
        if rows
    ]


def _furthest(row):
    return -abs(row["percent"])


def _row(row):
    names = filter(None, (row["filament_name"], row["printer_name"]))
    return row | {
        "name": " · ".join(names),
        "sliced_text": rendering.grams(row["evident_sliced"]),
        "measured_text": rendering.grams(row["evident_grams"]),
        "percent_text": formatting.difference(formatting.money)(row["percent"]),
        "is_accepted": row["correction_factor"] == row["factor"],
    }


def _accept_view(request):
    """Accept what runs propose, by one press: its figures stood beside it."""
    if not request.user.has_perm(ACCEPT):
        raise PermissionDenied
    form = AcceptedForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Nothing was accepted: the filament or the printer is gone."))
    else:
        try:
            done = corrections.accept(
                form.cleaned_data["filament"],
                printer=form.cleaned_data["printer"],
                by=request.user,
            )
            text = _("Plans by a file are corrected from now on: %(correction)s.")
            messages.success(request, text % {"correction": done})
        except Refusal as refusal:
            messages.error(request, refusal.detail)
    return HttpResponseRedirect(reverse("admin:production_slicercorrection_changelist"))
