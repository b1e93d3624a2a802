"""QR codes of addresses, as vectors (reportlab's own encoder takes twice as long as segno)."""

from functools import lru_cache

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
        top = y + side - (row + QUIET + 1) * module
        for start, length in _dark_stretches(modules):
            path.rect(x + (start + QUIET) * module, top, length * module, module)
    canvas.setFillGray(0)
    canvas.drawPath(path, stroke=0, fill=1)


@lru_cache(maxsize=1)
def _matrix(text):
    """Its search for the best mask is most of a label's time, and copies follow one another."""
    return segno.make(text, error="q", micro=False, boost_error=False).matrix


def _dark_stretches(modules):
    """``(start, length)`` of what is dark in a row, as few rectangles as can be."""
    start = None
    for place, is_dark in enumerate([*modules, 0]):
        if is_dark and start is None:
            start = place
        elif not is_dark and start is not None:
            yield start, place - start
            start = None
