"""Holds: placed, looked at, released, and their spools returned."""

from functools import partial

from django.contrib import admin

from inventory.admin.rendering import grams, moment, spool_link
from inventory.forms.holds import HoldReturnForm, ReleaseForm
from inventory.models import Hold
from inventory.services import holds
from inventory.services.spools.preview import preview
from production.services.held_returns import return_held
from production.services.holds import in_use
from tenants.site.base import ModelAdmin
from tenants.site.exports import same
from tenants.site.filters import ChoiceListFilter, day_filter
from tenants.site.site import farm_site
from tenants.site.verbs import VerbAction, VerbPages

MOST = 100  # spools on a page
Days = day_filter("placed_at", "date")
PLACED = ("spool", "filament", "lot_number", "delivery_of", "reason")


class OpenListFilter(ChoiceListFilter):
    title, parameter_name = "state", "state"

    def lookups(self, request, model_admin):
        return [("open", "Open"), ("released", "Released")]

    def narrowed(self, queryset, value):
        return queryset.filter(released_at__isnull=value == "open")


def _is_open(hold):
    return hold.is_open


def _state(hold):
    """What changes with each verb of it."""
    archived = hold.spools().archived().order_by("pk").values_list("pk", flat=True)
    return hold.released_at, [*archived]


_verb = partial(VerbAction, is_possible=_is_open, state_of=_state)


@admin.register(Hold, site=farm_site)
class HoldAdmin(VerbPages, ModelAdmin):
    when_empty = (
        "Filament that is not to be used, and why: a spool, a filament, a lot or a delivery."
    )
    list_display = ["what", "reason", "placed", "placed_by", "released", "release_note"]
    list_filter = [OpenListFilter, Days]
    ordering = ["-pk"]
    search_fields = ["lot_number", "reason", "spool__code", "filament__name", "release_note"]
    search_help_text = "Lot, spool, filament, reason or note"
    show_full_result_count = False
    autocomplete_fields = ["spool", "filament", "delivery_of"]
    export = {
        "hold": "pk",
        "spool": "spool.code",
        "filament": lambda hold: str(hold.filament) if hold.filament else "",
        "lot": "lot_number",
        "delivery_of": "delivery_of.code",
        **same("reason", "placed_at"),
        "placed_by": "placed_by.username",
        "released_at": "released_at",
        "released_by": "released_by.username",
        "release_note": "release_note",
    }
    change_form_template = "production/admin_hold.html"
    preview_template = "production/_hold_preview.html"
    verbs = (
        _verb(
            name="release",
            label="Release",
            service=holds.release,
            permission="inventory.release_hold",
            form=ReleaseForm,
            description="Its spools may be used again, unless another hold covers them.",
            success_message="Released: %(row)s.",
        ),
        _verb(
            name="return",
            label="Return to the supplier",
            service=return_held,
            permission="inventory.return_hold",
            form=HoldReturnForm,
            description="All that is left on its spools leaves the book, and they are archived. "
            "What is in a printer or named by an open run stays. The hold stays open.",
            success_message="What could be returned of it is: %(row)s.",
            tone="stop",
        ),
    )

    def get_queryset(self, request):
        return super().get_queryset(request).with_target()

    def has_change_permission(self, request, obj=None):
        return False  # it is released

    has_delete_permission = has_change_permission

    def get_fields(self, request, obj=None):
        if obj is None:
            return PLACED
        return [("what", "reason"), ("placed_at", "placed_by"), ("released_at", "released_by"),
                "release_note"]  # fmt: skip

    def get_readonly_fields(self, request, obj=None):
        return () if obj is None else ("what",)

    def save_model(self, request, obj, form, change):
        values = {name: form.cleaned_data[name] for name in PLACED}
        obj.pk = holds.place(by=request.user, **values).pk

    def preview(self, row, verb, values, by):
        ids = row.spools().on_shelf().values_list("pk", flat=True)[:MOST]
        return preview(lambda: verb.service(row, by=by, **values), ids)

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj is not None:
            spools = obj.spools().on_shelf().with_filament().order_by("pk")
            context |= {
                "hold": obj,
                "in_use": in_use(obj),
                "spools": [
                    (spool_link(each), each, grams(each.live_grams)) for each in spools[:MOST]
                ],
                "spool_count": spools.count(),
                "most": MOST,
            }
        return super().render_change_form(request, context, obj=obj, **kwargs)

    @admin.display(description="what is held", ordering="pk")
    def what(self, hold):
        return str(hold)

    @admin.display(description="placed", ordering="placed_at")
    def placed(self, hold):
        return moment(hold.placed_at)

    @admin.display(description="released", ordering="released_at")
    def released(self, hold):
        return moment(hold.released_at)
