"""Stocktakes: looked over, posted, cancelled and undone; their lines, to be downloaded."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.text import Truncator

from inventory.admin.rendering import grams, moment, signed, spool_link
from inventory.models import Stocktake, StocktakeLine
from production.forms.stocktakes import PostForm
from production.paper import stocktakes as paper
from production.services.stocktaking import posting, review, sessions
from production.templatetags.floor import signed_money
from tenants.accounts.models import FarmSettings
from tenants.admin.people import ReadOnlyAdmin
from tenants.api.documents import pdf_answer
from tenants.operations.operation import in_dry_run
from tenants.site.exports import same
from tenants.site.filters import day_filter, field_filter
from tenants.site.site import farm_site
from tenants.site.verbs import VerbAction, VerbPages

MOST = 100  # differences on a page
SHEET = "inventory_stocktake_sheet"
Days = day_filter("begun_at", "date")


def _is_open(stocktake):
    return stocktake.is_open


def _is_posted(stocktake):
    return stocktake.status == Stocktake.Status.POSTED


@admin.register(Stocktake, site=farm_site)
class StocktakeAdmin(VerbPages, ReadOnlyAdmin):
    when_empty = "A stocktake compares a place with the book; it is begun on the floor."
    list_display = ["number", "where", "status", "begun", "begun_by", "closed", "reason"]
    list_filter = [
        field_filter("status", "status", lambda: Stocktake.Status.choices),
        field_filter("scope", "scope", lambda: Stocktake.Scope.choices),
        Days,
    ]
    list_select_related = ["begun_by"]
    ordering = ["-pk"]
    search_fields = ["place", "reason"]
    search_help_text = "Place or reason"
    show_full_result_count = False
    export = {
        "stocktake": "pk",
        **same("scope", "place", "status", "reason", "begun_at"),
        "begun_by": "begun_by.username",
        "closed_at": "closed_at",
    }
    change_form_template = "production/admin_stocktake.html"
    preview_template = "production/_stocktake_preview.html"
    fields = [
        ("where", "status", "reason"),
        ("begun_at", "begun_by"),
        ("closed_at", "closed_by"),
    ]
    readonly_fields = ["where"]
    verbs = (
        VerbAction(
            name="post",
            label="Post",
            service=posting.post,
            permission="inventory.post_stocktake",
            form=PostForm,
            is_possible=_is_open,
            description="Every counted spool gets a count with its difference from the book of the "
            "moment when it was counted: what was used since stays on top.",
            success_message="%(row)s is posted.",
        ),
        VerbAction(
            name="undo",
            label="Undo",
            service=posting.undo,
            permission="inventory.undo_stocktake",
            is_possible=_is_posted,
            description="All that posting did is taken back, while none of its spools was counted "
            "since; the stocktake is open again.",
            success_message="%(row)s is open again.",
            tone="stop",
        ),
        VerbAction(
            name="cancel",
            label="Cancel",
            service=sessions.cancel,
            permission="inventory.cancel_stocktake",
            is_possible=_is_open,
            description="It is closed, and nothing is posted. What was recorded stays readable.",
            success_message="%(row)s is cancelled.",
            tone="stop",
        ),
    )

    def get_urls(self):
        view = self.admin_site.admin_view(self.sheet_view)
        return [path("<int:pk>/sheet/", view, name=SHEET), *super().get_urls()]

    def sheet_view(self, request, pk):
        if not self.has_view_permission(request):
            raise PermissionDenied
        stocktake = get_object_or_404(Stocktake, pk=pk)
        printed = {"farm_name": request.tenant.name, "printed_at": timezone.now()}
        content = paper.pdf(stocktake, currency=FarmSettings.load().currency, **printed)
        return pdf_answer(content, f"stocktake-{stocktake.pk}")

    def preview(self, row, verb, values, by):
        in_dry_run(lambda: verb.service(row, by=by, **values))
        if verb.name != "post":
            return review.review(row)
        return _forecast(row, values["missing"], confirm=values.get("confirm", False))

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj is not None:
            lines = obj.lines.changed().by_value().with_spool().select_related("entry")
            context |= {
                "review": review.review(obj),
                "lines": [
                    _row(
                        line,
                        line.difference_grams,
                        line.difference_value if obj.is_open else line.posted_value,
                        posted=signed(line.posted_grams),
                    )
                    for line in lines[:MOST]
                ],
                "most": MOST,
                "uncounted": review.not_counted_for_long(),
                "uncounted_url": f"{reverse('admin:inventory_spool_changelist')}?counted=365",
                "currency": FarmSettings.load().currency,
                "sheet_url": reverse(f"admin:{SHEET}", args=[obj.pk]),
                "lines_url": f"{reverse('admin:inventory_stocktakeline_changelist')}"
                f"?stocktake={obj.pk}",
            }
        return super().render_change_form(request, context, obj=obj, **kwargs)

    @admin.display(description="stocktake", ordering="pk")
    def number(self, stocktake):
        return stocktake.pk

    @admin.display(description="place", ordering="place")
    def where(self, stocktake):
        return stocktake.place or stocktake.get_scope_display()

    @admin.display(description="begun", ordering="begun_at")
    def begun(self, stocktake):
        return moment(stocktake.begun_at)

    @admin.display(description="closed", ordering="closed_at")
    def closed(self, stocktake):
        return moment(stocktake.closed_at)


def _row(line, grams, value, **more):
    figures = {"grams": signed(grams), "value": signed_money(value)}
    return {"line": line, "link": spool_link(line.spool)} | figures | more


def _forecast(stocktake, missing, *, confirm):
    """What posting writes, without what is as by the book."""
    found = review.forecast(stocktake, missing, confirm=confirm)
    changes = [each for each in found.prospects if each.grams or each.place or not each.is_posted]
    changes = changes[:MOST]
    related = StocktakeLine.objects.all().WITH_SPOOL
    prefetch_related_objects([each.line for each in changes], *related)
    rows = [_row(each.line, each.grams, each.value, what=each.what) for each in changes]
    return {
        "rows": rows,
        "most": MOST,
        "differences": found.differences,
        "version": found.version,
    }


def _stocktakes():
    return [(row.pk, str(row)) for row in Stocktake.objects.order_by("-pk")[:100]]


def _results():
    return [each for each in StocktakeLine.Result.choices if each[0]]


@admin.register(StocktakeLine, site=farm_site)
class StocktakeLineAdmin(ReadOnlyAdmin):
    when_empty = "What stocktakes found of each spool is listed here."
    list_display = [
        "where",
        "what",
        "filament",
        "result",
        "book",
        "counted",
        "off",
        "value",
        "posted",
        "what_was_done",
    ]
    list_display_links = ["where"]
    list_filter = [
        field_filter("stocktake", "stocktake", _stocktakes),
        field_filter("result", "found", _results),
        field_filter("outcome", "posted", lambda: StocktakeLine.Outcome.choices),
    ]
    ordering = ["-stocktake", "place", "pk"]
    search_fields = ["spool__code", "text", "place"]
    search_help_text = "Spool, code or place"
    show_full_result_count = False
    export = {
        "stocktake": "stocktake_id",
        "place": "place",
        "spool": "spool.code",
        "filament": lambda line: str(line.spool.filament) if line.spool else "",
        **same("text", "is_expected", "result", "expected_grams", "book_grams", "gross_grams"),
        **same("counted_grams", "difference_grams", "cost_per_gram", "difference_value"),
        **same("posted_grams", "posted_value"),
        "move_to": "move_to.name",
        "counted_by": "counted_by.username",
        **same("counted_at", "outcome", "place_outcome", "entry_id"),
    }
    fields = [
        ("stocktake", "place", "is_expected"),
        ("what", "filament", "text"),
        ("result", "gross_grams", "counted", "book"),
        ("off", "value", "posted", "move_to"),
        ("counted_by", "counted_at", "what_was_done"),
        "records",
    ]
    readonly_fields = [
        *("what", "filament", "book", "counted", "off", "value", "posted", "what_was_done"),
        "records",
    ]

    def get_queryset(self, request):
        rows = super().get_queryset(request).with_spool()
        return rows.select_related("stocktake", "counted_by", "move_to", "entry")

    @admin.display(description="place", ordering="place")
    def where(self, line):
        return line.place or "No place"

    @admin.display(description="spool", ordering="spool__code")
    def what(self, line):
        return spool_link(line.spool) if line.spool else Truncator(line.text).chars(20)

    @admin.display(description="filament")
    def filament(self, line):
        return str(line.spool.filament) if line.spool else ""

    @admin.display(description="book, g", ordering="book_grams")
    def book(self, line):
        return grams(line.expected_grams if line.book_grams is None else line.book_grams)

    @admin.display(description="counted, g", ordering="counted_grams")
    def counted(self, line):
        return grams(line.counted_grams)

    @admin.display(description="difference, g")
    def off(self, line):
        return signed(line.difference_grams)

    @admin.display(description="value")
    def value(self, line):
        return signed_money(line.difference_value)

    @admin.display(description="posted, g", ordering="entry__grams")
    def posted(self, line):
        return signed(line.posted_grams)

    @admin.display(description="what was done", ordering="outcome")
    def what_was_done(self, line):
        return line.done

    @admin.display(description="recorded")
    def records(self, line):
        """Each record of it: when, by whom, what."""
        return "; ".join(
            f"{moment(each.at)}, {each.by or 'system'}: {each.get_result_display()}"
            + ("" if each.counted_grams is None else f" {grams(each.counted_grams)} g")
            for each in line.records.select_related("by")
        )
