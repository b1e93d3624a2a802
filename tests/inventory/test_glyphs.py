"""A spool as a picture: what is left by the radius, what it is by its colours and its finish."""

import re

import pytest

from inventory.glyphs import spool_glyph
from inventory.models import Filament, MaterialType, Spool

RED = {"color_hex": "FF0000"}
TWO = {"multi_color_hexes": ["FF0000", "00FF00"]}
COAXIAL = TWO | {"multi_color_direction": "coaxial"}
LONGITUDINAL = TWO | {"multi_color_direction": "longitudinal"}


def filament(code="PLA", **values):
    return Filament(material_type=MaterialType(code=code), **values)


def radius_of(spool):
    [radius] = re.findall(r'r="([\d.]+)" fill="#FF0000"', spool_glyph(spool))
    return float(radius)


def test_the_winding_takes_the_place_that_the_filament_has_on_the_reel():
    def left(grams):
        return Spool(filament=filament(**RED), initial_grams=1000, remaining_grams=grams)

    radii = [radius_of(left(grams)) for grams in (1, 250, 500, 740, 1000, 1100)]
    assert radii == [9.3, 11.6, 14.0, 15.9, 17.8, 17.8]
    assert radius_of(filament(**RED)) == 17.8
    assert "#FF0000" not in spool_glyph(left(0))


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        (RED, []),
        (COAXIAL, ["path:#FF0000", "path:#00FF00"]),
        (LONGITUDINAL, ["circle:#FF0000", "circle:#00FF00"]),
        (RED | {"finish": "translucent"}, ["spoke", 'fill-opacity="0.62"']),
        ({"color_hex": "FF000080"}, ["spoke", 'fill-opacity="0.62"', "circle:#FF0000"]),
        (RED | {"finish": "silk"}, ["A12.1 12.1"]),
        (RED | {"finish": "sparkle"}, ["h0"]),
        (RED | {"code": "PETG-CF"}, ["dasharray"]),
        ({}, ['class="edge"', 'fill="none"']),
    ],
)
def test_each_kind_of_filament_has_a_look_of_its_own(values, parts):
    glyph = spool_glyph(filament(**values))
    fills = re.findall(r'<(path|circle)[^>]*fill="(#\w+)"', glyph)
    found = glyph + " ".join(f"{shape}:{color}" for shape, color in fills)
    assert [part for part in parts if part not in found] == []
    plain = spool_glyph(filament(**RED))
    assert (glyph == plain) == (values == RED)
    assert "style" not in glyph


def test_a_picture_without_words_beside_it_has_a_name_which_is_escaped():
    assert 'aria-hidden="true"' in spool_glyph(None)
    glyph = spool_glyph(filament(**RED), size="xl", title="<PLA>")
    assert 'role="img"><title>&lt;PLA&gt;</title>' in glyph
    assert glyph.count('class="wind"') > 5
