"""Kinds of cells: the values that a column accepts. Nothing is repaired or guessed.

A decimal comma is one where it can be nothing else: ``19,99`` and ``1.234,5`` are. ``1,234`` may
be a thousand, and is refused, unless other cells of the table show that it is written with
decimal commas; then ``1.234`` is refused.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory import colors, gtins
from inventory.services.tables import units
from tenants.operations.parsing import (
    AmbiguousNumber,
    DayOutOfRange,
    decimal_mark,
    parse_day,
    parse_decimal,
)
from tenants.operations.quantities import GramsField, MoneyField, rounded
from tenants.operations.refusals import Invalid
from tenants.operations.text import first_invisible_character, one_line

MOMENT = re.compile(
    r"(?P<day>[0-9.-]+)[ T]+(?P<time>[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?)"
    r" ?(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})?"
)
SLASHED_DAY = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
YES = ("yes", "true", "1", "ja", "x", "wahr")
NO = ("no", "false", "0", "nein", "falsch")
SHORT_YEAR = re.compile(r"[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2}")
PREFIX_OF_HEX = re.compile(r"^\s*(#|0[xX])?")


class BadCell(Invalid):
    code = "bad_cell"


@dataclass(frozen=True)
class Cell:
    """A column: ``check(value)`` returns the value as it is stored or raises BadCell; ``others``
    are names that the column goes by besides its own. A number has a ``dimension`` if it has a
    unit (`units`)."""

    check: Callable
    others: tuple = ()
    is_number: bool = False
    dimension: str = ""
    is_moment: bool = False

    def read(self, value, *, has_decimal_commas=False, factor=units.ONE):
        """The value of a cell of a table, a text or a Decimal, in a unit of this ``factor``. Raises
        BadCell."""
        if self.is_number:
            if isinstance(value, str):
                value = _number(value, "," if has_decimal_commas else ".")
            value *= factor
        return self.check(value)


def has_decimal_commas(texts):
    """Whether the numbers of a table show decimal commas, and no decimal points."""
    marks = {decimal_mark(text.lstrip("+-")) for text in texts}
    return "," in marks and "." not in marks


def clean(text):
    """A text on one line, composed. Raises BadCell when a character of it can't be seen."""
    text = one_line(text)
    if found := first_invisible_character(text):
        raise BadCell(_("It holds a character that can't be seen (%(found)s).") % {"found": found})
    return text


def shorten(text):
    """A cell as it may be quoted in a sentence."""
    return text if len(text) <= 60 else f"{text[:57]}..."


# --- Kinds -------------------------------------------------------------------------------------


def text(longest, *others):
    def check(value):
        if len(value) > longest:
            raise BadCell(_("Longer than %(longest)s characters.") % {"longest": longest})
        return value

    return Cell(check, others)


def quantity(
    *others,
    digits=GramsField.digits,
    places=GramsField.places,
    minimum="0",
    above=None,
    maximum=None,
    dimension="",
):
    """A number in its bounds, rounded half up; ``above``: more than that."""

    def check(value):
        try:
            value = rounded(value, digits=digits, places=places, field="It")
        except Invalid as refusal:
            raise BadCell(refusal.detail) from refusal
        figure = {"value": shorten(f"{value.normalize():f}")}
        if value < Decimal(minimum) or (above is not None and value <= Decimal(above)):
            raise BadCell(_("“%(value)s” is too little.") % figure)
        if maximum is not None and value > Decimal(maximum):
            raise BadCell(_("“%(value)s” is too much.") % figure)
        return value

    return Cell(check, others, is_number=True, dimension=dimension)


def mass(*others, above=None):
    return quantity(*others, above=above, dimension=units.MASS)


def money(*others):
    digits, places = MoneyField.digits, MoneyField.places
    return quantity(*others, digits=digits, places=places, dimension=units.MONEY)


def degrees(*others):
    return whole(*others, maximum="1000", dimension=units.TEMPERATURE)


def count(*others, most):
    return whole(*others, minimum="1", maximum=most, dimension=units.COUNT)


