"""Reads the columns and lines of a CSV table.

An error of the whole table (no text, no such columns, too large) refuses it; an error of one line
refuses that line alone.
"""

import csv
import re
from collections import Counter
from difflib import get_close_matches
from itertools import islice, zip_longest

from django.utils.translation import gettext as _

from inventory.services.tables.cells import clean, has_decimal_commas, shorten
from inventory.services.tables.columns import FILAMENT_COLUMNS, SPOOL_COLUMNS
from inventory.services.tables.report import PROBLEM, Row
from tenants.operations.refusals import Invalid
from tenants.web.csv_export import unescape_formula

MAX_BYTES = 5 * 1024 * 1024
MAX_LINES = 10_000
MAX_COLUMNS = 200
MAX_RECORD_LINES = 100  # lines that one quoted cell may run over
MAX_HEADER_LENGTH = 10_000  # characters of it that tell what separates the cells
MAX_NAME_LENGTH = 200
SEPARATORS = ";,\t"
SUGGESTED_FROM = 0.6


class UnusableTable(Invalid):
    code = "unusable_table"
    title = "This table can't be read"


class TableTooLarge(UnusableTable):
    code = "table_too_large"
    status = 413
    title = "This table is too large"


def read_filaments(content):
    """The rows of a table of filaments. Raises UnusableTable, TableTooLarge."""
    return _read(content, FILAMENT_COLUMNS, needed=(("name",), ("material",)))


def read_spools(content):
    """The rows of a table of spools. Raises UnusableTable, TableTooLarge."""
    return _read(content, SPOOL_COLUMNS, needed=(("external_id", "name"),))


def _read(content, columns, *, needed):
    """The lines of a CSV table as Rows; empty ones are left out.

    ``content`` is bytes, text or a binary file: UTF-8, separated by ; or , or tabs, at most 5 MB
    and 10,000 lines, of which the first names the columns. Of each tuple in ``needed`` one column
    must be there.
    """
    known = {name: name for name in columns}
    known |= {other: name for name, cell in columns.items() for other in cell.others}
    known[PROBLEM] = PROBLEM
    lines = _text(content).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > MAX_LINES * MAX_RECORD_LINES:
        raise _too_many_lines()
    records = _records(lines, _separator(lines, known))
    empty = _("The table is empty: its first line is missing.")
    _number, header, problem = next(records, (1, [], empty))
    if problem:
        raise UnusableTable(
            _("The first line names the columns. %(problem)s") % {"problem": problem}
        )
    names = _columns(header, known, needed)
    rows = [_row(names, *record) for record in islice(records, MAX_LINES)]
    for row in rows:
        row.header = tuple(map(_normal, header))
    if next(records, None):
        raise _too_many_lines()
    _read_cells(rows, columns)
    return rows


# --- The file ----------------------------------------------------------------------------------


