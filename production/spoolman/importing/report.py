"""What an import did, or would do."""

from collections import Counter
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inventory.services.moving.arrivals import CHANGED, LEFT, NEW, OUTCOMES
from tenants.operations.text import format_number

KINDS = ("vendor", "filament", "spool", "field", "setting")
TITLES = {
    "vendor": gettext_lazy("manufacturers"),
    "filament": gettext_lazy("filaments"),
    "spool": gettext_lazy("spools"),
    "field": gettext_lazy("fields"),
    "setting": gettext_lazy("settings"),
}
MOST_NAMES = 20
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
    """A report (as_dict) as sentences."""
    message = _(
        "%(title)s: %(new)s new, %(changed)s changed, %(unchanged)s there already, %(left)s left"
    )
    found = [message % {"title": title, **counts} for title, counts in counted(report)]
    return found + sentences(report)


def counted(report):
    """``[(title, {outcome: count})]`` of the kinds that there are any of."""
    counts = report["counts"]
    return [(TITLES[kind], counts[kind]) for kind in KINDS if any(counts[kind].values())]


def sentences(report):
    """What else is new, and what was compared."""
    titles = {"locations": _("new locations"), "material_types": _("new material types")}
    found = [
        f"{title}: {len(report[name])} ({', '.join(report[name][:MOST_NAMES])})"
        for name, title in titles.items()
        if report[name]
    ]
    message = ngettext(
        "compared: what is left of %(count)s spool is the same, %(grams)s g",
        "compared: what is left of %(count)s spools is the same, %(grams)s g in all",
        report["compared"],
    )
    grams = format_number(report["grams"])
    return [*found, message % {"count": report["compared"], "grams": grams}]


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
