"""What an import did, or would do."""

from collections import Counter
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.services.moving.arrivals import CHANGED, LEFT, NEW, OUTCOMES, SAME
from tenants.operations.text import format_number

KINDS = ("vendor", "filament", "spool", "field", "setting")
TITLES = {
    "vendor": gettext_lazy("manufacturers"),
    "filament": gettext_lazy("filaments"),
    "spool": gettext_lazy("spools"),
    "field": gettext_lazy("fields"),
    "setting": gettext_lazy("settings"),
}
MOST = 1000  # rows that are told of each list


@dataclass
class MovingReport:
    """``left`` are ``(kind, name, why)``; ``differently`` are ``(kind, number, field, theirs,
    ours)`` of what could not be kept as it is there."""

    place: str
    dry_run: bool
    counts: dict = field(default_factory=lambda: {kind: Counter() for kind in KINDS})
    left: list = field(default_factory=list)
    differently: list = field(default_factory=list)
    locations: list = field(default_factory=list)
    material_types: list = field(default_factory=list)
    compared: int = 0
    grams: float = 0  # that are left of the compared spools

    def add(self, kind, outcome, name="", why=""):
        self.counts[kind][outcome] += 1
        if outcome == LEFT:
            self.left.append((kind, name, str(why)))

    def change(self, kind, before, outcome, name, why):
        self.counts[kind][before] -= 1
        self.add(kind, outcome, name, why)

    @property
    def writes(self):
        """How many rows are new, or changed."""
        return sum(count[NEW] + count[CHANGED] for count in self.counts.values())

    def as_dict(self):
        """As plain values; of long lists the first."""
        names = ("place", "dry_run", "locations", "material_types", "compared", "grams")
        return {
            **{name: getattr(self, name) for name in names},
            "counts": {
                kind: {outcome: counted[outcome] for outcome in OUTCOMES}
                for kind, counted in self.counts.items()
            },
            "writes": self.writes,
            "left": [list(each) for each in self.left[:MOST]],
            "left_count": len(self.left),
            "differently": [list(each) for each in self.differently[:MOST]],
            "differently_count": len(self.differently),
        }


def lines(report):
    """A report (as_dict) in sentences, one of each kind and then what was compared."""
    found = [_line(kind, report["counts"][kind]) for kind in KINDS]
    for name, title in (("locations", _("new locations")), ("material_types", _("new materials"))):
        if report[name]:
            names = ", ".join(report[name][:20])
            found.append(f"{title}: {len(report[name])} ({names})")
    message = _(
        "compared: the remaining weight of %(compared)s spools is the same, %(grams)s g in all"
    )
    grams = format_number(report["grams"])
    return [*found, message % {"compared": report["compared"], "grams": grams}]


def _line(kind, counts):
    message = _(
        "%(title)s: %(new)s new, %(changed)s changed, %(same)s there already, %(left)s left"
    )
    figures = {"new": counts[NEW], "changed": counts[CHANGED], "left": counts[LEFT]}
    return message % {"title": TITLES[kind], "same": counts[SAME], **figures}


def sentence_of_left(each):
    kind, name, why = each
    return f"{kind} {name}: {why}"


def sentence_of_difference(each):
    kind, number, name, theirs, ours = each
    message = _("%(kind)s %(number)s, %(field)s: there %(theirs)s, here %(ours)s")
    names = {"kind": kind, "number": number, "field": name}
    return message % {**names, "theirs": _as_text(theirs), "ours": _as_text(ours)}


def _as_text(value):
    return _("nothing") if value is None else str(value)[:80]
