"""Colour differences, by values that were published."""

import pytest

from inventory import colors

# Sharma, Wu and Dalal, The CIEDE2000 Color-Difference Formula (2005), table 1.
PUBLISHED = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
    ((50, 2.8361, -74.0200), (50, 0, -82.7485), 3.4412),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, -1.1848, -84.8006), (50, 0, -82.7485), 1.0000),
    ((50, -0.9009, -85.5211), (50, 0, -82.7485), 1.0000),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, -1, 2), (50, 0, 0), 2.3669),
    ((50, 2.49, -0.0010), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.49, -0.0010), (50, -2.49, 0.0010), 7.1792),
    ((50, 2.49, -0.0010), (50, -2.49, 0.0011), 7.2195),
    ((50, 2.49, -0.0010), (50, -2.49, 0.0012), 7.2195),
    ((50, -0.0010, 2.49), (50, 0.0009, -2.49), 4.8045),
    ((50, -0.0010, 2.49), (50, 0.0010, -2.49), 4.8045),
    ((50, -0.0010, 2.49), (50, 0.0011, -2.49), 4.7461),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (61, -5, 29), 22.8977),
    ((50, 2.5, 0), (56, -27, -3), 31.9030),
    ((50, 2.5, 0), (58, 24, 15), 19.4535),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.2630),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "other", "expected"), PUBLISHED)
def test_the_difference_is_that_of_the_published_table(one, other, expected):
    assert colors.ciede2000(one, other) == pytest.approx(expected, abs=5e-5)
    assert colors.ciede2000(other, one) == pytest.approx(expected, abs=5e-5)


def test_hex_digits_are_compared_as_they_look():
    assert colors.difference("FF8800", "FF8800") == 0
    assert colors.difference("FF8800", "FF880080") == 0  # what is behind it counts not
    assert colors.difference("000000", "FFFFFF") == pytest.approx(100, abs=0.01)
    red = {each: colors.difference("FF0000", each) for each in ("F01010", "C03000", "0000FF")}
    assert sorted(red, key=red.get) == list(red)
    assert red["F01010"] < 5 < red["C03000"] < 20 < red["0000FF"]
