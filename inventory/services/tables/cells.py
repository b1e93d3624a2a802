"""Kinds of cells: the values that a column accepts. Nothing is repaired or guessed.

A decimal comma is one where it can be nothing else: ``19,99`` and ``1.234,5`` are. ``1,234`` may
be a thousand, and is refused, unless other cells of the table show that it is written with
decimal commas; then ``1.234`` is refused.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory import colors, gtins
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


class BadCell(Invalid):
    code = "bad_cell"


@dataclass(frozen=True)
class Cell:
    """A column: ``check(value)`` returns the value as it is stored or raises BadCell; ``others``
    are names that the column goes by besides its own."""

    check: Callable
    others: tuple = ()
    is_number: bool = False

    def read(self, text, *, has_decimal_commas=False):
        """The value of a cell of a table. Raises BadCell."""
        if self.is_number:
            text = _number(text, "," if has_decimal_commas else ".")
        return self.check(text)


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

    return Cell(check, others, is_number=True)


def money(*others):
    return quantity(*others, digits=MoneyField.digits, places=MoneyField.places)


def degrees(*others):
    whole = quantity(*others, digits=6, places=0, maximum="1000")
    return Cell(lambda value: int(whole.check(value)), others, is_number=True)


def pattern(expression, message, *others, normalise=str):
    """Text that matches ``expression`` after it was normalised; ``message`` names the ``value``."""

    def check(value):
        if not re.fullmatch(expression, normalise(value)):
            raise BadCell(str(message) % {"value": shorten(value)})
        return normalise(value)

    return Cell(check, others)


def color(*others):
    message = gettext_lazy("“%(value)s” is not 6 or 8 hex digits, such as FF8800.")
    return pattern(colors.HEX, message, *others, normalise=colors.normalise)


def gtin(*others):
    def check(value):
        if not gtins.is_valid(found := gtins.normalise(value)):
            message = _("“%(value)s” is no GTIN: 8, 12, 13 or 14 digits, the last a check digit.")
            raise BadCell(message % {"value": shorten(value)})
        return found

    return Cell(check, others)


def day(*others):
    """2026-03-01 or 1.3.2026; with slashes the month is ambiguous."""

    def check(value):
        try:
            return parse_day(value, is_dotted_allowed=True)
        except DayOutOfRange:
            message = _("“%(value)s” is not between 1900 and 2999.")
        except ValueError:
            message = _("“%(value)s” is not a date such as 2026-03-01.")
        raise BadCell(message % {"value": shorten(value)})

    return Cell(check, others)


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
