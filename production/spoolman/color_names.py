"""Names and digits of colours."""

import re

from reportlab.lib.colors import getAllNamedColors

DIGITS = re.compile(r"#?([0-9A-F]{3}|[0-9A-F]{6})", re.IGNORECASE)
# What reportlab lacks of those that CSS has a name for.
MORE = {"lightgray": "D3D3D3", "rebeccapurple": "663399"}
# What it has besides.
OTHER = {"cornflower", "fidblue", "fidlightblue", "fidred", "transparent"}


def _names():
    known = {
        name: color.hexval()[2:].upper()
        for name, color in getAllNamedColors().items()
        if name.isalpha() and name.islower() and name not in OTHER
    }
    return known | MORE


NAMES = _names()


def resolve(words):
    """Six hex digits of ``#abc``, ``aabbcc`` or ``Light Grey``, or None."""
    word = "".join(words.lower().split())
    if match := DIGITS.fullmatch(word):
        digits = match[1].upper()
        return digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    return NAMES.get(word)
