"""What becomes of each line of an imported table, and of all of them."""

from contextlib import contextmanager
from dataclasses import dataclass, field

from inventory.services.tables.cells import has_decimal_commas
from inventory.services.tables.imports import CREATED, FILLED_IN, REFUSED, UNCHANGED
from tenants.operations.refusals import Refusal


class Line:
    """A line of a table: its number in the file (from 1, the header included), what its cells
    hold by column, what it becomes (``said``, a sentence; ``subject``, the row), or why not
    (``problems``, sentences by column; "" for the whole line). ``changes`` are those of a row
    that was there before."""

    def __init__(self, number):
        self.number, self.outcome, self.said, self.subject = number, CREATED, "", None
        self.values, self.problems, self.changes = {}, {}, {}

    @property
    def is_ok(self):
        return not self.problems

    def refuse(self, column, detail):
        self.problems[column], self.outcome = detail, REFUSED

    @contextmanager
    def refusing(self):
        """A Refusal in the block is this line's own."""
        try:
            yield
        except Refusal as refusal:
            for column in refusal.errors or [""]:
                self.refuse(column, refusal.detail)

    def why(self):
        """All that is wrong with it, in a sentence for each column."""
        return " ".join(
            f"{column}: {detail}" if column else detail for column, detail in self.problems.items()
        )


@dataclass
class TableReport:
    """What an import did, or with ``dry_run`` would do; one Line a line of the file."""

    kind: str
    dry_run: bool
    lines: list = field(default_factory=list)
    manufacturers: list = field(default_factory=list)
    material_types: list = field(default_factory=list)

    def count(self, outcome):
        """Lines of that outcome: created, filled_in, unchanged or refused."""
        return sum(line.outcome == outcome for line in self.lines)

    @property
    def refused(self):
        return [line for line in self.lines if not line.is_ok]

    def as_dict(self):
        """The report as plain values; a created line names the row by its id, and a spool by the
        code for its label, unless it was a dry run."""
        outcomes = (CREATED, FILLED_IN, UNCHANGED, REFUSED)
        return {
            "kind": self.kind,
            "dry_run": self.dry_run,
            **{f"{outcome}_count": self.count(outcome) for outcome in outcomes},
            "manufacturers": self.manufacturers,
            "material_types": self.material_types,
            "lines": [self._told(line) for line in self.lines],
        }

    def __str__(self):
        return (
            f"{self.count(CREATED)} created, {self.count(FILLED_IN)} filled in, "
            f"{self.count(UNCHANGED)} unchanged, {self.count(REFUSED)} refused"
        )

    def _told(self, line):
        is_there = line.is_ok and line.subject is not None and not self.dry_run
        return {
            "line": line.number,
            "status": "ok" if line.is_ok else "refused",
            "outcome": line.outcome,
            "detail": line.said if line.is_ok else line.why(),
            "problems": line.problems,
            "id": line.subject.pk if is_there else None,
            "code": getattr(line.subject, "code", None) if is_there else None,
        }


def parsed(raw_lines, columns):
    """RawLines as Lines, their cells read by ``columns``, ``{name: Cell}``."""
    numbers = [name for name, cell in columns.items() if cell.is_number]
    commas = has_decimal_commas(
        raw.cells[name] for raw in raw_lines for name in numbers if name in raw.cells
    )
    return [_parsed(raw, columns, commas) for raw in raw_lines]


def _parsed(raw, columns, commas):
    line = Line(raw.number)
    for column, detail in raw.problems.items():
        line.refuse(column, detail)
    for name, cell in raw.cells.items():
        try:
            line.values[name] = columns[name].read(cell, has_decimal_commas=commas)
        except Refusal as refusal:
            line.refuse(name, refusal.detail)
    return line
