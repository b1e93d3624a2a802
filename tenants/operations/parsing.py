"""Decimals and days out of text: exactly as programs write them, or as people do."""

import re
from datetime import date
from decimal import Decimal

YEARS = range(1900, 3000)
MAX_TYPED_DIGITS = 40
EXACT = re.compile(r"[+-]?([0-9]{1,400}(\.[0-9]{0,400})?|\.[0-9]{1,400})([eE][+-]?[0-9]{1,6})?")
TYPED = re.compile(
    r"[0-9]+"
    r"|[0-9]*(?P<mark>[.,])[0-9]+"
    r"|[0-9]{1,3}(?P<group>[., '’])[0-9]{3}((?P=group)[0-9]{3})*"
    r"((?P<mark_after_groups>(?!(?P=group))[.,])[0-9]+)?"
)
DECIMALS_OR_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
DOTTED_DAY = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")


class AmbiguousNumber(ValueError):
    """A number that may be meant as ``thousands`` or as ``decimals`` (both plainly written)."""

    def __init__(self, digits):
        super().__init__(digits)
        self.thousands, self.decimals = re.sub("[.,]", "", digits), digits.replace(",", ".")


class DayOutOfRange(ValueError):
    """A day outside of YEARS."""


def parse_decimal(text, *, mark=None):
    """``text`` as a Decimal. Raises ValueError, AmbiguousNumber.

    Without ``mark`` it has a decimal point, no groups, and may have an exponent. With the decimal
    mark ("." or ",") that people use here, both marks and groups of thousands are understood
    where they can be read in one way only: ``1.234,5`` and ``1,5`` always can, ``1.234`` is
    ambiguous where the mark is a comma.
    """
    if mark is None:
        if not EXACT.fullmatch(text):
            raise ValueError(text)
        return Decimal(text)
    sign, digits = ("-", text[1:]) if text[:1] == "-" else ("", text.removeprefix("+"))
    if (found := decimal_mark(digits)) is None:
        if len(digits) > MAX_TYPED_DIGITS or not DECIMALS_OR_THOUSANDS.fullmatch(digits):
            raise ValueError(text)
        if mark not in digits:
            raise AmbiguousNumber(digits)
        found = mark
    return Decimal(sign + re.sub(f"[^0-9{found}]", "", digits).replace(",", "."))


def decimal_mark(digits):
    """The decimal mark of a number without a sign ("" where it has none); None where it can be
    read in two ways, or is no number."""
    if len(digits) > MAX_TYPED_DIGITS or DECIMALS_OR_THOUSANDS.fullmatch(digits):
        return None
    if not (found := TYPED.fullmatch(digits)):
        return None
    return found["mark"] or found["mark_after_groups"] or ""


def parse_day(text, *, is_dotted_allowed=False):
    """``2026-03-01`` (and ``1.3.2026`` where dots are allowed) as a date.

    Raises ValueError, DayOutOfRange.
    """
    if found := ISO_DAY.fullmatch(text):
        parts = found.groups()
    elif is_dotted_allowed and (found := DOTTED_DAY.fullmatch(text)):
        parts = reversed(found.groups())
    else:
        raise ValueError(text)
    day = date(*map(int, parts))
    if day.year not in YEARS:
        raise DayOutOfRange(text)
    return day
