"""Import of files in the admin: a page previews the result of each line, then imports the file.

Of a long file both are jobs: the page shows how far each is, and then what became of the lines.
"""

import base64
import json
import re
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from inventory.admin.labels import labels_url
from inventory.admin.rendering import with_glyph
from inventory.forms.imports import FileForm, SeenFile, options_of
from inventory.paper.labels import MAX_SPOOLS
from inventory.services.tables import samples, spool_updates, table_reader, uploads
from inventory.services.tables.columns import FILAMENT_COLUMNS, SPOOL_COLUMNS
from inventory.services.tables.report import (
    CREATED,
    FILAMENTS,
    FILLED_IN,
    REFUSED,
    SPOOLS,
    UNCHANGED,
    UPDATED,
    summary,
)
from tenants.accounts.models import FarmSettings
from tenants.jobs import files, services
from tenants.jobs.models import Job
from tenants.operations.refusals import Refusal
from tenants.operations.text import humanize_name
from tenants.web.csv_export import in_dialect, of_locale, rows_as_csv, stream_csv
from tenants.web.idempotency import answer_once
from tenants.web.xlsx_export import stream_xlsx

NUMBER = re.compile("[0-9]{1,18}")
MAX_LINES = 200  # that are displayed of each outcome
TITLES = {
    REFUSED: "Can’t be imported",
    FILLED_IN: "There already: filled in where it is empty",
    UPDATED: "There already: updated",
    CREATED: "New",
    UNCHANGED: "There already: stays as it is",
}
WRITTEN = (CREATED, FILLED_IN, UPDATED)
MISSING = {
    "filaments": "filaments",
    "manufacturers": "manufacturers",
    "material_types": "material types",
    "locations": "locations",
}
DEFAULTS = {
    "default_net_grams": "Net grams of a new spool",
    "default_tare_grams": "Grams of an empty reel",
}


@dataclass(frozen=True, kw_only=True)
class Import:
    """What is imported on a page: SPOOLS, FILAMENTS, or another kind of table."""

    what: str
    title: str
    does: str
    columns: tuple

    @property
    def permission(self):
        return uploads.PERMISSIONS[self.what]

    @property
    def headings(self):
        """What may be chosen for a column."""
        return table_reader.headings_of(self.what)

    @property
    def kind(self):
        return uploads.KINDS[self.what]


