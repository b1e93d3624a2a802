"""Reads the lines of a text file as cells: CSV in the encodings and dialects that it comes in."""

import codecs
import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from inventory.services.tables.refusals import TableTooLarge, UnusableTable

MAX_LINES = 10_000
MAX_RECORD_LINES = 100  # lines that one quoted cell may run over
MAX_HEADER_LENGTH = 10_000  # characters of it that tell what separates the cells
SEPARATORS = ";,\t|"
WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
SAMPLE = 200  # bytes that tell UTF-16 without a mark
CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass
class LinesOfFile:
    """Lines of a file: ``(number, cells, problem)`` of each that is not empty; the first one
    names the columns. ``notes`` are sentences about how it was read."""

    records: Iterable
    notes: list


def read(content, is_known):
    """The LinesOfFile of a text file (bytes); ``is_known(name)`` says which names of columns tell
    what separates the cells. Raises UnusableTable, TableTooLarge."""
    text, notes = _decoded(content)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > MAX_LINES * MAX_RECORD_LINES:
        raise too_many_lines()
    return LinesOfFile(_records(lines, _separator(lines, is_known)), notes)


def too_many_lines():
    message = _("At most %(most)s lines are read at once: split the file.")
    return TableTooLarge(message % {"most": f"{MAX_LINES:,}"}, most_lines=MAX_LINES)


def _decoded(content):
    """Its text, and what is to be looked at because of how it was read."""
    encoding = _encoding(content)
    try:
        return content.decode(encoding).removeprefix("\ufeff"), []
    except UnicodeDecodeError as error:
        western = _western(content) if encoding == "utf-8" else None
        if western is None:
            raise UnusableTable(
                _("This is no text (byte %(place)s): save the sheet as “CSV UTF-8”.")
                % {"place": error.start}
            ) from error
    note = _("Not UTF-8, so read as Windows-1252: look whether letters such as ü or é are right.")
    return western, [note]


def _encoding(content):
    """By its mark, or by every other byte that is 0."""
    if found := WIDE.get(content[:2]):
        return found
    sample = content[:SAMPLE]
    high, low = sample[::2].count(0), sample[1::2].count(0)
    if max(high, low) * 4 > len(sample):
        return "utf-16-be" if high > low else "utf-16-le"
    return "utf-8"


def _western(content):
    """None where it can be no text of a Western Windows."""
    try:
        return None if CONTROL.search(content) else content.decode("cp1252")
    except UnicodeDecodeError:
        return None


def _separator(lines, is_known):
    """What separates the cells: by Excel's own first line (sep=;, which is emptied), else what
    makes most columns known."""
    first = next((place for place, line in enumerate(lines) if line.strip()), 0)
    if found := re.fullmatch(r'"?sep=(.)"?', lines[first].strip()):
        lines[first] = ""
        return found[1] if found[1] in SEPARATORS else ","

    def figures(separator):
        names = lines[first][:MAX_HEADER_LENGTH].split(separator)
        return sum(map(is_known, names)), len(names)

    return max(SEPARATORS, key=figures)


def _records(lines, separator):
    """A new record begins on the line after a broken one: a quote that is not closed costs its own
    line, not the rest of the file."""
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
