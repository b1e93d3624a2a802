"""How alike two colours look.

By the distance in CIELAB (CIE 1976): about 2 is what an eye can tell apart side by side, 20 is
still "such a red". sRGB and D65 as in IEC 61966-2-1; what is behind a transparent one counts not.
Printers' programs expect distances by CIE94, with the weights of graphic arts.
"""

from math import dist, hypot, sqrt

HEX = r"^([0-9A-F]{6}|[0-9A-F]{8})$"
ALIKE = 20
WHITE = 0.95047, 1.0, 1.08883
XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)


def normalise(text):
    """The digits of ``#ff8800``, in upper case."""
    return text.strip().lstrip("#").upper()


def alike(wanted, hexes):
    """Those of the ``hexes`` (6 or 8 digits) that look like ``wanted``."""
    lab = _lab(wanted)
    return [each for each in hexes if dist(_lab(each), lab) <= ALIKE]


def nearness(wanted, hexes, *, within):
    """Of each of the ``hexes`` that is so near to ``wanted``, its distance by CIE94."""
    lab = _lab(wanted)
    distances = {each: _cie94(lab, _lab(each)) for each in hexes}
    return {each: distance for each, distance in distances.items() if distance <= within}


def _cie94(wanted, other):
    """Not the same the other way round: it is the chroma of ``wanted`` that weighs."""
    lightness, a, b = (one - two for one, two in zip(wanted, other, strict=True))
    chroma = hypot(wanted[1], wanted[2])
    of_chroma = chroma - hypot(other[1], other[2])
    of_hue = max(a**2 + b**2 - of_chroma**2, 0)
    chroma_weight, hue_weight = 1 + 0.045 * chroma, 1 + 0.015 * chroma
    return sqrt(lightness**2 + (of_chroma / chroma_weight) ** 2 + of_hue / hue_weight**2)


def _lab(color):
    srgb = [int(color[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    rgb = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in srgb]
    xyz = [sum(map(float.__mul__, row, rgb)) / white for row, white in zip(XYZ, WHITE, strict=True)]
    x, y, z = (
        part ** (1 / 3) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116 for part in xyz
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)