class ImportPages:
    """For a ModelAdmin with an ``importing``: its page, and tables to fill in."""

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
        if wanted := DOWNLOADS.get(request.GET.get("as")):
            return wanted(self.importing)
        if "job" in request.GET:
            return self._job_page(request)
        if request.method == "POST" and {"_do", "_again", "_look"} & request.POST.keys():
            return self._import(request)
        form = FileForm(request.POST or None, request.FILES or None, by=request.user)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            return self._preview_import(request, form, file.name, file.read())
        return self._import_page(request, form)

    def _preview_import(
        self, request, form, name, content, *, create=None, chosen=None, update=False, **defaults
    ):
        """What the file would do, by a dry run; the page has the signed file in it, and how its
        columns are read."""
        columns = uploads.columns_of(self.importing.what, content, chosen=chosen)
        chosen = {each["name"]: each["heading"] for each in columns if each["is_chosen"]}
        page = {"columns": columns, "headings": self.importing.headings}
        update = update and request.user.has_perms(spool_updates.PERMISSIONS)
        page["is_updating"] = update
        options = {"create": create, "chosen": chosen, "update": update}
        options |= uploads.DEFAULTS | defaults
        tried = {"by": request.user, "dry_run": True, **options}
        try:
            if uploads.is_long(self.importing.what, content):
                return self._begin(request, content, name, **tried)
            report = uploads.import_file(self.importing.what, content, name, **tried)
        except Refusal as refusal:
            if columns:
                again = options | {"create": create or []} | uploads.DEFAULTS
                seen = SeenFile.of(name, content, again)
                page["signed"] = seen.sign(by=request.user, what=self.opts.model_name)
            return self._import_page(request, form, message=refusal.detail, **page)
        seen = SeenFile.of(name, content, options | {"create": report.create_missing})
        page |= _context_of(report) | {"file": seen, "asks": _asks(report.as_dict(), options)}
        page["signed"] = seen.sign(by=request.user, what=self.opts.model_name)
        return self._import_page(request, form, **page)

    def _import(self, request):
        """Import what was previewed; sent again, it is answered again and done once."""
        signed, form = request.POST.get("signed", ""), FileForm(by=request.user)
        seen = SeenFile.unsign(signed, by=request.user, what=self.opts.model_name)
        if seen is None:
            message = _("This page is too old, or another person’s: choose the file again.")
            return self._import_page(request, form, message=message)

        wanted = options_of(request.POST, seen.options)
        if "_look" in request.POST or wanted != seen.options:
            return self._preview_import(request, form, seen.name, seen.content, **wanted)
        options = {"by": request.user, "dry_run": False, "again": "_again" in request.POST}
        options |= seen.options

        def work():
            report = uploads.import_file(self.importing.what, seen.content, seen.name, **options)
            page = self._import_page(request, form, file=seen, is_done=True, **_context_of(report))
            return page.render()

        try:
            key = f"{seen.key}-again" if options["again"] else seen.key
            return answer_once(request, key, work, body=signed.encode())
        except Refusal as refusal:
            return self._import_page(request, form, message=refusal.detail)

    # -- as a job ------------------------------------------------------------------------------

    def _job_page(self, request):
        """How far the job is; then what the file would do, with a button, or what it has done."""
        jobs = Job.objects.visible_to(request.user).filter(kind=self.importing.kind)
        number = request.GET["job"]
        job = get_object_or_404(jobs, pk=int(number) if NUMBER.fullmatch(number) else 0)
        form, more = FileForm(by=request.user), {"job": job, "file": job.arguments}
        more["is_updating"] = job.arguments["update"]
        if request.method == "POST":
            return self._import_seen(request, form, job)
        if job.status == Job.Status.DONE and job.result_bytes is not None:
            report = _report_of(job)
            lines = map(_line_of_job, report["lines"])
            more |= _context(report, lines) | {"is_done": not job.arguments["dry_run"]}
            more["asks"] = _asks(report, job.arguments)
        return self._import_page(request, form, **more)

    def _import_seen(self, request, form, seen):
        """Begin the import that the job has previewed, once."""
        content = b"".join(files.read(seen, is_result=False))
        if seen.by_id != request.user.pk or not seen.arguments["dry_run"] or not content:
            message = _("This page is too old, or another person’s: choose the file again.")
            return self._import_page(request, form, message=message)
        name = seen.arguments["name"]
        names = ("chosen", "update", *uploads.DEFAULTS)
        seen_with = {each: seen.arguments.get(each) for each in names}
        seen_with["create"] = _report_of(seen)["create_missing"]
        wanted = options_of(request.POST, seen_with)
        if "_look" in request.POST or wanted != seen_with:
            return self._preview_import(request, form, name, content, **wanted)
        options = {"by": request.user, "dry_run": False, "again": "_again" in request.POST}
        options |= {"of": seen, "instead_of": services.FINISHED_WELL, **seen_with}
        try:
            return self._begin(request, content, name, **options)
        except Refusal as refusal:
            return self._import_page(request, form, message=refusal.detail)

    def _begin(self, request, content, name, **options):
        job = uploads.start(self.importing.what, content, name, page=request.path, **options)
        return HttpResponseRedirect(f"?job={job.pk}")

    def _import_page(self, request, form, **more):
        context = {
            **self.admin_site.each_context(request),
            "title": self.importing.title,
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "importing": self.importing,
            "may_update": request.user.has_perms(spool_updates.PERMISSIONS),
            **more,
        }
        return TemplateResponse(request, "inventory/admin_import.html", context)


def _report_of(job):
    return json.loads(b"".join(files.read(job, is_result=True)))


def _context_of(report):
    return _context(report.as_dict(), [_line(row, report.kind) for row in report.rows])


