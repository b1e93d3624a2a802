"""Lists of the admin as CSV."""

from decimal import Decimal
from functools import reduce

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from tenants.jobs import exports
from tenants.operations.refusals import Refusal
from tenants.web.csv_export import CHUNK, stream_csv

LONG = 10_000  # rows
NOW = "_now"  # a parameter: the file at once, however long it takes


class CsvExport:
    """Adds a CSV download of the list, with its filters, to a ModelAdmin.

    ``export`` are the columns: ``{"location": "location.name"}``, an attribute of the row or a
    function of it.
    """

    export = {}

    def get_urls(self):
        if not self.export:
            return super().get_urls()
        view = self.admin_site.admin_view(self.csv_view)
        return [path("csv/", view, name=self._csv_name()), *super().get_urls()]

    def csv_url(self, request):
        """The URL of the CSV with the current filters, or None."""
        if not self.export:
            return None
        query = request.GET.urlencode()
        return reverse(f"admin:{self._csv_name()}") + (f"?{query}" if query else "")

    def csv_view(self, request):
        """The list as CSV; of a long one a page that offers to make the file as a job."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        is_now = NOW in request.GET
        request.GET = _without(request.GET, NOW)
        try:
            rows = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return HttpResponseRedirect(request.path)
        if not (is_now or exports.is_requested_by_job(request)):
            count = rows.count()
            if count > LONG or request.method == "POST":
                return self._job_offered(request, count)
        return self._stream(rows)

    def _job_offered(self, request, count):
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
        context = {
            **self.admin_site.each_context(request),
            "title": _("%(rows)s as CSV") % {"rows": capfirst(self.opts.verbose_name_plural)},
            "opts": self.opts,
            "count": count,
            "message": message,
            "now_url": f"?{query.urlencode()}",
        }
        return TemplateResponse(request, "tenants/admin_export.html", context)

    def _stream(self, rows):
        cells = (
            [_cell(row, of) for of in self.export.values()]
            for row in rows.iterator(chunk_size=CHUNK)
        )
        return stream_csv(self.opts.verbose_name_plural, list(self.export), cells)

    def _csv_name(self):
        return f"{self.opts.app_label}_{self.opts.model_name}_csv"


def _without(query, name):
    query = query.copy()
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
