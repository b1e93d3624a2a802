"""What the first line of a table says of its columns: their names and units."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import chain

from django.utils.translation import gettext as _

from inventory.services.tables.cells import shorten
from inventory.services.tables.columns import DOUBTFUL
from inventory.services.tables.refusals import UnusableTable
from inventory.services.tables.report import PROBLEM
from inventory.services.tables.units import MASS, WEIGHTS, without_kilogram
from tenants.web.csv_export import unescape_formula

MAX_COLUMNS = 200
MAX_NAME_LENGTH = 200
SUGGESTED_FROM = 0.85
IN_BRACKETS = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")


@dataclass(frozen=True)
class Heading:
    """A column as its header names it; ``column`` is None where it is none of ours, and it
    ``is_aside`` if that is meant. ``factor`` is that of its unit, None where it names none.
    ``problem`` says what is wrong with it."""

    text: str
    column: str | None
    factor: object = None
    problem: str = ""
    is_aside: bool = False

    @property
    def is_left_aside(self):
        return bool(self.text) and self.column is None


class Names:
    """The names that the columns of one kind of table go by."""

    def __init__(self, columns, units):
        self._columns, self._units = columns, units
        self._known = {name: name for name in columns}
        self._known |= {other: name for name, cell in columns.items() for other in cell.others}
        self._known[PROBLEM] = PROBLEM

    def is_known(self, text):
        return self.heading(text).column is not None

    def heading(self, text):
        """What a header means; with a ``problem``, where its unit is not understood."""
        text = unescape_formula(text[:MAX_NAME_LENGTH].strip().strip('"').strip())
        unit = " ".join(filter(None, chain.from_iterable(IN_BRACKETS.findall(text)))).strip()
        bare = normal(IN_BRACKETS.sub("", text))
        column = self._known.get(bare)
        if column is None and not unit:
            column, unit = self._with_last_word(bare)
        return self._in_unit(text, column, unit)

    def _with_last_word(self, bare):
        """``weight_kg``, where the last word is a unit."""
        name, _mark, unit = bare.rpartition("_")
        column = self._known.get(name)
        cell = self._columns.get(column)
        if cell and cell.dimension and self._units.factor(cell.dimension, unit):
            return column, unit
        return None, ""

    def _in_unit(self, text, column, unit):
        cell = self._columns.get(column)
        if not unit or cell is None or not cell.dimension:
            return Heading(text, column)
        per_kilogram = without_kilogram(unit)
        if column in ("price", "price_per_kg") and per_kilogram is not None:
            column, unit = "price_per_kg", per_kilogram
            if not unit:
                return Heading(text, column)
        if factor := self._units.factor(cell.dimension, unit):
            return Heading(text, column, factor)
        message = _("“%(name)s”: “%(unit)s” is not understood; %(units)s can be.")
        names = {"name": shorten(text), "unit": shorten(unit)}
        names["units"] = self._units.understood(cell.dimension)
        return Heading(text, column, problem=message % names)

    def written(self, heading):
        """A heading as it may be written instead of its header; "" without a column."""
        cell = self._columns.get(heading.column)
        if cell is None or heading.factor is None or cell.dimension != MASS:
            return heading.column or ""
        [unit] = [unit for unit in WEIGHTS if self._units.factor(MASS, unit) == heading.factor]
        return f"{heading.column} ({unit})"

    def unknown(self, name):
        """What to do about a column that has none of the names."""
        names = {"name": shorten(name)}
        is_of_filaments = "external_id" in self._columns
        if is_of_filaments and (meanings := DOUBTFUL.get(normal(IN_BRACKETS.sub("", name)))):
            message = _("“%(name)s” may be one thing or another: %(meanings)s. Name it so.")
            return message % (names | {"meanings": meanings})
        close = get_close_matches(normal(name)[:100], self._known, n=1, cutoff=SUGGESTED_FROM)
        if close:
            message = _("There is no column “%(name)s”: did you mean “%(known)s”?")
            return message % (names | {"known": self._known[close[0]]})
        return _("There is no column “%(name)s”: leave it out.") % names

    @property
    def columns(self):
        return sorted(set(self._known.values()))


def normal(name):
    """``Lot Nr.`` is ``lot_nr``."""
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


def understood(header, names, *, neighbour=None, chosen=None):
    """The Headings in their order; one without a name has no column. What was ``chosen`` for a
    header goes before what a ``neighbour`` says of it."""
    found = []
    for text in header:
        heading = (chosen or {}).get(normal(text)[:MAX_NAME_LENGTH])
        is_aside = heading == ""
        if heading is None:
            heading = neighbour.heading(text) if neighbour else text
            is_aside = bool(neighbour)
        found.append(replace(names.heading(heading), text=text.strip(), is_aside=is_aside))
    return found


def read(header, names, *, needed, **options):
    """The Headings as they are `understood`. Of each tuple in ``needed`` one column must be there.
    Raises UnusableTable with all that is wrong."""
    if len(header) > MAX_COLUMNS:
        message = _("%(count)s columns are too many: is it another table?")
        raise UnusableTable(message % {"count": len(header)})
    headings = understood(header, names, **options)
    found = Counter(each.column for each in headings if each.column)
    unknown = [each.text for each in headings if each.is_left_aside and not each.is_aside]
    wrong = [names.unknown(name) for name in unknown]
    wrong += [each.problem for each in headings if each.problem]
    twice = [name for name, count in found.items() if count > 1]
    wrong += [_("%(name)s is there twice.") % {"name": name} for name in twice]
    missing = [_(" or ").join(each) for each in needed if not set(each) & found.keys()]
    wrong += [_("A column %(names)s is needed.") % {"names": each} for each in missing]
    if wrong:
        raise UnusableTable(
            " ".join(wrong),
            errors={"columns": wrong},
            unknown=[shorten(name) for name in unknown],
            known=names.columns,
        )
    return headings
