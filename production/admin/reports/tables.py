"""A report as a table of values for files, of texts for the page, and as a chart."""

from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.admin.rendering import NOTHING, grams, moment
from production.admin.charts import level_bars
from production.admin.formatting import difference, duration, money
from production.models import ProductionRun
from tenants.operations.text import half_up

MOST_BARS, MOST_ROWS = 31, 500  # the days of a month
GROUPS = {
    "": gettext_lazy("All together"),
    "product": gettext_lazy("Product"),
    "order": gettext_lazy("Order"),
    "person": gettext_lazy("Person"),
    "printer": gettext_lazy("Printer"),
    "filament": gettext_lazy("Filament"),
    "material_type": gettext_lazy("Material type"),
    "location": gettext_lazy("Location"),
    "spool": gettext_lazy("Spool"),
    "reason": gettext_lazy("Reason"),
    "status": gettext_lazy("Status"),
    "day": gettext_lazy("Day"),
    "week": gettext_lazy("Week"),
    "month": gettext_lazy("Month"),
}
CHANGES = {
    "receipt": gettext_lazy("Receipts"),
    "usage": gettext_lazy("Usage"),
    "waste": gettext_lazy("Waste"),
    "return": gettext_lazy("Returned to suppliers"),
    "count": gettext_lazy("Counts"),
    "adjustment": gettext_lazy("Adjustments"),
    "reversal": gettext_lazy("Reversals"),
    "archived": gettext_lazy("Archived"),
    "restored": gettext_lazy("Restored"),
    "revaluation": gettext_lazy("Revaluations"),
    "price_known": gettext_lazy("Prices that became known"),
}
NAMES = ("group", "name", "kind")
MINUTES = ("minutes", "signed_minutes")
PAGES = {  # of the admin, by what an id is of
    "product": "admin:production_product_change",
    "printer": "admin:production_printer_change",
    "filament": "admin:inventory_filament_change",
    "material_type": "admin:inventory_materialtype_change",
    "location": "admin:inventory_location_change",
    "spool": "admin:inventory_spool_change",
    "reason": "admin:production_reason_change",
    "run": "admin:production_productionrun_change",
    "person": "admin:accounts_user_change",
}


def share(value):
    return NOTHING if value is None else f"{half_up(value, 1)} %"


def count(value):
    return NOTHING if value is None else str(value)


def minutes(value):
    return duration(value if value is None else half_up(value, 0))


FORMATS = {
    "count": count,
    "grams": grams,
    "signed_grams": difference(grams),
    "minutes": minutes,
    "signed_minutes": difference(minutes),
    "money": money,
    "signed_money": difference(money),
    "share": share,
    "percent": difference(share),
    "days": grams,
}


def _links(of, rows):
    """Links to pages of the admin, of ``(id, text)``."""
    found = ((reverse(PAGES[of], args=[pk]), text) for pk, text in rows)
    return format_html_join(", ", '<a href="{}">{}</a>', found)


@dataclass(frozen=True)
class Column:
    """One figure or text of a row, at a dotted path of what the API answers.

    ``kind`` is one of FORMATS, text, flag, list, moment, status (of a run), name, kind (of a change
    of the stock), or group: the name of what the rows are grouped by. ``sums``: whether the rows
    add up to the whole; ``is_part``: they have less than that, and a sum of their own. ``of`` and
    ``key``: the page that a text leads to, and the path of its id (of a list, its ids). ``where``
    is a parameter without which the column is left out.
    """

    label: str
    path: str
    kind: str = "text"
    sums: bool = False
    is_part: bool = False
    of: str = ""
    key: str = "key"
    where: str = ""

    @property
    def is_number(self):
        return self.kind in FORMATS

    def value(self, row):
        """As the API has it, a number as Decimal, a moment by the farm's clock, a status in words;
        None is unknown."""
        found = reduce(lambda each, name: each and each.get(name), self.path.split("."), row)
        if found is None or self.kind == "count":
            return found
        if self.kind == "moment":
            return timezone.localtime(parse_datetime(found))
        if self.kind == "status":
            return ProductionRun.Status(found).label
        if self.kind == "list":
            return ", ".join(map(str, found))
        return Decimal(found) if self.is_number else str(found)


