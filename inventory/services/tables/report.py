"""The result of an import, by row and in total."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import Model
from django.utils.translation import gettext as _

from tenants.operations.operation import in_dry_run, source
from tenants.operations.refusals import Refusal
from tenants.web.csv_export import rows_as_csv

CREATED, FILLED_IN, UPDATED = "created", "filled_in", "updated"
UNCHANGED, REFUSED = "unchanged", "refused"
OUTCOMES = (CREATED, FILLED_IN, UPDATED, UNCHANGED, REFUSED)
FILAMENTS, SPOOLS, CATALOGUE = "filaments", "spools", "catalogue"  # the last one: of filaments
PROBLEM = "problem"  # a column of refused lines, which is not read
CREATABLE = ("filaments", "manufacturers", "material_types", "locations")
BATCH = 1000  # rows that are written at once


@dataclass(eq=False)
class Row:
    """A line of a table, or an entry of a catalogue.

    ``number`` is its place (in a table the line of the file, the header included; in a catalogue
    that of the entry), ``external_id`` the id as a catalogue has it, for messages. ``values`` are
    by column, ``problems`` sentences by column ("" for the whole row). An importer sets the
    rest: ``outcome``, a sentence (``detail``), the model ``instances`` (several, where a line is
    several spools), and ``changes`` of one that was there before, ``{field: [before, after]}``. Of
    a table, ``header`` and ``cells`` are texts as they were read.
    """

    number: int
    values: dict = field(default_factory=dict)
    problems: dict = field(default_factory=dict)
    external_id: str = ""
    header: tuple = ()
    cells: tuple = ()
    outcome: str = CREATED
    detail: str = ""
    instances: list[Model] = field(default_factory=list)
    changes: dict = field(default_factory=dict)

    @property
    def instance(self):
        """The first one, or None."""
        return self.instances[0] if self.instances else None

    @property
    def is_ok(self):
        return not self.problems

    @property
    def problem(self):
        """All that is wrong with it, in a sentence for each column."""
        return " ".join(
            f"{column}: {detail}" if column else detail for column, detail in self.problems.items()
        )

    def refuse(self, column, detail):
        self.problems[column], self.outcome = detail, REFUSED

    def refuse_too(self, problems):
        """Refuse it for these problems, of columns that have none yet."""
        for column, detail in problems.items():
            if column not in self.problems:
                self.refuse(column, detail)

    @contextmanager
    def refusing(self, column=""):
        """A Refusal in the block is this row's own, of the columns it names or of ``column``."""
        try:
            yield
        except Refusal as refusal:
            for name in refusal.errors or [column]:
                self.refuse(name, refusal.detail)

    def copy(self):
        copy = Row(
            self.number,
            dict(self.values),
            external_id=self.external_id,
            header=self.header,
            cells=self.cells,
        )
        for column, detail in self.problems.items():
            copy.refuse(column, detail)
        return copy


class Defaults(NamedTuple):
    """What a table of spools does not say, in grams."""

    default_net_grams: Decimal | None = None
    default_tare_grams: Decimal | None = None


@dataclass
class ReadTable:
    """The rows of a file; ``notes`` are sentences about how it was read. ``neighbour`` is the
    program that has written it, if it is known, and ``left_aside`` are columns that hold something
    that is not imported."""

    rows: list
    notes: list = field(default_factory=list)
    neighbour: str = ""
    left_aside: list = field(default_factory=list)

    def __iter__(self):
        return iter(self.rows)

    def __len__(self):
        return len(self.rows)


