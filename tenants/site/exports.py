"""Lists of the admin as CSV."""

from decimal import Decimal
from functools import reduce

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone

from tenants.web.csv_export import CHUNK, stream_csv


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
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            rows = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return HttpResponseRedirect(request.path)
        cells = (
            [_cell(row, of) for of in self.export.values()]
            for row in rows.iterator(chunk_size=CHUNK)
        )
        return stream_csv(self.opts.verbose_name_plural, list(self.export), cells)

    def _csv_name(self):
        return f"{self.opts.app_label}_{self.opts.model_name}_csv"


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
