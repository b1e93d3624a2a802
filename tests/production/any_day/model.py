"""A farm in plain Python: dicts, lists and Decimals, no database, no locks, no service.

It predicts what every verb does, or the name of its refusal. A verb may
raise `Refused` half way through: the caller has a copy (see `Farm.attempt`).
"""

import pickle
from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal(0)
OPEN = ("planned", "in_progress")


class Refused(Exception):
    """The verb is not carried out; ``args[0]`` is the name of the refusal."""


@dataclass(frozen=True)
class Filament:
    key: int  # its id
    material: int  # the id of its material type
    tare: Decimal | None


@dataclass
class Entry:
    spool: int
    kind: str
    grams: Decimal
    balance: Decimal
    run: int | None = None
    is_reversed: bool = False
    keeps_a_count: bool = False  # it compensates a correction: nobody looked at the spool
    pk: int | None = None


@dataclass
class Spool:
    filament: Filament
    initial: Decimal
    remaining: Decimal = ZERO
    reserved: Decimal = ZERO
    is_archived: bool = False
    needs_weighing: bool = False
    pk: int | None = None

    @property
    def available(self):
        return self.remaining - self.reserved

    def net(self, gross):
        if self.filament.tare is None:
            raise Refused("TareUnknown")
        return gross - self.filament.tare


@dataclass
class Line:
    filament: int | None
    material: int | None
    spool: int | None
    planned: Decimal
    purge: Decimal
    reserved: Decimal = ZERO
    actual: Decimal | None = None
    actual_purge: Decimal | None = None
    before: Decimal | None = None
    after: Decimal | None = None
    source: str = ""
    expected: Decimal | None = None  # of one that was added after the start
    pk: int | None = None

    @property
    def plan(self):
        return self.planned + self.purge

    @property
    def due(self):
        """What it is to take by itself; 0 of one that goes on where another stopped."""
        return self.plan + (self.expected or ZERO)

    @property
    def took(self):
        return None if self.actual is None else self.actual + (self.actual_purge or 0)

    @property
    def wants(self):
        return self.filament, self.material

    def fits(self, spool):
        if self.filament is not None:
            return spool.filament.key == self.filament
        return spool.filament.material == self.material


@dataclass
class Item:
    quantity: int
    good: int | None = None
    scrapped: int | None = None
    is_counted: bool = False
    pk: int | None = None


@dataclass
class Run:
    key: int  # what entries call it: a new run has no id yet
    lines: list
    items: list
    has_printer: bool = False
    status: str = "planned"
    came_from: str = ""
    last_by: str | None = None
    is_finished: bool = False
    is_deleted: bool = False
    closed_after: int = 0  # so many entries had the ledger when it was closed
    pk: int | None = None

    def line_of(self, actual):
        for line in self.lines:
            if actual.line is not None and line.pk == actual.line:
                return line
            if actual.line is None and line.spool == actual.spool:
                return line
        raise Refused("NotInRun")


class Book:
    """What one verb does to spools; short spools are reported at its end."""

    def __init__(self, farm, *, overridden=False):
        self.farm, self.overridden, self.is_short = farm, overridden, False

    def post(self, spool, kind, grams, **words):
        spool.remaining += grams
        self.farm.ledger.append(Entry(spool.pk, kind, grams, spool.remaining, **words))

    def take(self, spool, kind, grams, *, settle=False, run=None):
        if grams > spool.remaining and settle:
            self.post(spool, "count", grams - spool.remaining, run=run)
        if grams > spool.remaining:
            self.is_short = True
        else:
            self.post(spool, kind, -grams, run=run)

    def reverse(self, entry):
        spool = self.farm.spools[entry.spool]
        if entry.kind == "reversal" or entry.grams == 0:
            raise Refused("NotReversible")
        if spool.remaining < entry.grams:
            self.is_short = True
            return
        entry.is_reversed = True
        self.post(spool, "reversal", -entry.grams, run=entry.run)

    def change_claim(self, spool, before, after):
        grown = after - before
        if grown > 0 and spool.is_archived:
            raise Refused("SpoolArchived")
        if grown > 0 and grown > spool.available and not self.overridden:
            self.is_short = True
        spool.reserved += grown

    def place(self, line, spool, grams):
        """The line claims ``grams`` of the spool, and nothing of the one it had."""
        if line.spool is not None and line.spool != (spool and spool.pk):
            self.farm.spools[line.spool].reserved -= line.reserved
            line.reserved = ZERO
        if spool is not None:
            self.change_claim(spool, line.reserved, grams)
        line.spool = spool.pk if spool else None
        line.reserved = grams if spool else ZERO

    def release(self, lines):
        for line in lines:
            if line.reserved:
                self.farm.spools[line.spool].reserved -= line.reserved
                line.reserved = ZERO

    def close(self):
        if self.is_short:
            raise Refused("InsufficientInventory")