class ImportReport:
    """What an import did, or with ``dry_run`` would do, with a copy of each row."""

    def __init__(self, kind, table, *, dry_run):
        self.kind, self.dry_run, self.notes = kind, dry_run, table.notes
        self.neighbour, self.left_aside = table.neighbour, table.left_aside
        self.rows = [row.copy() for row in table]  # an operation that is tried again starts anew
        self.manufacturers, self.material_types = [], []
        self.missing = {kind: [] for kind in CREATABLE}  # names that were not there before
        self.create_missing = []  # those of CREATABLE that are made
        self.faults = {}  # {line: problems} of those for which nothing is made
        self.defaults, self.lacking = Defaults(), set()  # the latter: what refused lines lack
        self.receipt = None  # the first entry of what was received, to undo it by

    def count(self, outcome):
        return sum(row.outcome == outcome for row in self.rows)

    @property
    def good(self):
        return [row for row in self.rows if row.is_ok]

    @property
    def refused(self):
        return [row for row in self.rows if not row.is_ok]

    @property
    def refused_table(self):
        """The refused lines of a table as CSV, with what is wrong of each, to be mended and
        imported; "" without any."""
        rows = [row for row in self.refused if row.header]
        if not rows:
            return ""
        lines = [(row.problem, *row.cells) for row in rows]
        header = rows[0].header
        if header[0].casefold() == PROBLEM:  # of an earlier import
            lines, header = [(line[0], *line[2:]) for line in lines], header[1:]
        return "".join(rows_as_csv((PROBLEM, *header), lines, bom=False))

    def counts(self):
        return {f"{outcome}_count": self.count(outcome) for outcome in OUTCOMES}

    def as_dict(self):
        """The report as plain values; a created row has its id, and a spool the code for its
        label, unless it was a dry run."""
        return {
            "kind": self.kind,
            "dry_run": self.dry_run,
            **self.counts(),
            "manufacturers": self.manufacturers,
            "material_types": self.material_types,
            "receipt": None if self.dry_run else self.receipt,
            "neighbour": self.neighbour,
            "left_aside": self.left_aside,
            "notes": self.notes,
            "missing": self.missing,
            "create_missing": self.create_missing,
            "lacking": sorted(self.lacking),
            "refused_table": self.refused_table,
            "lines": [self._row_as_dict(row) for row in self.rows],
        }

    def as_catalogue_dict(self):
        """The same, of the entries of a catalogue."""
        refused = [
            {"position": row.number, "external_id": row.external_id, "problem": row.problem}
            for row in self.refused
        ]
        counts = {name: count for name, count in self.counts().items() if name != "refused_count"}
        return {
            "dry_run": self.dry_run,
            **counts,
            "manufacturers": self.manufacturers,
            "material_types": self.material_types,
            "refused": refused,
        }

    def _row_as_dict(self, row):
        instances = row.instances if row.is_ok and not self.dry_run else []
        return {
            "line": row.number,
            "status": "ok" if row.is_ok else "refused",
            "outcome": row.outcome,
            "detail": row.detail if row.is_ok else row.problem,
            "problems": row.problems,
            "id": instances[0].pk if instances else None,
            "code": getattr(instances[0], "code", None) if instances else None,
            "ids": [each.pk for each in instances],
        }

    def __str__(self):
        return summary(self.counts(), self.manufacturers, self.material_types)


def summary(counts, manufacturers, material_types):
    """The report in a sentence, from these values of ``as_dict``."""
    sentence = _(
        "%(created_count)s created, %(filled_in_count)s filled in, "
        "%(unchanged_count)s unchanged, %(refused_count)s refused"
    )
    if counts["updated_count"]:
        sentence = _(
            "%(created_count)s created, %(updated_count)s updated, "
            "%(unchanged_count)s unchanged, %(refused_count)s refused"
        )
    if manufacturers or material_types:
        sentence = _(
            "%(created_count)s created, %(filled_in_count)s filled in, "
            "%(unchanged_count)s unchanged, %(refused_count)s refused; "
            "new manufacturers: %(manufacturers)s, new material types: %(material_types)s"
        )
    news = {"manufacturers": len(manufacturers), "material_types": len(material_types)}
    return sentence % (counts | news)


def run_import(verb, rows, *, dry_run, **options):
    """Call an import's verb as of the source "import"; a dry run takes it back."""
    token = source.set("import")
    try:
        if dry_run:
            return in_dry_run(lambda: verb(rows, dry_run=True, **options))
        return verb(rows, dry_run=False, **options)
    finally:
        source.reset(token)


def lock_imports(kind):
    """Until the transaction ends: two imports at once would make the same rows twice."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext(%s), hashtext(current_schema()))",
            [f"{kind}.import"],
        )