def whole(*others, dimension, **bounds):
    """A whole number of at most six digits."""
    found = quantity(*others, digits=6, places=0, dimension=dimension, **bounds)
    return Cell(lambda value: int(found.check(value)), others, True, dimension)


def pattern(expression, message, *others, normalise=str, letters=None):
    """Text that matches ``expression`` after it was normalised; ``message`` names the ``value``.
    Of ``letters`` (a class of characters), the first other one is named."""

    def check(value):
        if re.fullmatch(expression, found := normalise(value)):
            return found
        if letters and (wrong := re.sub(letters, "", found)):
            raise BadCell(_wrong_sign(value, wrong[0]))
        raise BadCell(str(message) % {"value": shorten(value)})

    return Cell(check, others)


def _wrong_sign(value, sign):
    message = _(
        "“%(value)s” has “%(sign)s” in it (%(name)s): codes have letters from A to Z, digits "
        "and + - . / ( ) %% _ only."
    )
    name = f"{unicodedata.name(sign, _('unnamed'))}, U+{ord(sign):04X}"
    return message % {"value": shorten(value), "sign": sign, "name": name}


def color(*others):
    message = gettext_lazy("“%(value)s” is not 6 or 8 hex digits, such as FF8800.")
    return pattern(colors.HEX, message, *others, normalise=_hex)


def _hex(text):
    """The digits of ``#ff8800``, or of ``#f80``."""
    digits = colors.normalise(PREFIX_OF_HEX.sub("", text))
    return "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits


def gtin(*others):
    def check(value):
        if not gtins.is_valid(found := gtins.normalise(value)):
            message = _("“%(value)s” is no GTIN: 8, 12, 13 or 14 digits, the last a check digit.")
            raise BadCell(message % {"value": shorten(value)})
        return found

    return Cell(check, others)


def flag(*others):
    """Yes or no; a day or a moment, at which it was so, is yes."""

    def check(value):
        if (word := value.casefold()) in YES or MOMENT.match(word.upper()):
            return True
        if word in NO:
            return False
        message = _("“%(value)s” is neither yes nor no.")
        raise BadCell(message % {"value": shorten(value)})

    return Cell(check, others)


def day(*others):
    """2026-03-01 or 1.3.2026, with or without a time; with slashes the month is ambiguous. Of a
    moment with an offset it is the moment, whose day the farm's zone says."""

    def check(value):
        found = MOMENT.fullmatch(value)
        try:
            date = parse_day(found["day"] if found else value, is_dotted_allowed=True)
            if not found:
                return date
            offset = (found["offset"] or "").replace("Z", "+00:00")
            time = found["time"] if found["time"][2] == ":" else f"0{found['time']}"
            moment = datetime.fromisoformat(f"{date}T{time}{offset}")
            return moment if offset else date
        except DayOutOfRange:
            message = _("“%(value)s” is not between 1900 and 2999.")
        except ValueError:
            message = _not_a_day(value)
        raise BadCell(message % {"value": shorten(value)})

    return Cell(check, others, is_moment=True)


def _not_a_day(value):
    if SLASHED_DAY.fullmatch(value):
        return _(
            "“%(value)s” may be day and month, or month and day: write it like 2026-03-01 or "
            "1.3.2026."
        )
    if SHORT_YEAR.fullmatch(value):
        return _("“%(value)s” has a year of two digits: write it like 2026-03-01 or 1.3.2026.")
    return _("“%(value)s” is not a date such as 2026-03-01.")


def _number(text, mark):
    try:
        return parse_decimal(text, mark=mark)
    except AmbiguousNumber as error:
        message = _(
            "“%(value)s” may be %(thousands)s or %(decimals)s: write %(thousands)s, or "
            "%(decimals)s0 with a point."
        )
        figures = {"thousands": error.thousands, "decimals": error.decimals}
        raise BadCell(message % {"value": text, **figures}) from error
    except ValueError as error:
        raise BadCell(_("“%(value)s” is not a number.") % {"value": shorten(text)}) from error