def _text(content):
    if hasattr(content, "read"):
        content = content.read(MAX_BYTES + 1)
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    if len(content) > MAX_BYTES:
        raise TableTooLarge(
            _("At most %(most)s MB are read at once: split the file.")
            % {"most": MAX_BYTES // 1024**2},
            most_bytes=MAX_BYTES,
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnusableTable(
            _("This is no UTF-8 text (byte %(place)s): save the sheet as “CSV UTF-8”.")
            % {"place": error.start}
        ) from error


def _separator(lines, known):
    """What separates the cells: by Excel's own first line (sep=;, which is emptied), else what
    makes most columns known."""
    first = next((place for place, line in enumerate(lines) if line.strip()), 0)
    if found := re.fullmatch(r'"?sep=(.)"?', lines[first].strip()):
        lines[first] = ""
        return found[1] if found[1] in SEPARATORS else ","

    def figures(separator):
        names = [_normal(name) for name in lines[first][:MAX_HEADER_LENGTH].split(separator)]
        return sum(name in known for name in names), len(names)

    return max(SEPARATORS, key=figures)


def _records(lines, separator):
    """``(number, cells, problem)`` of each line that is not empty.

    A new record begins on the line after a broken one: a quote that is not closed costs its own
    line, not the rest of the file.
    """
    place = 0
    while place < len(lines):
        if not lines[place].strip():
            place += 1
            continue
        window = (f"{line}\n" for line in lines[place : place + MAX_RECORD_LINES])
        reader = csv.reader(window, delimiter=separator, strict=True)
        number = place + 1
        try:
            cells, problem = next(reader), ""
            place += reader.line_num
        except csv.Error:
            cells = [lines[place]]
            problem = _("A quote is not closed, or followed by more text; or a cell is too long.")
            place += 1
        if problem or any(cell.strip() for cell in cells):
            yield number, cells, problem


def _too_many_lines():
    return TableTooLarge(
        _("At most %(most)s lines are read at once: split the file.") % {"most": f"{MAX_LINES:,}"},
        most_lines=MAX_LINES,
    )


# --- Its columns -------------------------------------------------------------------------------


def _normal(name):
    """``Price (EUR)`` is ``price``."""
    bare = re.sub(
        r"\(.*?\)|\[.*?\]", "", unescape_formula(name[:MAX_NAME_LENGTH].strip().strip('"'))
    )
    return re.sub(r"[\W_]+", "_", bare.casefold()).strip("_")


def _columns(header, known, needed):
    """The columns in their order; None where a column has no name."""
    if len(header) > MAX_COLUMNS:
        message = _("%(count)s columns are too many: is it another table?")
        raise UnusableTable(message % {"count": len(header)})
    found = [known.get(_normal(name)) for name in header]
    headings = zip(map(str.strip, header), found, strict=True)
    unknown = [name for name, column in headings if name and column is None]
    twice = [name for name, count in Counter(found).items() if name and count > 1]
    missing = [_(" or ").join(names) for names in needed if not set(names) & set(found)]
    wrong = [_misspelt(name, known) for name in unknown]
    wrong += [_("%(name)s is there twice.") % {"name": name} for name in twice]
    wrong += [_("A column %(names)s is needed.") % {"names": names} for names in missing]
    if wrong:
        raise UnusableTable(
            " ".join(wrong),
            errors={"columns": wrong},
            unknown=[shorten(name) for name in unknown],
            known=sorted(set(known.values())),
        )
    return found


def _misspelt(name, known):
    if close := get_close_matches(_normal(name)[:100], known, n=1, cutoff=SUGGESTED_FROM):
        message = _("There is no column “%(name)s”: did you mean “%(known)s”?")
        return message % {"name": shorten(name), "known": known[close[0]]}
    return _("There is no column “%(name)s”: leave it out.") % {"name": shorten(name)}


# --- Its lines ---------------------------------------------------------------------------------


def _row(names, number, cells, problem):
    """The Row of a line, whose values are still texts."""
    row = Row(number, cells=tuple(cells))
    if problem:
        row.refuse("", problem)
        return row
    named = zip_longest(names, cells, fillvalue="")
    if any(cell.strip() and not name for name, cell in named):
        message = _("%(cells)s cells, %(columns)s columns: is a comma without quotes around it?")
        row.refuse("", message % {"cells": len(cells), "columns": len(names)})
    for name, cell in zip(names, cells, strict=False):
        with row.refusing(name or ""):
            text = clean(unescape_formula(" ".join(cell.split())))
            if name and text and name != PROBLEM:
                row.values[name] = text
    return row


def _read_cells(rows, columns):
    """Replace the texts of the rows by their values; what has none is refused."""
    numbers = [name for name, cell in columns.items() if cell.is_number]
    has_commas = has_decimal_commas(
        row.values[name] for row in rows for name in numbers if name in row.values
    )
    for row in rows:
        texts, row.values = row.values, {}
        for name, text in texts.items():
            with row.refusing(name):
                row.values[name] = columns[name].read(text, has_decimal_commas=has_commas)
