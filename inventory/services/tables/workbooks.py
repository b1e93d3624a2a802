"""Reads the lines of a workbook (XLSX) as cells, as `text_files` does those of a text.

Rows and columns are cut here, whatever the file says of them; what it holds is looked at in
`archives` before it is opened. XML has no entities: openpyxl uses defusedxml.
"""

from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from itertools import chain, repeat

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from inventory.services.tables import archives
from inventory.services.tables.refusals import UnusableTable
from inventory.services.tables.text_files import LinesOfFile

MAX_ROWS = 1_048_576  # of the format
MAX_COLUMNS = 201  # one more than a table may have
MAX_SHEETS = 20  # that are looked into
MAX_TITLE = 50
DIGITS = 15  # that a spreadsheet keeps of a number
ERRORS = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"}


class ExactNumber(str):
    """A number as a program wrote it, with a decimal point."""


class BrokenCell(str):
    """A cell without a value; ``problem`` says why."""

    problem = ""


def read(content, is_known):
    """The LinesOfFile of the sheet with the most columns whose names are known (``is_known``).
    Raises UnusableTable, TableTooLarge."""
    has_formulas = archives.require_safe(content)
    sheets = _sheets(content, data_only=True)
    if not sheets:
        raise UnusableTable(_("The workbook has no sheet that can be seen."))
    known = [sum(map(is_known, _header(sheet))) for sheet in sheets[:MAX_SHEETS]]
    place = known.index(max(known))
    others = [each.title[:MAX_TITLE] for each in sheets if each is not sheets[place]]
    notes = []
    if others:
        message = _("Read from the sheet “%(name)s”; not from %(others)s.")
        names = {"name": sheets[place].title[:MAX_TITLE], "others": ", ".join(others[:MAX_SHEETS])}
        notes = [message % names]
    formulas = _sheets(content, data_only=False)[place] if has_formulas else None
    return LinesOfFile(_records(sheets[place], formulas), notes)


def _sheets(content, *, data_only):
    """The sheets that can be seen; with their formulas, unless ``data_only``."""
    with archives.reading():
        options = {"read_only": True, "keep_links": False}
        book = load_workbook(BytesIO(content), data_only=data_only, **options)
        return [each for each in book.worksheets if each.sheet_state == "visible"]


def _rows(sheet):
    """The values of all rows, at most MAX_COLUMNS of each; missing rows are one and the same."""
    with archives.reading():
        yield from sheet.iter_rows(max_row=MAX_ROWS, max_col=MAX_COLUMNS, values_only=True)


def _header(sheet):
    rows = (row for row in _rows(sheet) if _has_any(row))
    return [each for each in next(rows, ()) if isinstance(each, str)]


def _has_any(row):
    return row.count(None) < len(row)


def _records(sheet, formulas):
    """``(number, cells, problem)`` of each row that is not empty."""
    empty = None
    beside = repeat(None) if formulas is None else chain(_rows(formulas), repeat(None))
    for number, (row, formulas_of_row) in enumerate(zip(_rows(sheet), beside, strict=False), 1):
        if row is empty:
            continue
        if not _has_any(row) and not (formulas_of_row and _has_any(formulas_of_row)):
            empty = row
            continue
        cells = [
            _cell(number, place, value, formulas_of_row and formulas_of_row[place])
            for place, value in enumerate(row)
        ]
        while cells and not cells[-1].strip():
            cells.pop()
        if cells:
            yield number, cells, ""


def _cell(number, place, value, formula):
    """A value as the text of a cell."""
    if value is None and formula is not None:
        return _broken(number, place, formula)
    if value in ERRORS:
        return _broken(number, place, value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return ExactNumber(f"{Decimal(format(value, f'.{DIGITS}g')):f}")
    if isinstance(value, datetime):
        is_day = (value.hour, value.minute, value.second) == (0, 0, 0)
        return f"{value:%Y-%m-%d}" if is_day else f"{value:%Y-%m-%d %H:%M:%S}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _broken(number, place, content):
    cell = BrokenCell(content)
    names = {"cell": f"{get_column_letter(place + 1)}{number}", "content": str(content)[:60]}
    message = _("Cell %(cell)s has a formula without a value: open the file, and save it again.")
    if content in ERRORS:
        message = _("Cell %(cell)s has the error %(content)s in place of a value.")
    cell.problem = message % names
    return cell
