"""The letters on paper: one embedded font with Latin, Greek, Cyrillic and Vietnamese.

A letter that it lacks is looked for in the fonts that SPOOLBOOK_FONTS names; where those lack it
too a ``?`` is printed in its place, and `missing` says so before anything is printed. No page
depends on what fonts the computer has that prints it.
"""

import unicodedata
from functools import cache, lru_cache
from itertools import groupby
from xml.sax.saxutils import escape

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from fontpkg_fira_sans_condensed import ROOT
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

REGULAR, BOLD = "FiraSansCondensed-Regular", "FiraSansCondensed-Bold"
UNKNOWN, ELLIPSIS = "?", "…"


def pieces(text, *, bold=False):
    """``(font name, piece)`` of a text in its order; each piece is in a font that has it."""
    placed = [_placed(letter, bold) for letter in cleaned(text)]
    return [
        (name, "".join(letter for _, letter in group))
        for name, group in groupby(placed, key=lambda each: each[0])
    ]


def width(text, size, *, bold=False):
    """How wide the text is, in points."""
    return _unit_width(text, bold) * size


def draw(canvas, x, y, text, size, *, bold=False):
    """Write one line from ``x`` on the base line ``y``."""
    for name, piece in pieces(text, bold=bold):
        canvas.setFont(name, size)
        canvas.drawString(x, y, piece)
        x += pdfmetrics.stringWidth(piece, name, size)


def missing(text):
    """The letters of a text that no font here has, each once."""
    lacking = {letter for letter in cleaned(text) if _font_of(letter, bold=False) is None}
    return "".join(sorted(lacking))


def cleaned(text):
    """A text as it can be set on a line: composed letters, and a space for what is no letter."""
    composed = unicodedata.normalize("NFC", str(text))
    printable = (" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in composed)
    return " ".join("".join(printable).split())


@cache
def load():
    """Make the fonts known; the names of ours and of the farm's own, in the order of asking."""
    own = [_register(name, ROOT / "files" / f"{name}.ttf") for name in (REGULAR, BOLD)]
    more = [_register(f"More-{number}", path) for number, path in enumerate(settings.FONTS, 1)]
    return own, more


def _register(name, path):
    try:
        pdfmetrics.registerFont(TTFont(name, str(path)))
    except (TTFError, OSError) as error:
        raise ImproperlyConfigured(
            f"SPOOLBOOK_FONTS: {path} can't be used: {error} A TrueType font (.ttf) is needed."
        ) from error
    return name


def _placed(letter, bold):
    name = _font_of(letter, bold=bold)
    return (name, letter) if name else (BOLD if bold else REGULAR, UNKNOWN)


@cache
def _letters(name):
    return frozenset(pdfmetrics.getFont(name).face.charToGlyph)


def _font_of(letter, *, bold):
    """The first font that has the letter, or None."""
    (regular, heavy), more = load()
    candidates = (heavy if bold else regular, *more)
    return next((name for name in candidates if ord(letter) in _letters(name)), None)


@lru_cache(maxsize=4096)
def _unit_width(text, bold):
    return sum(pdfmetrics.stringWidth(piece, name, 1) for name, piece in pieces(text, bold=bold))


def markup(text, *, bold=False):
    """The text as the markup of a paragraph, each piece in its font; lines are kept."""
    return "<br/>".join(
        "".join(
            f'<font name="{name}">{escape(piece)}</font>' for name, piece in pieces(line, bold=bold)
        )
        for line in str(text).strip().splitlines()
    )
