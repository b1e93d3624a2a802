"""The ledger, read-only but for one verb: reversing an entry."""

from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from inventory.admin.rendering import changed, grams, moment, signed, spool_link
from inventory.forms.spools import ReverseForm
from inventory.glyphs import spool_glyph
from inventory.models import InventoryTransaction, SpoolEvent
from inventory.services import clock_correcting, reversing
from inventory.services.spools.preview import preview
from tenants.admin.people import ReadOnlyAdmin
from tenants.operations import clock
from tenants.site.exports import same
from tenants.site.filters import ChoiceListFilter, TextListFilter, day_filter, field_filter
from tenants.site.site import farm_site
from tenants.site.verbs import VerbAction, VerbPages

Days = day_filter("created_at", "date")


class KindListFilter(ChoiceListFilter):
    title, parameter_name = "kind", "kind"

    def lookups(self, request, model_admin):
        return InventoryTransaction.Kind.choices

    def narrowed(self, queryset, value):
        return queryset.filter(kind=value)


class RunListFilter(TextListFilter):
    title, parameter_name = "run", "run"

    def narrowed(self, queryset, value):
        return queryset.filter(production_run__number__iexact=value)


def _is_reversible(entry):
    is_undone = entry.kind == InventoryTransaction.Kind.REVERSAL or hasattr(entry, "reversed_by")
    return entry.production_run_id is None and not is_undone and entry.grams != 0


def _is_misdated(entry):
    return clock.is_later(entry.spool.last_entry_at, timezone.now())


@admin.register(InventoryTransaction, site=farm_site)
class InventoryTransactionAdmin(VerbPages, ReadOnlyAdmin):
    when_empty = "Each receipt, use, count and correction of a spool is an entry here."
    list_display = [
        "number",
        "posted",
        "kind_badge",
        "spool_code",
        "filament",
        "signed",
        "balance",
        "run",
        "why",
        "who",
    ]
    list_filter = [KindListFilter, RunListFilter, Days]
    export = {
        "entry": "pk",
        "posted_at": "created_at",
        "kind": "kind",
        "spool": "spool.code",
        "filament": lambda entry: str(entry.spool.filament),
        **same("grams", "balance_grams", "cost_per_gram", "credit"),
        "run": "production_run.number",
        "reverses": "reverses_id",
        **same("reason", "note", "source"),
        "who": "performed_by_name",
        "username": "performed_by.username",
    }
    list_per_page = 50
    ordering = ["-pk"]
    search_fields = ["spool__code", "production_run__number", "reason", "note"]
    search_help_text = "Spool, run, reason or note"
    date_hierarchy = "created_at"
    show_full_result_count = False
    change_form_template = "inventory/admin_entry.html"
    preview_template = "inventory/_spool_preview.html"
    fields = [
        ("kind_badge", "signed", "balance"),
        "spool_code",
        "filament",
        "run",
        "undoes",
        ("why", "note"),
        "credit",
        ("source", "who"),
        ("occurred_at", "created_at"),
    ]
    readonly_fields = [
        "kind_badge",
        "signed",
        "balance",
        "spool_code",
        "filament",
        "run",
        "undoes",
        "why",
        "who",
    ]
    verbs = (
        VerbAction(
            name="reverse",
            label="Reverse",
            service=reversing.reverse,
            permission="inventory.reverse_inventorytransaction",
            form=ReverseForm,
            is_possible=_is_reversible,
            description="A reversal takes back exactly this entry; both stay in the ledger.",
            success_message="Entry %(row)s was reversed.",
            tone="stop",
        ),
        VerbAction(
            name="correct-clock",
            label="The clock was wrong",
            service=lambda _entry, **by: clock_correcting.correct_clock(**by),
            permission="inventory.correct_clock_inventorytransaction",
            is_possible=_is_misdated,
            description="Entries that are later than now stay in the ledger as they are; on each "
            "spool concerned a count of 0 g says that their dates are wrong, and posting goes on. "
            "Set the clock right first. Where a date matters, reverse the entry and book it again.",
            success_message="Posting goes on with the dates of today.",
        ),
    )

    def get_queryset(self, request):
        entries = InventoryTransaction.objects.with_references()
        return entries.with_spool().select_related("reverses", "reversed_by")

    def preview(self, row, verb, values, by):
        return preview(lambda: verb.service(row, by=by, **values), [row.spool_id])

    @admin.display(description="entry", ordering="pk")
    def number(self, entry):
        return entry.pk

    @admin.display(description="reason")
    def why(self, entry):
        return entry.reason.replace("_", " ")

    @admin.display(description="posted", ordering="created_at")
    def posted(self, entry):
        return moment(entry.created_at)

    @admin.display(description="kind")
    def kind_badge(self, entry):
        return format_html(
            '<span class="badge kind-{}">{}</span>', entry.kind, entry.get_kind_display()
        )

    @admin.display(description="spool")
    def spool_code(self, entry):
        return spool_link(entry.spool)

    @admin.display(description="filament")
    def filament(self, entry):
        filament = entry.spool.filament
        glyph = spool_glyph(filament, size="s")
        return format_html('<span class="named">{} {}</span>', glyph, filament.name)

    @admin.display(description="grams", ordering="grams")
    def signed(self, entry):
        return signed(entry.grams)

    @admin.display(description="after")
    def balance(self, entry):
        return grams(entry.balance_grams)

    @admin.display(description="run")
    def run(self, entry):
        if entry.production_run is None:
            return "–"
        url = reverse("admin:production_productionrun_change", args=[entry.production_run_id])
        return format_html('<a href="{}">{}</a>', url, entry.production_run.number)

    @admin.display(description="who")
    def who(self, entry):
        return entry.performed_by or entry.performed_by_name or "system"

    @admin.display(description="undoes / undone by")
    def undoes(self, entry):
        other = entry.reverses or getattr(entry, "reversed_by", None)
        if other is None:
            return "–"
        url = reverse("admin:inventory_inventorytransaction_change", args=[other.pk])
        return format_html('<a href="{}">entry {}</a>', url, other.pk)


@admin.register(SpoolEvent, site=farm_site)
class SpoolEventAdmin(ReadOnlyAdmin):
    when_empty = (
        "What happens to spools besides their grams is listed here: opened, moved, "
        "loaded, relabelled."
    )
    list_display = ["at", "spool_code", "verb", "was", "became", "by"]
    list_display_links = ["at"]
    sortable_by = ["verb"]
    list_filter = [field_filter("verb", "what", lambda: SpoolEvent.Verb.choices)]
    list_select_related = ["spool", "by"]
    ordering = ["-pk"]
    search_fields = ["spool__code"]
    show_full_result_count = False
    fields = ["at", "spool_code", "verb", "was", "became", "by"]
    readonly_fields = ["spool_code", "was", "became"]

    @admin.display(description="spool")
    def spool_code(self, event):
        return spool_link(event.spool)

    @admin.display(description="before")
    def was(self, event):
        return changed(event)[0]

    @admin.display(description="after")
    def became(self, event):
        return changed(event)[1]
