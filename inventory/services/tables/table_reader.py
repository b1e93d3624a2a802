"""Reads tables of filaments, spools and what other apps register: their columns, and the values of
each line.

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
from inventory.services.tables.units import MASS, ONE, WEIGHTS, Units
from inventory.services.tables.workbooks import BrokenCell, ExactNumber
from tenants.accounts.models import FarmSettings
from tenants.web.csv_export import unescape_formula

MAX_BYTES = 5 * 1024 * 1024
SAMPLES = 3  # lines that show what is in a column
COLUMNS = {FILAMENTS: FILAMENT_COLUMNS, SPOOLS: SPOOL_COLUMNS}  # and of kinds of other apps
# By kind: of each tuple one column must be there.
NEEDED = {FILAMENTS: (("name",), ("material",)), SPOOLS: (("external_id", "name"),)}
DOUBTFUL_GRAMS = 10  # no column of grams has less in all of its cells; one of kilograms may


def read_filaments(content, *, chosen=None):
    """The ReadTable of filaments in a file; ``chosen`` are headings by header, as `choices` has
    them. Raises UnusableTable, TableTooLarge."""
    return read(FILAMENTS, content, chosen=chosen)


def read_spools(content, *, chosen=None):
    """The ReadTable of spools in a file. Raises UnusableTable, TableTooLarge."""
    return read(SPOOLS, content, chosen=chosen)


def read(what, content, *, chosen=None):
    """The ReadTable of any kind of table in a file."""
    return _OpenTable(what, content, chosen).read(needed=NEEDED[what])


def columns_of(what, content, *, chosen=None):
    """The columns of a file of this kind that have a name, as they are understood, and
    what is in them, as dicts. What is ``chosen`` may be a function of the header. Raises
    UnusableTable, TableTooLarge."""
    table = _OpenTable(what, content, chosen)
    lines = [cells for _number, cells, problem in islice(table.records, SAMPLES) if not problem]
    return [
        {
            "header": heading.text,
            "name": normal(heading.text),
            "heading": table.names.written(heading),
            "is_chosen": normal(heading.text) in table.chosen,
            "samples": [cells[place] for cells in lines if place < len(cells) and cells[place]],
        }
        for place, heading in enumerate(table.understood())
        if heading.text and heading.column != PROBLEM
    ]


def headings_of(what):
    """All that a column of a kind of table may be, weights in each unit."""
    columns = COLUMNS[what]
    weights = {name for name, cell in columns.items() if cell.dimension == MASS}
    return [
        heading
        for name in columns
        for heading in ([f"{name} ({unit})" for unit in WEIGHTS] if name in weights else [name])
    ]


class _OpenTable:
    """The lines of a file, of which the first one was read.

    ``content`` is a text or a workbook, as bytes, text or a binary file, of at most 5 MB and
    10,000 lines, of which the first names the columns; empty lines are left out.
    """

    def __init__(self, what, content, chosen):
        self._columns = COLUMNS[what]
        self._settings = FarmSettings.load()
        self._units = Units(self._settings.currency)
        self.names = Names(self._columns, self._units)
        content = _bytes(content)
        kind = workbooks if archives.is_workbook(content) else text_files
        lines = kind.read(content, self.names.is_known)
        self.records, self._notes = iter(lines.records), lines.notes
        empty = _("The table is empty: its first line is missing.")
        _number, self._header, problem = next(self.records, (1, [], empty))
        if problem:
            message = _("The first line names the columns. %(problem)s")
            raise UnusableTable(message % {"problem": problem})
        self.chosen = chosen(self._header) if callable(chosen) else chosen or {}
        self._neighbour = neighbours.of(what, self._header)

    def understood(self):
        options = {"neighbour": self._neighbour, "chosen": self.chosen}
        return headings.understood(self._header, self.names, **options)

    def read(self, *, needed):
        """The ReadTable; of each tuple in ``needed`` one column must be there."""
        neighbour, notes = self._neighbour, self._notes
        options = {"neighbour": neighbour, "chosen": self.chosen}
        found = headings.read(self._header, self.names, needed=needed, **options)
        rows = [_row(found, *record) for record in islice(self.records, MAX_LINES)]
        if next(self.records, None):
            raise text_files.too_many_lines()
        if neighbour:
            _complete(rows, neighbour)
        _Values(self._columns, found, self._units, self._settings).read(rows)
        notes = [*notes, str(neighbour.note)] if neighbour and neighbour.note else notes
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
