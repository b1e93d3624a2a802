"""Tables on the way out, as CSV that a spreadsheet opens without running any of it.

A spreadsheet takes a cell that begins with = + - or @ for a formula, and a formula can send the
rest of the sheet to a stranger. Such a cell gets an apostrophe in front; numbers are left alone.
Imports (``inventory.services.tables``) take the apostrophe away again.
"""

import csv
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import StringIO
from itertools import chain, islice

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.formats import get_format
from django.utils.text import slugify

from tenants.web.locale_formats import writing_as

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHUNK = 500  # rows that are read, and written, at once
BOM = "\ufeff"  # without it Excel takes UTF-8 for something else
NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)*%?")
# Also after white space, as tabs and full-width signs (some spreadsheets look through them), and
# what already has apostrophes in front, so that taking one away gives back what was there.
FORMULA = re.compile(r"'*\s*[=+\-@\t\r＝＋－＠]")


@dataclass(frozen=True)
class Dialect:
    """What separates cells, and the decimal mark of numbers."""

    delimiter: str = ","
    mark: str = "."


PROGRAMS = Dialect()  # always the same


def of_locale(locale):
    """The Dialect in which a spreadsheet of people of this locale opens a table."""
    with writing_as(locale):
        has_commas = get_format("DECIMAL_SEPARATOR", use_l10n=True) == ","
    return Dialect(";", ",") if has_commas else PROGRAMS


def rows_as_csv(header, rows, *, dialect=PROGRAMS, bom=True):
    """A table as CSV, line by line: a generator of str, to be streamed as UTF-8.

    ``header`` are the names of the columns, ``rows`` iterables of values: None is empty, a
    Decimal is written without an exponent, a date or moment as ISO 8601, true and false as words.
    Lines end in CR LF (RFC 4180). Only the current row is in memory.
    """
    writer = csv.writer(_Echo(), delimiter=dialect.delimiter, lineterminator="\r\n")
    yield (BOM if bom else "") + writer.writerow([as_cell(name) for name in header])
    for row in rows:
        yield writer.writerow([as_cell(value, mark=dialect.mark) for value in row])


def in_dialect(text, dialect):
    """CSV of PROGRAMS with other delimiters; its cells stay as they are."""
    lines = csv.reader(StringIO(text, newline=""))
    return "".join(rows_as_csv(next(lines), lines, dialect=dialect, bom=False)) if text else ""


def stream_csv(title, header, rows, *, dialect=PROGRAMS, bom=True):
    """A table as the answer to a request, saved as the title and the farm's day.

    The first rows are read at once, so that what goes wrong is still answered as such; the rest
    as they are fetched.
    """
    blocks = (
        "".join(block) for block in in_chunks(rows_as_csv(header, rows, dialect=dialect, bom=bom))
    )
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


def as_cell(value, *, mark="."):
    """A value as the text of a cell that is no formula. With a decimal comma there are never three
    decimals, which might be thousands to whoever reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        text = f"{value:f}"
        if mark == ".":
            return text
        return re.sub(r"\.([0-9]{3})$", r".\g<1>0", text).replace(".", mark)
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
