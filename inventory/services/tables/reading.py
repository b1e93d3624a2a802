"""Reading a CSV table that somebody made: its columns, and its lines one by one.

What is wrong with the whole table (no text, no such columns, too large) refuses it; what is wrong
with one line is that line's own, and the lines after it are read all the same.
"""

import csv
import re
from collections import Counter
from dataclasses import dataclass, field
from difflib import get_close_matches

from tenants.operations.refusals import Invalid
from tenants.operations.text import first_invisible_character, nfc
from tenants.web.csv_export import unescape_formula

LONGEST_BYTES = 5 * 1024 * 1024
MOST_LINES = 10_000
MOST_COLUMNS = 200
LONGEST_RECORD = 100  # lines that one quoted cell may run over
LONGEST_HEADER = 10_000  # characters of it that tell what separates the cells
LONGEST_NAME = 200
SEPARATORS = ";,\t"
SUGGESTED_FROM = 0.6


class UnusableTable(Invalid):
    """A file that is no table at all, or not of these columns."""

    code = "unusable_table"
    title = "This table can't be read"


class TableTooLarge(UnusableTable):
    """More bytes or lines than are read at once."""

    code = "table_too_large"
    status = 413
    title = "This table is too large"


@dataclass
class RawLine:
    """One line: its number in the file (from 1, the header included), its cells by the names of
    the columns (those that are not empty), and what is wrong with it by column ("" for all)."""

    number: int
    cells: dict = field(default_factory=dict)
    problems: dict = field(default_factory=dict)


def read(content, *, columns, needed):
    """The lines of a CSV table as RawLines; empty ones are left out.

    ``content`` is bytes, text or a binary file: UTF-8, separated by ; or , or tabs. ``columns``
    are ``{name: other names it goes by}``; of each tuple in ``needed`` one must be there. Raises
    UnusableTable, TableTooLarge.
    """
    lines, known = _lines(_text(content)), _known(columns)
    records = _records(lines, _separator(lines, known))
    _, header, problem = next(records, (1, [], "The table is empty: its first line is missing."))
    if problem:
        raise UnusableTable(f"The first line names the columns. {problem}")
    names = _columns(header, known, needed)
    return [_line(names, *record) for record in _limited(records)]


# --- The file ----------------------------------------------------------------------------------


def _text(content):
    if hasattr(content, "read"):
        content = content.read(LONGEST_BYTES + 1)
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    if len(content) > LONGEST_BYTES:
        raise TableTooLarge(
            f"At most {LONGEST_BYTES // 1024**2} MB are read at once: split the file.",
            most_bytes=LONGEST_BYTES,
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnusableTable(
            f"This is no UTF-8 text (byte {error.start}): save the sheet as “CSV UTF-8”."
        ) from error


def _lines(text):
    """The lines as they stand in the file."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > MOST_LINES * LONGEST_RECORD:
        raise _too_many_lines()
    return lines


def _separator(lines, known):
    """What separates the cells: as Excel's own first line says (sep=;, which is emptied), else
    what makes most columns known."""
    first = next((place for place, line in enumerate(lines) if line.strip()), 0)
    if said := re.fullmatch(r'"?sep=(.)"?', lines[first].strip()):
        lines[first] = ""
        return said[1] if said[1] in SEPARATORS else ","

    def figures(separator):
        names = [_normal(name) for name in lines[first][:LONGEST_HEADER].split(separator)]
        return sum(name in known for name in names), len(names)

    return max(SEPARATORS, key=figures)


def _records(lines, separator):
    """``(number, cells, problem)`` of each line that is not empty.

    A record begins anew on the line after one that is broken: a quote that nobody closed costs
    its own line, not the rest of the file.
    """
    place = 0
    while place < len(lines):
        if not lines[place].strip():
            place += 1
            continue
        window = (f"{line}\n" for line in lines[place : place + LONGEST_RECORD])
        reader = csv.reader(window, delimiter=separator, strict=True)
        number = place + 1
        try:
            cells, problem = next(reader), ""
            place += reader.line_num
        except csv.Error:
            cells, problem = (
                [],
                "A quote is not closed, or followed by more text; or a cell is too long.",
            )
            place += 1
        if problem or any(cell.strip() for cell in cells):
            yield number, cells, problem


def _limited(records):
    for count, record in enumerate(records):
        if count == MOST_LINES:
            raise _too_many_lines()
        yield record


def _too_many_lines():
    return TableTooLarge(
        f"At most {MOST_LINES:,} lines are read at once: split the file.", most_lines=MOST_LINES
    )


# --- Its columns -------------------------------------------------------------------------------


def _known(columns):
    """Every name that a column goes by: ``{name: column}``."""
    names = {name: name for name in columns}
    return names | {other: name for name, others in columns.items() for other in others}


def _normal(name):
    """``Price (EUR)`` is ``price``."""
    bare = re.sub(r"\(.*?\)|\[.*?\]", "", unescape_formula(name[:LONGEST_NAME].strip().strip('"')))
    return re.sub(r"[\W_]+", "_", bare.casefold()).strip("_")


def _columns(header, known, needed):
    """The columns in their order; None where a column has no name."""
    if len(header) > MOST_COLUMNS:
        raise UnusableTable(f"{len(header)} columns are too many: is it another table?")
    found = [known.get(_normal(name)) for name in header]
    unknown = [
        name.strip()
        for name, column in zip(header, found, strict=True)
        if column is None and name.strip()
    ]
    wrong = [_misspelt(name, known) for name in unknown]
    wrong += [
        f"{name} is there twice." for name, count in Counter(found).items() if name and count > 1
    ]
    missing = [names for names in needed if not set(names) & set(found)]
    wrong += [f"A column {' or '.join(names)} is needed." for names in missing]
    if wrong:
        raise UnusableTable(
            " ".join(wrong),
            errors={"columns": wrong},
            unknown=[shown(name) for name in unknown],
            known=sorted(set(known.values())),
        )
    return found


def _misspelt(name, known):
    close = get_close_matches(_normal(name)[:100], known, n=1, cutoff=SUGGESTED_FROM)
    hint = f"did you mean “{known[close[0]]}”?" if close else "leave it out."
    return f"There is no column “{shown(name)}”: {hint}"


def shown(text):
    """A cell as it may be shown in a sentence."""
    return text if len(text) <= 60 else f"{text[:57]}..."


# --- Its lines ---------------------------------------------------------------------------------


def _line(names, number, cells, problem):
    line = RawLine(number, problems={"": problem} if problem else {})
    named = zip(names, cells, strict=False)
    nameless = [cell for name, cell in named if name is None] + cells[len(names) :]
    if any(cell.strip() for cell in nameless):
        line.problems[""] = (
            f"{len(cells)} cells, {len(names)} columns: is a comma without quotes around it?"
        )
    for name, cell in zip(names, cells, strict=False):
        text = nfc(unescape_formula(" ".join(cell.split())))
        if unseen := first_invisible_character(text):
            line.problems[name or ""] = f"It holds a character that can't be seen ({unseen})."
        elif name and text:
            line.cells[name] = text
    return line
