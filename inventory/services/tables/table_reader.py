"""Reads tables of filaments and of spools: their columns, and the values of each line.

An error of the whole table (no text, no such columns, too large) refuses it; an error of one line
refuses that line alone, with all that is wrong with it.
"""

from datetime import datetime
from decimal import Decimal
from itertools import islice, zip_longest

from django.utils.translation import gettext as _

from inventory.services.tables import archives, headings, neighbours, text_files, workbooks
from inventory.services.tables.cells import clean, has_decimal_commas, shorten
from inventory.services.tables.columns import FILAMENT_COLUMNS, SPOOL_COLUMNS
from inventory.services.tables.headings import Names, normal
from inventory.services.tables.refusals import TableTooLarge, UnusableTable
from inventory.services.tables.report import FILAMENTS, PROBLEM, SPOOLS, ReadTable, Row
from inventory.services.tables.text_files import MAX_LINES
from inventory.services.tables.units import MASS, ONE, Units
from inventory.services.tables.workbooks import BrokenCell, ExactNumber
from tenants.accounts.models import FarmSettings
from tenants.web.csv_export import unescape_formula

MAX_BYTES = 5 * 1024 * 1024
DOUBTFUL_GRAMS = 10  # no column of grams has less in all of its cells; one of kilograms may


def read_filaments(content):
    """The ReadTable of filaments in a file. Raises UnusableTable, TableTooLarge."""
    return _read(FILAMENTS, content, FILAMENT_COLUMNS, needed=(("name",), ("material",)))


def read_spools(content):
    """The ReadTable of spools in a file. Raises UnusableTable, TableTooLarge."""
    return _read(SPOOLS, content, SPOOL_COLUMNS, needed=(("external_id", "name"),))


def _read(what, content, columns, *, needed):
    """``content`` is a text or a workbook, as bytes, text or a binary file, of at most 5 MB and
    10,000 lines, of which the first names the columns; empty lines are left out. Of each tuple in
    ``needed`` one column must be there."""
    settings = FarmSettings.load()
    units = Units(settings.currency)
    names = Names(columns, units)
    content = _bytes(content)
    kind = workbooks if archives.is_workbook(content) else text_files
    lines = kind.read(content, names.is_known)
    records = iter(lines.records)
    empty = _("The table is empty: its first line is missing.")
    _number, header, problem = next(records, (1, [], empty))
    if problem:
        message = _("The first line names the columns. %(problem)s")
        raise UnusableTable(message % {"problem": problem})
    neighbour = neighbours.of(what, header)
    found = headings.read(header, names, needed=needed, neighbour=neighbour)
    rows = [_row(found, *record) for record in islice(records, MAX_LINES)]
    if next(records, None):
        raise text_files.too_many_lines()
    if neighbour:
        _complete(rows, neighbour)
    _Values(columns, found, units, settings).read(rows)
    notes = [*lines.notes, str(neighbour.note)] if neighbour and neighbour.note else lines.notes
    return ReadTable(rows, notes, neighbour.name if neighbour else "", _left_aside(found, rows))


def _bytes(content):
    if hasattr(content, "read"):
        content = content.read(MAX_BYTES + 1)
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    if len(content) > MAX_BYTES:
        message = _("At most %(most)s MB are read at once: split the file.")
        raise TableTooLarge(message % {"most": MAX_BYTES // 1024**2}, most_bytes=MAX_BYTES)
    return content


def _row(found, number, cells, problem):
    """The Row of a line, whose values are still texts."""
    row = Row(number, header=tuple(heading.text for heading in found), cells=tuple(cells))
    if problem:
        row.refuse("", problem)
        return row
    for heading, cell in zip_longest(found, cells, fillvalue=None):
        name = heading and heading.column
        if name == PROBLEM or not (cell and cell.strip()) or (heading and heading.is_left_aside):
            continue
        if not name:
            message = _(
                "%(cells)s cells, %(columns)s columns: is a comma without quotes around it?"
            )
            row.refuse("", message % {"cells": len(cells), "columns": len(found)})
            continue
        if isinstance(cell, BrokenCell):
            row.refuse(name, cell.problem)
            continue
        with row.refusing(name):
            row.values[name] = _text(cell)
    return row


def _text(cell):
    is_exact = isinstance(cell, ExactNumber)
    return cell if is_exact else clean(unescape_formula(" ".join(cell.split())))


def _complete(rows, neighbour):
    """What a neighbour's export says in other ways than ours."""
    for row in rows:
        theirs = dict(zip(map(normal, row.header), map(str.strip, row.cells), strict=False))
        for name, text in neighbour.complete(theirs).items() if row.is_ok else ():
            with row.refusing(name):
                if text := _text(text):
                    row.values[name] = text


def _left_aside(found, rows):
    """The headers of columns that are not imported though there is something in them."""
    places = [place for place, heading in enumerate(found) if heading.is_left_aside]
    return [
        found[place].text
        for place in places
        if any(row.cells[place].strip() for row in rows if place < len(row.cells))
    ]


class _Values:
    """Replaces the texts of rows by their values; what has none is refused."""

    def __init__(self, columns, found, units, settings):
        self._columns, self._units, self._settings = columns, units, settings
        self._factors = {each.column: each.factor for each in found if each.column}

    def read(self, rows):
        numbers = {row: self._numbers(row) for row in rows}
        found = (number for each in numbers.values() for number, _factor in each.values())
        texts = (number for number in found if isinstance(number, str))
        has_commas = has_decimal_commas(texts)
        for row in rows:
            found, row.values = row.values, {}
            for name, text in found.items():
                with row.refusing(name):
                    number, factor = numbers[row].get(name, (text, ONE))
                    options = {"has_decimal_commas": has_commas, "factor": factor or ONE}
                    row.values[name] = self._value(self._columns[name], number, options)
        self._require_grams(rows, numbers)

    def _numbers(self, row):
        """``{column: (number, factor)}`` of the texts of a row; a factor is None where neither the
        cell nor its column names a unit. What is in an unknown unit is refused."""
        numbers = {}
        for name, text in list(row.values.items()):
            dimension = self._columns[name].dimension
            if not self._columns[name].is_number:
                continue
            if isinstance(text, ExactNumber):
                numbers[name] = Decimal(text), self._factors.get(name)
                continue
            number, factor, unknown = self._units.split(dimension, text)
            numbers[name] = number, factor or self._factors.get(name)
            if unknown:
                message = _("“%(value)s”: “%(unit)s” is not understood; %(units)s can be.")
                names = {"value": shorten(text), "unit": shorten(unknown)}
                names["units"] = self._units.understood(dimension)
                row.refuse(name, message % names)
                del row.values[name]
        return numbers

    def _value(self, cell, text, options):
        value = cell.read(text, **options)
        if cell.is_moment and isinstance(value, datetime):
            return self._settings.local_date(value)
        return value

    def _require_grams(self, rows, numbers):
        """Ask about a column without a unit that looks as if it was in kilograms."""
        doubtful = []
        for name, cell in self._columns.items():
            if cell.dimension != MASS or name not in self._factors:
                continue
            bare = [
                row.values[name]
                for row in rows
                if name in row.values and numbers[row][name][1] is None
            ]
            if bare and 0 < max(bare) <= DOUBTFUL_GRAMS:
                message = _(
                    "No %(name)s is above %(most)s: are these grams or kilograms? Name the column "
                    "“%(name)s (g)” or “%(name)s (kg)”."
                )
                doubtful.append(message % {"name": name, "most": f"{max(bare).normalize():f}"})
        if doubtful:
            raise UnusableTable(" ".join(doubtful), errors={"columns": doubtful})
