"""Tables on the way out, as CSV that a spreadsheet opens without running any of it.

A spreadsheet takes a cell that begins with = + - or @ for a formula, and a formula can send the
rest of the sheet to a stranger. Such a cell gets an apostrophe in front; numbers are left alone.
Imports (``inventory.services.tables``) take the apostrophe away again.
"""

import csv
import re
from datetime import date
from decimal import Decimal
from itertools import chain, islice

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.text import slugify

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHUNK = 500  # rows that are read, and written, at once
BOM = "\ufeff"  # without it Excel takes UTF-8 for something else
NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)*%?")
# Also after white space, as tabs and full-width signs (some spreadsheets look through them), and
# what already has apostrophes in front, so that taking one away gives back what was there.
FORMULA = re.compile(r"'*\s*[=+\-@\t\r＝＋－＠]")


def rows_as_csv(header, rows, *, delimiter=",", bom=True):
    """A table as CSV, line by line: a generator of str, to be streamed as UTF-8.

    ``header`` are the names of the columns, ``rows`` iterables of values: None is empty, a
    Decimal is written without an exponent, a date or moment as ISO 8601, true and false as words.
    Lines end in CR LF (RFC 4180). Only the current row is in memory.
    """
    writer = csv.writer(_Echo(), delimiter=delimiter, lineterminator="\r\n")
    yield (BOM if bom else "") + writer.writerow([as_cell(name) for name in header])
    for row in rows:
        yield writer.writerow([as_cell(value) for value in row])


def stream_csv(title, header, rows, *, bom=True):
    """A table as the answer to a request, saved as the title and the farm's day.

    The first rows are read at once, so that what goes wrong is still answered as such; the rest
    as they are fetched.
    """
    blocks = ("".join(block) for block in in_chunks(rows_as_csv(header, rows, bom=bom)))
    answer = StreamingHttpResponse(
        chain([next(blocks)], blocks), content_type=f"{CSV}; charset=utf-8"
    )
    name = f"{slugify(title)}-{timezone.localdate()}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def in_chunks(each):
    each = iter(each)
    while chunk := list(islice(each, CHUNK)):
        yield chunk


def as_cell(value):
    """A value as the text of a cell that is no formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (int, float)):
        return str(value)
    return escape_formula(value.isoformat() if isinstance(value, date) else str(value))


def escape_formula(text):
    """``text``, with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def unescape_formula(text):
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


class _Echo:
    """A file of which only what was written last is known."""

    def write(self, text):
        return text
