"""How alike two colours look.

By the distance in CIELAB (CIE 1976): about 2 is what an eye can tell apart side by side, 20 is
still "such a red". sRGB and D65 as in IEC 61966-2-1; what is behind a transparent one counts not.
Printers' programs expect distances by CIE94, with the weights of graphic arts. What is proposed for
a colour of a sliced file goes by CIEDE2000, which is nearest to what people see.
"""

from functools import lru_cache
from math import atan2, cos, degrees, dist, exp, hypot, radians, sin, sqrt

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


def difference(one, other):
    """How different two colours look, by CIEDE2000: 1 is just seen, 100 is black and white."""
    return ciede2000(_lab(one), _lab(other))


def ciede2000(one, other):
    """The colour difference of two Lab triples, with all weights 1: CIE 142-2001, as written out by
    Sharma, Wu and Dalal (2005), whose symbols these are."""
    (l_1, a_1, b_1), (l_2, a_2, b_2) = one, other
    g = 0.5 * (1 - _share_of_7th((hypot(a_1, b_1) + hypot(a_2, b_2)) / 2))
    a_1, a_2 = (1 + g) * a_1, (1 + g) * a_2
    c_1, c_2 = hypot(a_1, b_1), hypot(a_2, b_2)
    h_1, h_2 = degrees(atan2(b_1, a_1)) % 360, degrees(atan2(b_2, a_2)) % 360
    h, turn = _mean_hue(h_1, h_2) if c_1 * c_2 else (h_1 + h_2, 0)
    lightness, c = (l_1 + l_2) / 2, (c_1 + c_2) / 2
    t = 1 - 0.17 * _cos(h - 30) + 0.24 * _cos(2 * h)
    t += 0.32 * _cos(3 * h + 6) - 0.20 * _cos(4 * h - 63)
    off_middle = (lightness - 50) ** 2
    of_lightness = (l_2 - l_1) / (1 + 0.015 * off_middle / sqrt(20 + off_middle))
    of_chroma = (c_2 - c_1) / (1 + 0.045 * c)
    of_hue = 2 * sqrt(c_1 * c_2) * sin(radians(turn / 2)) / (1 + 0.015 * c * t)
    rotation = 2 * _share_of_7th(c) * sin(radians(60 * exp(-(((h - 275) / 25) ** 2))))
    squares = of_lightness**2 + of_chroma**2 + of_hue**2 - rotation * of_chroma * of_hue
    return sqrt(max(squares, 0))


def _mean_hue(h_1, h_2):
    """The hue halfway between two, in degrees, and the turn from the first to the second."""
    mean, turn = (h_1 + h_2) / 2, h_2 - h_1
    if abs(turn) <= 180:
        return mean, turn
    return (mean + 180) % 360, turn - 360 if turn > 0 else turn + 360


def _share_of_7th(chroma):
    return sqrt(chroma**7 / (chroma**7 + 25**7))


def _cos(angle):
    return cos(radians(angle))


def _cie94(wanted, other):
    """Not the same the other way round: it is the chroma of ``wanted`` that weighs."""
    lightness, a, b = (one - two for one, two in zip(wanted, other, strict=True))
    chroma = hypot(wanted[1], wanted[2])
    of_chroma = chroma - hypot(other[1], other[2])
    of_hue = max(a**2 + b**2 - of_chroma**2, 0)
    chroma_weight, hue_weight = 1 + 0.045 * chroma, 1 + 0.015 * chroma
    return sqrt(lightness**2 + (of_chroma / chroma_weight) ** 2 + of_hue / hue_weight**2)


@lru_cache(4096)
def _lab(color):
    srgb = [int(color[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    rgb = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in srgb]
    xyz = [sum(map(float.__mul__, row, rgb)) / white for row, white in zip(XYZ, WHITE, strict=True)]
    x, y, z = (
        part ** (1 / 3) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116 for part in xyz
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)
