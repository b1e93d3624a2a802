"""QR codes of addresses, as vectors (reportlab's own encoder takes twice as long as segno)."""

from functools import lru_cache
from itertools import groupby

import segno

ALPHANUMERIC = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
QUIET = 4  # modules of white around it, as the standard wants


def address(farm, path):
    """The address a code leads to: ``farm`` is ``https://host``, ``path`` ``/S/CODE``.

    In capitals where a QR code can then store two characters in 11 bits; scheme and host are the
    same in either case, and so are the routes of labels.
    """
    whole = f"{farm.rstrip('/')}{path}"
    return whole.upper() if ALPHANUMERIC.issuperset(whole.upper()) else whole


def draw(canvas, text, x, y, side):
    """Draw the code of ``text`` (error level Q) into a square of ``side`` points, its quiet zone
    included."""
    matrix = _matrix(text)
    module = side / (len(matrix) + 2 * QUIET)
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


@lru_cache(maxsize=1)
def _matrix(text):
    """Its search for the best mask is most of a label's time, and copies follow one another."""
    return segno.make(text, error="q", micro=False, boost_error=False).matrix
