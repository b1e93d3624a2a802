"""A spool as it is on the shelf, as SVG: its colours, its finish, and by the radius of the winding
what is left. Colours are attributes, for the Content-Security-Policy.
"""

import re
from functools import lru_cache
from math import cos, pi, sin, sqrt
from typing import NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

FULL, CORE = 17.8, 8.6  # radii of the winding, of 20
THINNEST = 0.7  # of the last gram, so that it still has a colour
FIBRE = re.compile(r"(?<![A-Z])(CF|GF)(?![A-Z])|CARBON|GLASS")  # in the material's code
FLANGE = SafeString('<circle r="19"/>')  # the first circle of a reel has its style, as the last has
HUB = SafeString('<circle r="4.6"/>')
EMPTY = SafeString('<g class="empty"><circle r="18.6"/><circle r="4.6"/></g>')
EDGE = SafeString(' class="edge"')
DISC = '<circle{} r="{}" fill="{}"/>'
SECTOR = '<path d="{}" fill="{}"/>'
LINE = '<circle class="{}" r="{}"/>'
HIGHLIGHTS = (
    '<path d="{}" fill="none" stroke="#fff" stroke-opacity=".55" stroke-width="{}"'
    ' stroke-linecap="round"/>'
)
DOTS = (
    '<path d="{}" fill="none" stroke="#fff" stroke-opacity=".85" stroke-width="1.8"'
    ' stroke-linecap="round"/>'
)
FIBRES = (
    '<circle r="{}" fill="none" stroke="#fff" stroke-opacity=".42"'
    ' stroke-width=".9" stroke-dasharray="2.6 {}"/>'
)
UNNAMED = SafeString('aria-hidden="true">')


def spool_glyph(subject, *, size="", title=""):
    """A spool with what is left on it, a filament as a full spool, or None: an empty slot.

    ``size`` is a class of the style sheet: ``s``, ``m``, ``l``, ``xl``. With a ``title`` it is a
    picture of that name; without, its name has to be beside it.
    """
    filament = getattr(subject, "filament", subject)
    share = filament and _share(subject)
    return format_html(
        '<svg class="spool {}" viewBox="-20 -20 40 40" {}{}</svg>',
        size,
        format_html('role="img"><title>{}</title>', title) if title else UNNAMED,
        _drawn(_look(filament), share, is_large=size == "xl") if filament else EMPTY,
    )


class Appearance(NamedTuple):
    """What a drawing depends on of a filament."""

    hexes: tuple
    is_coaxial: bool
    is_silk: bool
    is_sparkling: bool
    is_translucent: bool
    has_fibres: bool


def _look(filament):
    return Appearance(
        hexes=tuple(filament.hexes),
        is_coaxial=filament.multi_color_direction == filament.Direction.COAXIAL,
        is_silk=filament.finish == filament.Finish.SILK,
        is_sparkling=filament.finish == filament.Finish.SPARKLE,
        is_translucent=filament.is_translucent,
        has_fibres=bool(FIBRE.search(filament.material_type.code)),
    )


@lru_cache(maxsize=4096)
def _drawn(look, share, *, is_large):
    """What is within the SVG; of these values alone, so that it is drawn once."""
    return _joined(_reel(look, share, is_large=is_large))


def _joined(parts):
    return format_html_join("", "{}", ((part,) for part in parts))


def _share(subject):
    """What is left, from 0 to 1; a filament is full."""
    initial = getattr(subject, "initial_grams", None)
    return max(0, min(1, subject.live_grams / initial)) if initial else 1


def _reel(look, share, *, is_large):
    if not share:
        return [FLANGE, HUB]
    radius = max(CORE + THINNEST, sqrt(CORE**2 + (FULL**2 - CORE**2) * float(share)))
    winding = _winding(look, radius)
    if look.is_translucent:
        winding = format_html('{}<g fill-opacity="0.62">{}</g>', _spokes(), winding)
    finish = _joined(_finish(look, radius))
    turns = int((radius - 6) / 1.2) if is_large else 0
    lines = [format_html(LINE, "wind", f"{6.6 + 1.2 * turn:.1f}") for turn in range(turns)]
    return [FLANGE, winding, finish, *lines, HUB]


def _winding(look, radius):
    colors = [f"#{each[:6]}" for each in look.hexes] or ["none"]
    if look.is_coaxial:
        disc = format_html(DISC, EDGE, f"{radius:.1f}", "none")
        return format_html_join("", SECTOR, _sectors(colors, radius)) + disc
    step = (radius - 5) / len(colors)
    rings = [("", f"{radius - at * step:.1f}", color) for at, color in enumerate(colors)]
    rings[0] = (EDGE, *rings[0][1:])
    return format_html_join("", DISC, rings)


def _sectors(colors, radius):
    """Equal ones, two of them from the upper left to the lower right."""
    part, first = 2 * pi / len(colors), -3 * pi / 4 if len(colors) == 2 else -pi / 2
    for at, color in enumerate(colors):
        start, end = (_at(first + place * part, radius) for place in (at, at + 1))
        yield f"M0 0L{start}A{radius:.1f} {radius:.1f} 0 0 1 {end}z", color


def _at(angle, radius):
    return f"{radius * cos(angle):.1f} {radius * sin(angle):.1f}"


def _spokes():
    angles = [pi / 12 + number * pi / 3 for number in range(6)]
    path = "".join(f"M{_at(angle, 5)}L{_at(angle, 18.6)}" for angle in angles)
    return format_html('<path class="spoke" d="{}"/>', path)


def _finish(look, radius):
    if look.is_silk:
        middle = radius * 0.68
        arc = f"A{middle:.1f} {middle:.1f} 0 0 1 "
        starts = (-5 * pi / 6, pi / 6)
        path = "".join(f"M{_at(at, middle)}{arc}{_at(at + pi / 4, middle)}" for at in starts)
        yield format_html(HIGHLIGHTS, path, f"{radius * 0.18:.1f}")
    if look.is_sparkling:  # by the golden angle: the same each time
        dots = (_at(2.4 * at, 5.5 + (radius - 6.5) * sqrt((at + 0.5) / 12)) for at in range(12))
        yield format_html(DOTS, "".join(f"M{dot}h0" for dot in dots))
    if look.has_fibres:
        rings = ((0.45, "3.4"), (0.68, "4.4"), (0.9, "5.4"))
        yield format_html_join("", FIBRES, ((f"{radius * at:.1f}", gap) for at, gap in rings))