def _context(report, lines):
    """``report`` is the ImportReport as a dict, ``lines`` are as they are displayed."""
    lines = list(lines)
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
    made = report["create_missing"]
    counts = {name: report[name] for name in report if name.endswith("_count")}
    context = {
        "report": report,
        "summary": summary(counts, report["manufacturers"], report["material_types"]),
        "groups": groups,
        "also_made": [kind for kind in made if not report["missing"][kind]],
        "missing": [
            {"kind": kind, "title": MISSING[kind], "names": names, "is_made": kind in made}
            for kind, names in report["missing"].items()
            if names
        ],
        "writes": sum(counts[f"{outcome}_count"] for outcome in WRITTEN),
        "count": len(lines),
    }
    if table := in_dialect(report["refused_table"], of_locale(FarmSettings.load().locale)):
        data = base64.b64encode(table.encode("utf-8-sig")).decode()
        context["refused_url"] = f"data:text/csv;charset=utf-8;base64,{data}"
    return context | (_of_spools(report) if report["kind"] == SPOOLS else {})


def _asks(report, options):
    """Fields for grams that lines lack, or were previewed with."""
    return [
        {"name": name, "label": label, "value": options.get(name) or ""}
        for name, label in DEFAULTS.items()
        if name in report.get("lacking", ()) or options.get(name)
    ]


def _of_spools(report):
    if report["dry_run"]:
        return {"there": report["unchanged_count"]}
    lines = [line for line in report["lines"] if line["outcome"] == CREATED]
    new = [pk for line in lines for pk in line["ids"]]
    labels = labels_url(new) if 0 < len(new) <= MAX_SPOOLS else None
    return {"labels_url": labels, "first": new[0] if new else None}


def _line_of_job(line):
    return {
        "number": line["line"],
        "outcome": line["outcome"],
        "what": line["detail"],
        "code": line["code"],
    }


def _line(row, kind):
    line = {"number": row.number, "outcome": row.outcome, "what": row.detail}
    if not row.is_ok:
        what = _("%(problem)s (id %(id)s)") if row.external_id else "%(problem)s"
        return line | {"what": what % {"problem": row.problem, "id": row.external_id}}
    if kind == FILAMENTS:
        names = ", ".join(humanize_name(name) for name in row.changes)
        note = _("fills in %(fields)s") % {"fields": names} if names else ""
        return line | {"what": with_glyph(row.instance), "note": note}
    return line | {"code": getattr(row.instance, "code", "")}


def _empty_table(importing):
    dialect = of_locale(FarmSettings.load().locale)
    text = "".join(rows_as_csv(importing.columns, [], dialect=dialect))
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{importing.what}.csv"'
    return answer


def _sample_csv(importing):
    dialect = of_locale(FarmSettings.load().locale)
    return stream_csv(*_sample(importing), dialect=dialect)


def _sample_xlsx(importing):
    return stream_xlsx(*_sample(importing))


def _sample(importing):
    return _("Sample of %(what)s") % {"what": importing.what}, *samples.table(importing.what)


DOWNLOADS = {"csv": _empty_table, "sample-csv": _sample_csv, "sample-xlsx": _sample_xlsx}
FILAMENT_IMPORT = Import(
    what=FILAMENTS,
    title="Import filaments",
    does="A catalogue such as SpoolmanDB’s filaments.json, or a table (XLSX or CSV) from a "
    "spreadsheet. What the farm has is never overwritten: only what is empty is filled in.",
    columns=tuple(FILAMENT_COLUMNS),
)
SPOOL_IMPORT = Import(
    what=SPOOLS,
    title="Import spools",
    does="A table (XLSX or CSV) from a spreadsheet, or the export of Spoolman, "
    "OctoPrint-SpoolManager or Bambuddy: each line is a spool, or as many as its quantity, with "
    "receipts in the ledger. Its filament is named by external_id, or by manufacturer, name and "
    "material. Spools that are there already are not received again.",
    columns=tuple(SPOOL_COLUMNS),
)
