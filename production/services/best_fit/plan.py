"""A plan of which spools lines of runs take, and what it costs.

Costs are compared in this order, each only where those before it are equal:

1. lines without spools, the earlier in the queue the worse;
2. changes of the spool during a print;
3. spools that are left with less than 50 g, but not empty;
4. lots more than one of the same material for the same order;
5. spools to be carried to a printer, twice where another printer has them loaded;
6. sealed spools to be opened;
7. grams left on the spools that are taken from.

Plain values without a database: grams are whole micrograms, rows are known by their places in the
lists of the plan.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

MICROGRAMS = 1_000_000
SMALL = 50 * MICROGRAMS  # what is left of a spool, and hardly good for another print
LEVELS = ("uncovered", "changes", "small", "lots", "carried", "opened", "left")
UNCOVERED, CHANGES, SMALL_LEFT, LOTS, CARRIED, OPENED, LEFT = range(len(LEVELS))


@dataclass(frozen=True, kw_only=True)
class PlannedLine:
    """What a line of a planned run needs: ``needs`` micrograms by filament; ``spools`` are the
    places of those it could take. It prints in the ``window`` (begin, end), None where that is not
    known. ``groups`` are the orders it is for, each with its material. One that ``is_divisible``
    may take several spools of a filament."""

    run: int
    needs: dict
    spools: tuple
    printer: int | None = None
    window: tuple | None = None
    groups: tuple = ()
    is_divisible: bool = True


@dataclass(frozen=True, kw_only=True)
class Supply:
    """A spool with what of it is free. ``uses`` are ``(printer, window)`` of runs that have it;
    one of them is ``printing_on`` that printer now."""

    available: int
    filament: int
    lot: object
    printer: int | None = None
    is_sealed: bool = False
    uses: tuple = ()
    printing_on: int | None = None


@dataclass
class FitPlan:
    """Which spools the lines take: ``taken`` has ``((spool, micrograms), ...)`` of each line, in
    the order in which they follow each other, () for none. ``lots`` are those that orders have
    already: ``{group: {lot, ...}}``."""

    lines: list
    supplies: list
    lots: dict = field(default_factory=dict)

    def __post_init__(self):
        self.taken = [()] * len(self.lines)
        self.left = [supply.available for supply in self.supplies]
        self.drawn = [{} for _supply in self.supplies]  # {line: micrograms}
        self._lots = defaultdict(Counter)
        for group, lots in self.lots.items():
            self._lots[group].update(lots)
        self.bits = [1 << place for place in reversed(range(len(self.lines)))]
        self._apart = apart(self.lines)
        self.cost = [0] * len(LEVELS)
        self.cost[UNCOVERED] = sum(self.bits)
        self.cost[SMALL_LEFT] = sum(0 < left < SMALL for left in self.left)
        self.cost[LOTS] = sum(max(len(lots) - 1, 0) for lots in self._lots.values())

    def need(self, line, spool):
        return self.lines[line].needs[self.supplies[spool].filament]

    def may_take(self, line, spool):
        """Whether nothing but its grams keeps the spool from the line: no other line of the run
        takes it, nor does another printer at that time."""
        is_apart = self._apart[line].isdisjoint(self.drawn[spool])
        return is_apart and not self.prints_elsewhere(line, spool)

    def prints_elsewhere(self, line, spool):
        """Whether another printer prints from the spool while the line is printed."""
        printer, window = mine = self.lines[line].printer, self.lines[line].window
        uses, printing_on = self.supplies[spool].uses, self.supplies[spool].printing_on
        if window is None and printing_on not in (None, printer):
            return True
        return any(at_once(mine, other) for other in uses)

    def fits(self, line, pieces):
        return all(
            self.left[spool] + self.drawn[spool].get(line, 0) >= grams
            and self.may_take(line, spool)
            for spool, grams in pieces
        )

    def place(self, line, pieces):
        """Let the line take these ``(spool, micrograms)``, in place of what it took before."""
        former = self.taken[line]
        spools = {spool for spool, _grams in (*former, *pieces)}
        self._count(spools, -1)
        self._regroup(line, former, -1)
        for spool, grams in former:
            self.left[spool] += grams
            del self.drawn[spool][line]
        for spool, grams in pieces:
            self.left[spool] -= grams
            self.drawn[spool][line] = grams
        self.taken[line] = pieces
        self._regroup(line, pieces, 1)
        self._count(spools, 1)
        cost = self.cost
        cost[UNCOVERED] += self.bits[line] * ((not pieces) - (not former))
        cost[CHANGES] += max(len(pieces) - 1, 0) - max(len(former) - 1, 0)

    def of_spool(self, spool):
        """Its part of the cost, from the small rest on."""
        left, drawn, supply = self.left[spool], self.drawn[spool], self.supplies[spool]
        small = 0 < left < SMALL
        if not drawn:
            return small, 0, 0, 0
        printers = {self.lines[line].printer for line in drawn}
        if supply.printer is None:
            carried = len(printers)
        else:
            carried = 2 * len(printers - {supply.printer, None})
        return small, carried, supply.is_sealed, left

    def _count(self, spools, sign):
        cost = self.cost
        for spool in spools:
            small, carried, opened, left = self.of_spool(spool)
            cost[SMALL_LEFT] += sign * small
            cost[CARRIED] += sign * carried
            cost[OPENED] += sign * opened
            cost[LEFT] += sign * left

    def _regroup(self, line, pieces, sign):
        for group in self.lines[line].groups:
            lots = self._lots[group]
            before = max(len(lots) - 1, 0)
            for spool, _grams in pieces:
                lot = self.supplies[spool].lot
                lots[lot] += sign
                if not lots[lot]:
                    del lots[lot]
            self.cost[LOTS] += max(len(lots) - 1, 0) - before

    def has_lot(self, line, spool):
        """Whether an order of the line has the lot of the spool already."""
        lot = self.supplies[spool].lot
        return any(lot in self._lots[group] for group in self.lines[line].groups)

    def is_shared_lot(self, line, spool):
        """Whether something else of an order of the line takes the lot of the spool that it
        takes."""
        lot = self.supplies[spool].lot
        return any(self._lots[group][lot] > 1 for group in self.lines[line].groups)


def apart(lines):
    """For each line the lines that can't take the same spool."""
    of_run = defaultdict(set)
    for place, line in enumerate(lines):
        of_run[line.run].add(place)
    timed = [place for place, line in enumerate(lines) if line.window and line.printer]
    found = [of_run[line.run] - {place} for place, line in enumerate(lines)]
    for place in timed:
        mine = lines[place].printer, lines[place].window
        at_that_time = {
            other for other in timed if at_once(mine, (lines[other].printer, lines[other].window))
        }
        found[place] = found[place] | at_that_time
    return found


def at_once(one, other):
    """Whether two ``(printer, window)`` are of different printers at the same time, both known."""
    (printer, window), (other_printer, other_window) = one, other
    if None in (printer, window, other_printer, other_window) or printer == other_printer:
        return False
    return window[0] < other_window[1] and other_window[0] < window[1]
