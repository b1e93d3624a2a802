"""The rows of the table of `make bench`, each with its bar; and the table itself."""

from dataclasses import dataclass

from benchmarks.workloads import API, GROWS, GROWTH, VARIANCE

MILLISECONDS, SHARE, TIMES, GIGABYTES = "ms", "share", "x", "GB"
UNITS = {
    MILLISECONDS: "{:.2f} ms",
    SHARE: "{:.2f} of the bare view",
    TIMES: "{:.2f} x",
    GIGABYTES: "{:.2f} GB",
}


@dataclass(frozen=True)
class Bar:
    """The most that a row may be, of a SHARE the least. Milliseconds are those of CPU, of the
    application and of PostgreSQL, on the machine that `benchmarks.machine` knows."""

    limit: float
    unit: str

    def on(self, scale):
        """The same on this machine."""
        return Bar(self.limit * scale, self.unit) if self.unit == MILLISECONDS else self

    def is_met(self, figure):
        return figure >= self.limit if self.unit == SHARE else figure <= self.limit

    def __str__(self):
        return f"{'≥' if self.unit == SHARE else '≤'} {UNITS[self.unit].format(self.limit)}"


@dataclass
class Measured:
    """A row: its figure, in the unit of its bar, and what was measured beside it. ``load`` is of
    the request itself; ``memory`` has bytes of the application and of PostgreSQL."""

    name: str
    figure: float
    load: object = None
    memory: tuple = ()
    limit: str = ""  # what the least for the same effect costs
    more: str = ""
    scale: float = 1
    unit: str = MILLISECONDS  # where there is no bar

    @property
    def bar(self):
        bar = BARS.get(self.name)
        return bar and bar.on(self.scale)

    @property
    def is_met(self):
        return self.bar is None or self.bar.is_met(self.figure)

    def cells(self):
        load, bar = self.load, self.bar
        return (
            self.name,
            UNITS[bar.unit if bar else self.unit].format(self.figure),
            str(bar or ""),
            "" if bar is None else "met" if self.is_met else "**not met**",
            f"{load.rate:,.0f}" if load else "",
            f"{load.application:.2f} + {load.database:.2f}" if load else "",
            " + ".join(f"{each / 1e6:,.0f}" for each in self.memory),
            self.limit,
            self.more,
        )


@dataclass(frozen=True)
class Missing:
    """A row that could not be measured."""

    name: str
    reason: str

    def cells(self):
        return (
            self.name,
            "not measured",
            str(BARS.get(self.name) or ""),
            "",
            "",
            "",
            "",
            "",
            self.reason,
        )


HEADS = ("what", "measured", "bar", "", "a second", "CPU, ms", "memory, MB", "its limit", "more")


def table(rows):
    """Markdown."""
    lines = [HEADS, ["---"] * len(HEADS), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _bars():
    least, flat = Bar(0.6, SHARE), Bar(1.2, TIMES)
    cpu = {
        "list of 50 spools": 2.2,
        "list of 50 runs with items and materials": 5,
        "Spoolman's list of 50 spools": 2.2,
        "one spool": 1.3,
        "one run": 2.5,
        "floor's first page, 60 printers": 20,
        "admin's first page": 40,
        "list of 50 runs, unchanged since": 1.3,
        **dict.fromkeys(VARIANCE, 60),
    }
    return {
        **{name: Bar(limit, MILLISECONDS) for name, limit in cpu.items()},
        **{name: least for name, workload in API.items() if not workload.is_read},
        **{name: flat for name in GROWTH if name not in GROWS},
        "a request at each farm in turn": flat,
        "PostgreSQL, after a request at each farm": Bar(1, GIGABYTES),
        "completions beside an export, 99 of 100": Bar(1.5, TIMES),
    }


BARS = _bars()


def line(row):
    """The row for a terminal."""
    name, figure, bar, is_met, *others = row.cells()
    return f"  {name:<44} {figure:<24} {bar:<12} {is_met:<12} " + "  ".join(filter(None, others))
