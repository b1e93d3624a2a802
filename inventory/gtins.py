"""GTINs, the numbers of barcodes: 8, 12, 13 or 14 digits, of which the last is a check digit.

Leading zeros add nothing to the number: two GTINs are the same if they are with 14 digits.
By the GS1 General Specifications, 7.9.
"""

import re

LENGTHS = (8, 12, 13, 14)


def bare(text):
    """``text`` without spaces and hyphens."""
    return re.sub(r"[\s-]", "", text)


def normalise(text):
    """``text`` without spaces and hyphens, and with the leading zeros that were lost."""
    digits = bare(text)
    if not re.fullmatch(r"[0-9]{7,14}", digits):
        return digits
    return digits.zfill(next(length for length in LENGTHS if length >= len(digits)))


def is_valid(gtin):
    """Whether a normalised GTIN has the right length and check digit."""
    return has_right_length(gtin) and int(gtin) > 0 and check_digit(gtin[:-1]) == gtin[-1]


def has_right_length(gtin):
    return len(gtin) in LENGTHS and gtin.isascii() and gtin.isdigit()


def check_digit(digits):
    """The last digit of a GTIN, of the ones before it: weights 3 and 1 in turn, from the right."""
    weighted = (int(digit) * (1 if at % 2 else 3) for at, digit in enumerate(reversed(digits)))
    return str(-sum(weighted) % 10)


def in_full(gtin):
    """A normalised GTIN with 14 digits, to compare it."""
    return gtin.zfill(LENGTHS[-1])


def of_unit(gtin):
    """The 14 digits of the unit in a case (a GTIN-14 that begins with 1 to 8); else its own."""
    gtin = in_full(gtin)
    if gtin[0] in "09":
        return gtin
    return in_full(gtin[1:13] + check_digit(gtin[1:13]))