@dataclass(frozen=True)
class ReportTable:
    """``rows`` are those of the API; ``whole`` is the row of all of them together, or None.
    ``group`` is what they are grouped by, "" for nothing."""

    columns: list
    rows: list
    whole: dict | None
    group: str
    currency: str

    def header(self):
        labels = [
            GROUPS.get(self.group, self.group) if each.kind == "group" else each.label
            for each in self.columns
        ]
        return [str(label).replace("{currency}", self.currency) for label in labels]

    def file_header(self):
        """As of the page, with the unit of times: in files they are minutes."""
        time = f", {_('time')}"
        return [
            _("%(name)s, minutes") % {"name": label.removesuffix(time)}
            if each.kind in MINUTES
            else label
            for label, each in zip(self.header(), self.columns, strict=True)
        ]

    def values(self):
        """For files: a list for each row."""
        return [[self._value(column, row) for column in self.columns] for row in self.rows]

    def cells(self):
        """For the page: ``[(heading, column, text)]`` of each of the first MOST_ROWS rows."""
        header = self.header()
        return [
            list(zip(header, self.columns, self._texts(row), strict=True))
            for row in self.rows[:MOST_ROWS]
        ]

    def sums(self):
        """The last row of the page, or None."""
        if len(self.rows) < 2 or not any(column.is_number for column in self.columns):
            return None
        if self.whole is None and not any(column.sums for column in self.columns):
            return None
        texts = [self._sum(column) for column in self.columns[1:]]
        header = self.header()
        return list(zip(header, self.columns, [_("Together"), *texts], strict=True))

    def chart(self, path):
        """Bars of the figure at ``path``, the largest in the order of the rows; None where fewer
        than two rows have it."""
        column = next((each for each in self.columns if each.path == path), None)
        known = [row for row in self.rows if column and column.value(row) is not None]
        if len(known) < 2:
            return None
        show = FORMATS[column.kind]
        by_figure = sorted(known, key=lambda row: -abs(column.value(row)))
        drawn = {id(row) for row in by_figure[:MOST_BARS]}
        points = [
            (self._label(row), column.value(row), show(column.value(row)))
            for row in known
            if id(row) in drawn
        ]
        most = by_figure[0]
        return {
            "title": self.header()[self.columns.index(column)],
            "most": (self._label(most), show(column.value(most))),
            "whole": self._sum(column),
            "more": len(known) - len(points),
            **level_bars(points),
        }

    def _label(self, row):
        """What is at the left of a row, before its figures."""
        names = [self._name(each, row) for each in self.columns if each.kind in NAMES]
        return " · ".join(str(name) for name in names if name not in (None, ""))

    def _name(self, column, row):
        return CHANGES[row["kind"]] if column.kind == "kind" else self._value(column, row)

    def _value(self, column, row):
        value = column.value(row)
        if column.kind != "group" or value is not None:
            return value
        return _("Not set") if self.group else _("All together")

    def _texts(self, row):
        return [self._text(column, row) for column in self.columns]

    def _text(self, column, row):
        value = self._value(column, row)
        if column.is_number:
            return FORMATS[column.kind](value)
        of = self.group if column.kind == "group" else column.of
        key = row.get(column.key)
        if column.kind == "moment":
            return moment(value)
        if column.kind == "list" and of in PAGES and key:
            return _links(of, zip(key, row[column.path], strict=True))
        if of in PAGES and key is not None and value not in (None, ""):
            return format_html('<a href="{}">{}</a>', reverse(PAGES[of], args=[key]), value)
        if column.kind == "kind":
            return CHANGES[value]
        if column.kind == "flag":
            return _("yes") if value == str(True) else NOTHING
        return NOTHING if value in (None, "") else value

    def _sum(self, column):
        if not column.is_number:
            return ""
        if self.whole is not None and not column.is_part:
            return FORMATS[column.kind](column.value(self.whole))
        if not column.sums and not column.is_part:
            return ""
        values = [column.value(row) for row in self.rows]
        return NOTHING if None in values else FORMATS[column.kind](sum(values))
