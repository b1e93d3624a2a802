"""Lists of the admin as CSV, as the farm's spreadsheets open it, and as workbooks."""

from decimal import Decimal
from functools import reduce
from itertools import islice

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.accounts.models import FarmSettings
from tenants.jobs import exports
from tenants.operations.refusals import Refusal
from tenants.web.csv_export import CHUNK, of_locale, stream_csv
from tenants.web.xlsx_export import MAX_ROWS, stream_xlsx

LONG = 10_000  # rows
# Parameters: the file at once, however long it takes; a workbook.
NOW, AS = "_now", "_as"
WORKBOOK = "xlsx"


class CsvExport:
    """Adds downloads of the list, with its filters, to a ModelAdmin.

    ``export`` are the columns: ``{"location": "location.name"}``, an attribute of the row or a
    function of it; ``export_related`` is prefetched for them.
    """

    export, export_related = {}, ()

    def get_urls(self):
        if not self.export:
            return super().get_urls()
        view = self.admin_site.admin_view(self.csv_view)
        return [path("csv/", view, name=self._csv_name()), *super().get_urls()]

    def csv_url(self, request, **more):
        """The URL of the CSV with the current filters and ``more`` parameters, or None."""
        if not self.export:
            return None
        query = request.GET.copy()
        query.update(more)
        text = query.urlencode()
        return reverse(f"admin:{self._csv_name()}") + (f"?{text}" if text else "")

    def xlsx_url(self, request):
        return self.csv_url(request, **{AS: WORKBOOK})

    def csv_view(self, request):
        """The list as CSV or as a workbook; of a long one a page that offers to make the file as a
        job."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        is_now, kind = NOW in request.GET, request.GET.get(AS)
        request.GET = _without(request.GET, NOW, AS)
        try:
            rows = self.get_changelist_instance(request).queryset
            rows = rows.prefetch_related(*self.export_related)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(request.path)
        if not (is_now or exports.is_requested_by_job(request)):
            count = rows.count()
            if count > LONG or request.method == "POST":
                return self._job_offered(request, count, kind)
        return self._stream(rows, kind)

    def _job_offered(self, request, count, kind):
        message = None
        if request.method == "POST":
            try:
                job = exports.start(
                    request,
                    by=request.user,
                    permission=f"{self.opts.app_label}.view_{self.opts.model_name}",
                    title=self.opts.verbose_name_plural,
                    total=count,
                )
                return HttpResponseRedirect(reverse("admin:jobs_job_change", args=[job.pk]))
            except Refusal as refusal:
                message = refusal.detail
        query = request.GET.copy()
        query[NOW] = "1"
        if kind:
            query[AS] = kind
        context = {
            **self.admin_site.each_context(request),
            "title": _("Download of %(rows)s") % {"rows": self.opts.verbose_name_plural},
            "opts": self.opts,
            "count": count,
            "message": message,
            "now_url": f"?{query.urlencode()}",
        }
        return TemplateResponse(request, "tenants/admin_export.html", context)

    def _stream(self, rows, kind):
        cells = (
            [_cell(row, of) for of in self.export.values()]
            for row in rows.iterator(chunk_size=CHUNK)
        )
        title, header = self.opts.verbose_name_plural, list(self.export)
        if kind == WORKBOOK:
            return stream_xlsx(title, header, islice(cells, MAX_ROWS))
        return stream_csv(title, header, cells, dialect=of_locale(FarmSettings.load().locale))

    def _csv_name(self):
        return f"{self.opts.app_label}_{self.opts.model_name}_csv"


def _without(query, *names):
    query = query.copy()
    for name in names:
        query.pop(name, None)
    return query


def same(*names):
    """Columns that are called as the row's attributes."""
    return {name: name for name in names}


def _cell(row, of):
    value = of(row) if callable(of) else reduce(_attribute, of.split("."), row)
    if isinstance(value, Decimal):
        return value.normalize()
    return timezone.localtime(value) if hasattr(value, "tzinfo") else value


def _attribute(thing, name):
    return None if thing is None else getattr(thing, name)
