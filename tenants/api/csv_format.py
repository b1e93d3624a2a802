"""CSV of the API: lists as tables that are streamed, and tables in bodies."""

import json

from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.serializers import Serializer

from tenants.web import csv_export
from tenants.web.csv_export import CHUNK, CSV, XLSX, in_chunks


class CSVParser(BaseParser):
    """A body of CSV as it is, in bytes: whoever reads it knows its columns."""

    media_type = CSV

    def parse(self, stream, media_type=None, parser_context=None):
        return stream.read()


class XLSXParser(CSVParser):
    """The same, of a workbook."""

    media_type = XLSX


class CSVRenderer(BaseRenderer):
    """Chosen by ``Accept: text/csv`` or ``?format=csv`` for a list, which `stream_list` answers.
    It never renders: what is no list is JSON."""

    media_type, format = CSV, "csv"


def is_requested(request):
    return getattr(getattr(request, "accepted_renderer", None), "format", "") == CSVRenderer.format


def stream_list(view, rows):
    """All ``rows`` (a QuerySet or a list) as the view's serializer represents them.

    A column for each field; ``actual.grams`` for one of an object in the row, JSON for a list. Rows
    come from a cursor of the database that needs no transaction: a slow reader holds nothing up. A
    spreadsheet that a browser opens needs the mark at the beginning.
    """
    columns = list(_columns(view.get_serializer()))
    return csv_export.stream_csv(
        view.get_view_name(),
        [".".join(path) for path in columns],
        ([_cell(row, path) for path in columns] for row in _representations(view, rows)),
        bom="text/html" in view.request.headers.get("Accept", ""),
    )


def _representations(view, rows):
    if view.request.method == "HEAD":
        return
    each = rows.iterator(chunk_size=CHUNK) if hasattr(rows, "iterator") else iter(rows)
    for chunk in in_chunks(each):
        yield from view.get_serializer(chunk, many=True).data


def _columns(serializer, path=()):
    for name, field in serializer.fields.items():
        if isinstance(field, Serializer):
            yield from _columns(field, (*path, name))
        elif not field.write_only:
            yield (*path, name)


def _cell(row, path):
    for name in path:
        row = row and row.get(name)
    if not isinstance(row, (list, dict)):
        return row
    return json.dumps(row, cls=JSONRenderer.encoder_class, ensure_ascii=False) if row else None
