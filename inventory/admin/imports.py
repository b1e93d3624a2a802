"""Import of files in the admin: a page previews the result of each line, then imports the file."""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from inventory.admin.labels import labels_url
from inventory.admin.rendering import with_glyph
from inventory.forms.imports import FileForm, SeenFile
from inventory.paper.labels import MAX_SPOOLS
from inventory.services.tables import catalogue_source
from inventory.services.tables.catalogue_reader import read_catalogue
from inventory.services.tables.columns import FILAMENT_COLUMNS, SPOOL_COLUMNS
from inventory.services.tables.csv_reader import read_filaments, read_spools
from inventory.services.tables.filament_import import import_filaments
from inventory.services.tables.report import (
    CREATED,
    FILAMENTS,
    FILLED_IN,
    REFUSED,
    SPOOLS,
    UNCHANGED,
)
from inventory.services.tables.spool_import import import_spools
from tenants.operations.refusals import Refusal
from tenants.operations.text import humanize_name
from tenants.web.csv_export import rows_as_csv
from tenants.web.idempotency import answer_once

MAX_LINES = 200  # that are displayed of each outcome
TITLES = {
    REFUSED: "Can’t be imported",
    FILLED_IN: "There already: filled in where it is empty",
    CREATED: "New",
    UNCHANGED: "There already: stays as it is",
}


@dataclass(frozen=True, kw_only=True)
class Import:
    """What is imported on a page; ``work(content, name, by=, dry_run=, again=)`` answers a report,
    ``again`` where lines are imported that are there already."""

    work: Callable
    permission: str
    title: str
    does: str
    columns: tuple


class ImportPages:
    """For a ModelAdmin with an ``importing``: its page, and the empty table to fill in."""

    importing = None

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}_import"
        view = self.admin_site.admin_view(self.import_view)
        return [path("import/", view, name=name), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_import"
        may = request.user.has_perm(self.importing.permission)
        context = {"import_url": reverse(name) if may else None, **(extra_context or {})}
        return super().changelist_view(request, context)

    def import_view(self, request):
        if not request.user.has_perm(self.importing.permission):
            raise PermissionDenied
        if request.GET.get("as") == "csv":
            return _empty_table(self.importing.columns, self.opts.model_name)
        if request.method == "POST" and {"_do", "_again"} & request.POST.keys():
            return self._import(request)
        form = FileForm(request.POST or None, request.FILES or None, by=request.user)
        if request.method == "POST" and form.is_valid():
            return self._preview_import(request, form)
        return self._import_page(request, form)

    def _preview_import(self, request, form):
        """What the file would do, by a dry run; the page has the signed file in it."""
        file = form.cleaned_data["file"]
        content = file.read()
        try:
            report = self.importing.work(content, file.name, by=request.user, dry_run=True)
        except Refusal as refusal:
            form.add_refusal(refusal)
            return self._import_page(request, form)
        seen = SeenFile(file.name, content.decode("utf-8-sig"), secrets.token_urlsafe(12))
        signed = seen.sign(by=request.user, what=self.opts.model_name)
        return self._import_page(request, form, file=seen, signed=signed, **_context(report))

    def _import(self, request):
        """Import what was previewed; sent again, it is answered again and done once."""
        signed, form = request.POST.get("signed", ""), FileForm(by=request.user)
        seen = SeenFile.unsign(signed, by=request.user, what=self.opts.model_name)
        if seen is None:
            message = _("This page is too old, or another person’s: choose the file again.")
            return self._import_page(request, form, message=message)

        options = {"by": request.user, "dry_run": False, "again": "_again" in request.POST}

        def work():
            report = self.importing.work(seen.content, seen.name, **options)
            page = self._import_page(request, form, file=seen, is_done=True, **_context(report))
            return page.render()

        try:
            key = f"{seen.key}-again" if options["again"] else seen.key
            return answer_once(request, key, work, body=signed.encode())
        except Refusal as refusal:
            return self._import_page(request, form, message=refusal.detail)

    def _import_page(self, request, form, **more):
        context = {
            **self.admin_site.each_context(request),
            "title": self.importing.title,
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "importing": self.importing,
            **more,
        }
        return TemplateResponse(request, "inventory/admin_import.html", context)


def _context(report):
    lines = [_line(row, report.kind) for row in report.rows]
    groups = [
        {
            "outcome": outcome,
            "title": title,
            "count": len(found),
            "lines": found[:MAX_LINES],
            "more": max(len(found) - MAX_LINES, 0),
        }
        for outcome, title in TITLES.items()
        if (found := [line for line in lines if line["outcome"] == outcome])
    ]
    writes = report.count(CREATED) + report.count(FILLED_IN)
    context = {"report": report, "groups": groups, "writes": writes, "count": len(lines)}
    if table := report.refused_table:
        data = base64.b64encode(table.encode("utf-8-sig")).decode()
        context["refused_url"] = f"data:text/csv;charset=utf-8;base64,{data}"
    if report.kind == SPOOLS:
        context |= _of_spools(report)
    return context


def _of_spools(report):
    new = [row.instance.pk for row in report.good if row.outcome == CREATED]
    if report.dry_run:
        return {"there": report.count(UNCHANGED)}
    labels = labels_url(new) if 0 < len(new) <= MAX_SPOOLS else None
    return {"labels_url": labels, "first": new[0] if new else None}


def _line(row, kind):
    line = {"number": row.number, "outcome": row.outcome, "what": row.detail}
    if not row.is_ok:
        what = _("%(problem)s (id %(id)s)") if row.external_id else "%(problem)s"
        return line | {"what": what % {"problem": row.problem, "id": row.external_id}}
    if kind == FILAMENTS:
        names = ", ".join(humanize_name(name) for name in row.changes)
        note = _("fills in %(fields)s") % {"fields": names} if names else ""
        return line | {"what": with_glyph(row.instance), "note": note}
    return line | {"code": row.instance.code}


def _empty_table(columns, name):
    answer = HttpResponse("".join(rows_as_csv(columns, [])), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}s.csv"'
    return answer


def _filaments(content, name, *, by, dry_run, again=False):
    """A catalogue (JSON) or a table (CSV), by how the file begins."""
    text = content if isinstance(content, bytes) else content.encode()
    if text.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"[", b"{"):
        rows = read_catalogue(catalogue_source.from_bytes(text, name))
    else:
        rows = read_filaments(content)
    return import_filaments(rows, by=by, dry_run=dry_run)


FILAMENT_IMPORT = Import(
    work=_filaments,
    permission="inventory.add_filament",
    title="Import filaments",
    does="A catalogue such as SpoolmanDB’s filaments.json, or a table (CSV) from a spreadsheet. "
    "What the farm has is never overwritten: only what is empty is filled in.",
    columns=tuple(FILAMENT_COLUMNS),
)
SPOOL_IMPORT = Import(
    work=lambda content, name, **options: import_spools(read_spools(content), **options),
    permission="inventory.receive_spool",
    title="Import spools",
    does="A table (CSV) from a spreadsheet: each line is one spool, with a receipt of its own in "
    "the ledger. Its filament is named by external_id, or by manufacturer, name and material. "
    "Spools that are there already are not received again.",
    columns=tuple(SPOOL_COLUMNS),
)
