"""Names as people see them: two that look the same are the same, and each can be seen.

A name may come composed or in parts (é is one character or two), or hold characters without a
look of their own: marks that turn the direction of writing round, spaces of no width. What is
unique by its characters is not unique to people then, and can be made to look like another's.
"""

import unicodedata
from decimal import ROUND_HALF_UP, Context, Decimal

from django.db import models
from django.utils.formats import number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from tenants.operations.refusals import Invalid

WIDE = Context(prec=60)  # a sum may have more digits than a column

INVISIBLE_CATEGORIES = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
FILLERS = "\u034f\u115f\u1160\u2800\u3164\uffa0"  # letters by name, and empty to look at
MINUS = "\N{MINUS SIGN}"
JOINERS = "\u200c\u200d"  # Persian, Hindi and emoji are written with them


def nfc(text):
    """The text with each letter as one character, where there is one (NFC)."""
    return unicodedata.normalize("NFC", text)


def one_line(text):
    """A name as it is stored and looked for: composed, with single spaces between its words,
    whatever kind of space was typed."""
    return " ".join(nfc(text).split())


def folded(text):
    """A name for comparison, whatever its case."""
    return one_line(text).casefold()


def compose_names(row):
    """Put each text of one line of a row into the form in which it is stored. Raises Invalid
    where one has a character that can't be seen."""
    errors = {}
    for field in row._meta.concrete_fields:
        text = getattr(row, field.attname) if isinstance(field, models.CharField) else None
        if isinstance(text, str):
            setattr(row, field.attname, one_line(text))
            if found := first_invisible_character(text):
                message = _("It holds a character that can’t be seen (%(found)s).")
                errors[field.name] = [message % {"found": found}]
    if errors:
        details = (f"{humanize_name(name).capitalize()}: {errors[name][0]}" for name in errors)
        raise Invalid("; ".join(details), errors=errors)


def first_invisible_character(text):
    """The first character that can't be seen, as ``U+200B``; "" where all can."""
    before = ""
    for letter in text:
        if _is_invisible(letter, before):
            return f"U+{ord(letter):04X}"
        before = letter
    return ""


def _is_invisible(letter, before):
    if letter in JOINERS:
        return before.isascii()
    return letter in FILLERS or unicodedata.category(letter) in INVISIBLE_CATEGORIES


def format_number(number):
    """A figure for a sentence: at most two decimals, no trailing zeros (``12.5``, ``1000``);
    on the floor as the farm's locale writes it (``12,5``); with a true minus."""
    rounded = half_up(number, 2).normalize() or Decimal(0)  # not -0
    return number_format(f"{rounded:f}", use_l10n=True).replace("-", MINUS)


def format_amount(number, *, is_signed=False):
    """A figure with two decimals for a sentence (``12.50``, ``+12.50``), as `format_number`."""
    text = number_format(half_up(number, 2), decimal_pos=2, use_l10n=True).replace("-", MINUS)
    return f"+{text}" if is_signed and number > 0 else text


def half_up(number, places):
    """A figure for people: so many decimals, a half rounded up."""
    return Decimal(number).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, WIDE)


def format_moment(at):
    """A moment for a sentence, by the farm's clock (``2026-03-01 14:05``)."""
    return f"{localtime(at):%Y-%m-%d %H:%M}"


def format_time(at):
    """A moment of a day that is known, by the farm's clock (``14:05``)."""
    return f"{localtime(at):%H:%M}"


def humanize_name(name):
    """The name of a verb or a field for sentences: ``swap_spool`` as ``swap spool``; "" if None."""
    return (name or "").replace("_", " ")