@dataclass
class Farm:
    spools: dict = field(default_factory=dict)
    runs: dict = field(default_factory=dict)
    ledger: list = field(default_factory=list)
    needs_clearing: bool = False
    made: int = 0  # runs ever made

    def attempt(self, verb):
        """``(farm, answer, None)``, or ``(the farm as it was, None, name of the refusal)``."""
        before = pickle.dumps(self)
        try:
            return self, verb(self), None
        except Refused as refused:
            return pickle.loads(before), None, refused.args[0]

    def book(self, **words):
        return Book(self, **words)

    # -- checks --------------------------------------------------------------------------------

    def run_for(self, pk, *statuses):
        run = self.runs[pk]
        if run.is_deleted:
            raise Refused("DoesNotExist")
        if run.status not in statuses:
            raise Refused("InvalidRunStatus")
        return run

    def open_runs(self):
        kinds = ("planned", "in_progress")
        return [run for run in self.runs.values() if run.status in kinds and not run.is_deleted]

    def shelved(self, pk):
        spool = self.spools[pk]
        if spool.is_archived:
            raise Refused("SpoolArchived")
        return spool

    def require_not_returned(self, spools):
        returned = {
            entry.spool for entry in self.ledger if entry.kind == "return" and not entry.is_reversed
        }
        if returned.intersection(spools):
            raise Refused("SpoolReturned")

    def standing(self, run, spool=None):
        """The entries of a run that stand, newest first."""
        return [
            entry
            for entry in reversed(self.ledger)
            if entry.run == run.key
            and spool in (None, entry.spool)
            and entry.kind != "reversal"
            and not entry.is_reversed
        ]

    def counted(self, spool, after, *, run=None):
        """Whether somebody looked at the spool after so many entries, but for the run itself."""
        return any(
            entry.spool == spool
            and entry.kind == "count"
            and not entry.is_reversed
            and not entry.keeps_a_count
            and (run is None or entry.run != run.key)
            for entry in self.ledger[after:]
        )

    def booked_after(self, run):
        """How many entries came before the run's first, or before its end when it took nothing."""
        for number, entry in enumerate(self.ledger[run.closed_after :]):
            if entry.run == run.key:
                return run.closed_after + number
        return run.closed_after

    def balance_before(self, spool, run):
        """What the book had when the run was booked; what it has now, where it had nothing then."""
        before = self.booked_after(run)
        if before == len(self.ledger) or self.ledger[before].run != run.key:
            return self.spools[spool].remaining  # it took nothing so far
        balances = [entry.balance for entry in self.ledger[:before] if entry.spool == spool]
        return balances[-1] if balances else self.spools[spool].remaining


def granted(reason, by):
    """Whether refusals are overridden."""
    if reason and by == "operator":
        raise Refused("OverrideNotPermitted")
    return bool(reason)


def require_may_undo(run, by):
    if by == "operator" and run.last_by != by:
        raise Refused("UndoNotPermitted")


def require_distinct(spools):
    named = [spool for spool in spools if spool is not None]
    if len(set(named)) < len(named):
        raise Refused("DuplicateSpool")
