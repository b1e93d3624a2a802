"""QR codes of addresses, as vectors (reportlab's own encoder takes twice as long as segno)."""

from functools import lru_cache
from itertools import groupby

import segno
from reportlab.lib.units import mm

ALPHANUMERIC = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
QUIET = 4  # modules of white around it, as the standard wants
LEVELS = ("q", "m", "l")  # of errors corrected: 25, 15 and 7 %
SHARP = 0.33 * mm  # a module that any phone and any printer of labels can do
READABLE = 0.25 * mm


def address(farm, path):
    """The address a code leads to: ``farm`` is ``https://host``, ``path`` ``/S/CODE``.

    In capitals where a QR code can then store two characters in 11 bits; scheme and host are the
    same in either case, and so are the routes of labels.
    """
    whole = f"{farm.rstrip('/')}{path}"
    return whole.upper() if ALPHANUMERIC.issuperset(whole.upper()) else whole


def draw(canvas, text, x, y, side):
    """Draw the code of ``text`` into a square of ``side`` points, its quiet zone included."""
    matrix, module = _fitted(text, side)
    path = canvas.beginPath()
    for row, modules in enumerate(matrix):
        left, top = x + QUIET * module, y + side - (row + QUIET + 1) * module
        for is_dark, equal in groupby(modules, key=bool):
            width = len(list(equal)) * module
            if is_dark:
                path.rect(left, top, width, module)
            left += width
    canvas.setFillGray(0)
    canvas.drawPath(path, stroke=0, fill=1)


def module(text, side):
    """The side of a module, in points, where the code of ``text`` is drawn in a square of
    ``side``."""
    return _fitted(text, side)[1]


def _fitted(text, side):
    """Matrix and module of the highest level whose modules are sharp; else of the lowest."""
    for level in LEVELS:
        matrix = _matrix(text, level)
        module = side / (len(matrix) + 2 * QUIET)
        if module >= SHARP:
            break
    return matrix, module


@lru_cache(maxsize=len(LEVELS))
def _matrix(text, level):
    """Its search for the best mask is most of a label's time, and copies follow one another."""
    return segno.make(text, error=level, micro=False, boost_error=False).matrix
