"""What a cell of a table may hold, kind by kind. Nothing is repaired, nothing is guessed.

A decimal comma is one where it can be nothing else: ``19,99`` and ``1.234,5`` are. ``1,234`` may
be a thousand, and is refused, unless other cells of the table show that it is written with
decimal commas; then ``1.234`` is refused.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from inventory.models.catalogue import COLOR_HEX
from inventory.services.tables.reading import shown
from tenants.operations.quantities import GramsField, MoneyField, rounded
from tenants.operations.refusals import Invalid

LONGEST_NUMBER = 40
PLAIN = re.compile(r"[0-9]+")
DECIMAL = re.compile(r"[0-9]*(?P<mark>[.,])[0-9]+")
PERHAPS_A_THOUSAND = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
GROUPED = re.compile(
    r"[0-9]{1,3}(?P<group>[., '’])[0-9]{3}((?P=group)[0-9]{3})*"
    r"((?P<mark>(?!(?P=group))[.,])[0-9]+)?"
)
ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
DOTTED_DAY = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
YEARS = range(1900, 3000)


class BadCell(Invalid):
    """A cell that can't be what its column says."""

    code = "bad_cell"


@dataclass(frozen=True)
class Cell:
    """A column: how its cells are read (``read(text, has_decimal_commas=...)``), and the other
    names that it goes by."""

    read: object
    others: tuple = ()
    is_number: bool = False


def has_decimal_commas(texts):
    """Whether the numbers of a table show decimal commas, and no decimal points."""
    marks = {_mark(text.lstrip("+-")) for text in texts if len(text) <= LONGEST_NUMBER}
    return "," in marks and "." not in marks


def text(longest, *others):
    """Text of at most so many characters."""

    def read(cell, **_):
        if len(cell) > longest:
            raise BadCell(f"Longer than {longest} characters.")
        return cell

    return Cell(read, others)


def quantity(
    *others, digits=GramsField.digits, places=GramsField.places, least="0", above=None, most=None
):
    """A number in its bounds, rounded half up; ``above``: more than that."""

    def read(cell, *, has_decimal_commas=False):
        figure = _number(cell, has_decimal_commas)
        try:
            figure = rounded(figure, digits=digits, places=places, field="It")
        except Invalid as refusal:
            raise BadCell(f"{refusal}") from refusal
        if figure < Decimal(least) or (above is not None and figure <= Decimal(above)):
            raise BadCell(f"“{shown(cell)}” is too little.")
        if most is not None and figure > Decimal(most):
            raise BadCell(f"“{shown(cell)}” is too much.")
        return figure

    return Cell(read, others, is_number=True)


def money(*others):
    """An amount in the farm's currency, net of VAT."""
    return quantity(*others, digits=MoneyField.digits, places=MoneyField.places)


def degrees(*others):
    """Degrees Celsius, whole."""
    whole = quantity(*others, digits=6, places=0, most="1000")
    return Cell(lambda cell, **style: int(whole.read(cell, **style)), others, is_number=True)


def pattern(expression, said, *others, normal=str):
    """Text of a certain look; ``said`` is what is wanted, ``normal`` is done to it before."""

    def read(cell, **_):
        if not re.fullmatch(expression, normal(cell)):
            raise BadCell(f"“{shown(cell)}” is not {said}.")
        return normal(cell)

    return Cell(read, others)


def color(*others):
    """6 or 8 hex digits."""
    said = "6 or 8 hex digits, such as FF8800"
    return pattern(COLOR_HEX, said, *others, normal=lambda cell: cell.lstrip("#").upper())


def day(*others):
    """2026-03-01 or 1.3.2026; with slashes nobody knows which is the month."""

    def read(cell, **_):
        if found := ISO_DAY.fullmatch(cell):
            parts = found.groups()
        elif found := DOTTED_DAY.fullmatch(cell):
            parts = reversed(found.groups())
        else:
            raise BadCell(f"“{shown(cell)}” is not a date such as 2026-03-01.")
        return _day(cell, *map(int, parts))

    return Cell(read, others)


def _day(cell, year, month, day_of_month):
    try:
        found = date(year, month, day_of_month)
    except ValueError as error:
        raise BadCell(f"“{cell}” is not a day of the calendar.") from error
    if year not in YEARS:
        raise BadCell(f"“{cell}” is not a day of our times.")
    return found


def _number(cell, has_decimal_commas):
    sign, digits = ("-", cell[1:]) if cell[:1] == "-" else ("", cell.removeprefix("+"))
    if len(digits) <= LONGEST_NUMBER and PLAIN.fullmatch(digits):
        return Decimal(sign + digits)
    mark = _mark(digits) if len(digits) <= LONGEST_NUMBER else None
    if mark is None and PERHAPS_A_THOUSAND.fullmatch(digits):
        mark = "," if has_decimal_commas else "."
        if mark not in digits:
            raise _ambiguous(cell, digits)
    if mark is None:
        raise BadCell(f"“{shown(cell)}” is not a number.")
    return Decimal(sign + re.sub(f"[^0-9{mark}]", "", digits).replace(",", "."))


def _ambiguous(cell, digits):
    thousands, point = re.sub("[.,]", "", digits), digits.replace(",", ".")
    return BadCell(
        f"“{cell}” may be {thousands} or {point}: write {thousands}, or {point}0 with a point."
    )


def _mark(digits):
    """The decimal mark of a number that can be read in one way only; None where there is none
    ("" where it has groups of thousands alone)."""
    if PERHAPS_A_THOUSAND.fullmatch(digits):
        return None
    if found := DECIMAL.fullmatch(digits):
        return found["mark"]
    if found := GROUPED.fullmatch(digits):
        return found["mark"] or ""
    return None
