"""Fonts of documents: one embedded font with Latin, Greek, Cyrillic and Vietnamese.

A letter that it lacks is taken from the fonts that SPOOLBOOK_FONTS names, or is printed as ``?``;
`missing` finds these before. No page depends on the fonts of the computer that prints it.
"""

import unicodedata
from functools import cache, lru_cache
from itertools import groupby
from xml.sax.saxutils import escape

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _
from fontpkg_fira_sans_condensed import ROOT
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

REGULAR, BOLD = "FiraSansCondensed-Regular", "FiraSansCondensed-Bold"
UNKNOWN, ELLIPSIS = "?", "…"


def pieces(text, *, bold=False):
    """``(font name, piece)`` of a text in its order; each piece is in a font that has it."""
    ours = (BOLD if bold else REGULAR, UNKNOWN)
    fonts = ((_font_of(letter, bold=bold), letter) for letter in cleaned(text))
    placed = (each if each[0] else ours for each in fonts)
    return [
        (name, "".join(letter for _name, letter in group))
        for name, group in groupby(placed, key=lambda each: each[0])
    ]


def width(text, size, *, bold=False):
    return size * _unit_width(text, bold)


def draw(canvas, x, y, text, size, *, bold=False):
    """Write one line from ``x`` on the base line ``y``."""
    for name, piece in pieces(text, bold=bold):
        canvas.setFont(name, size)
        canvas.drawString(x, y, piece)
        x += pdfmetrics.stringWidth(piece, name, size)


def missing(text):
    """The letters of a text that no font has, each once."""
    lacking = {letter for letter in cleaned(text) if _font_of(letter, bold=False) is None}
    return "".join(sorted(lacking))


def cleaned(text):
    """A text as it can be set on a line: composed letters, and a space for what is no letter."""
    composed = unicodedata.normalize("NFC", str(text))
    printable = (" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in composed)
    return " ".join("".join(printable).split())


@cache
def load():
    """Register the fonts; the names of ours, and of the farm's own in their order."""
    own = [_register(name, ROOT / "files" / f"{name}.ttf") for name in (REGULAR, BOLD)]
    more = [_register(f"More-{number}", path) for number, path in enumerate(settings.FONTS, 1)]
    return own, more


def _register(name, path):
    try:
        pdfmetrics.registerFont(TTFont(name, str(path)))
    except (TTFError, OSError) as error:
        message = _(
            "SPOOLBOOK_FONTS: %(path)s can't be used: %(error)s A TrueType font (.ttf) is needed."
        )
        raise ImproperlyConfigured(message % {"path": path, "error": error}) from error
    return name


@cache
def _letters(name):
    return frozenset(pdfmetrics.getFont(name).face.charToGlyph)


def _font_of(letter, *, bold):
    (regular, heavy), more = load()
    candidates = (heavy if bold else regular, *more)
    return next((name for name in candidates if ord(letter) in _letters(name)), None)


@lru_cache(maxsize=4096)
def _unit_width(text, bold):
    return sum(pdfmetrics.stringWidth(piece, name, 1) for name, piece in pieces(text, bold=bold))


def markup(text, *, bold=False):
    """The text as the markup of a paragraph, each piece in its font; line breaks stay."""
    tag = '<font name="%s">%s</font>'
    return "<br/>".join(
        "".join(tag % (name, escape(piece)) for name, piece in pieces(line, bold=bold))
        for line in str(text).strip().splitlines()
    )
