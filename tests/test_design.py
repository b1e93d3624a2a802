"""The design, as far as it can be computed: contrast of the tokens, and what style sheets and
templates may name."""

import re
from itertools import product
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[1] / "static"
TEMPLATES = Path(__file__).parents[1] / "templates"
TOKEN = re.compile(r"--sb-([\w-]+):\s*(?:light-dark\((#\w+), (#\w+)\)|(#\w+));")
TEXT, SHAPE = 7, 3  # WCAG 2.2: 1.4.6, 1.4.11
SURFACES = ("paper", "surface", "raised", "sunken")
STATUSES = ("running", "planned", "needs", "blocked", "completed", "failed")
PAIRS = {
    **dict.fromkeys(product(("ink", "quiet"), SURFACES), TEXT),
    **dict.fromkeys(product(("ink",), [f"{each}-soft" for each in STATUSES]), TEXT),
    **dict.fromkeys(product(("ink", "accent"), ("accent-soft",)), TEXT),
    **dict.fromkeys(product(("accent", "accent-hover"), SURFACES[:3]), TEXT),
    **dict.fromkeys(product(("on-accent",), ("accent", "accent-hover")), TEXT),
    **dict.fromkeys(product(("on-cover", "cover-quiet"), ("cover", "cover-well")), TEXT),
    **{(each, f"{each}-soft"): TEXT for each in STATUSES},
    **dict.fromkeys(product(STATUSES, ("paper", "surface", "raised")), TEXT),
    **{(f"{each}-solid", surface): SHAPE for each, surface in product(STATUSES, SURFACES[:3])},
    **dict.fromkeys(product(("line-strong", "focus", "actual"), SURFACES), SHAPE),
    **dict.fromkeys(product(("plan", "over", "under", "flange"), SURFACES[:3]), SHAPE),
}
ARE_NO_GROUND = {"line", "flange-fill", "hub"}  # tell nothing by themselves


def tokens():
    text = (STATIC / "tokens.css").read_text()
    return {name: (light or both, dark or both) for name, light, dark, both in TOKEN.findall(text)}


def luminance(color):
    """Relative luminance of ``#rrggbb``, as WCAG 2.2 defines it."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_pair_of_colours_can_be_told_apart(scheme):
    colors = {name: values[scheme] for name, values in tokens().items()}
    found = {pair: contrast(colors[pair[0]], colors[pair[1]]) for pair in PAIRS}
    assert {pair: round(found[pair], 2) for pair in PAIRS if found[pair] < PAIRS[pair]} == {}
    assert set(colors) - {each for pair in PAIRS for each in pair} == ARE_NO_GROUND


def test_style_sheets_name_tokens_and_no_colour_of_their_own():
    defined = set(re.findall(r"(--sb-[\w-]+):", (STATIC / "tokens.css").read_text()))
    unknown, colors = {}, {}
    for sheet in STATIC.glob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
        unknown[sheet.name] = set(re.findall(r"var\((--sb-[\w-]+)", text)) - defined
        values = re.findall(r":([^:;{}]*);", text)
        colors[sheet.name] = {
            color for value in values for color in re.findall(r"#[\da-fA-F]{3,8}\b|rgb\(", value)
        }
        assert not re.search(r"@import|url\((?!(?:admin/img/)?[\w-]+\.svg\))", text), sheet
    assert {name: each for name, each in unknown.items() if each} == {}
    del colors["tokens.css"]
    # Paper is white; a camera's picture is seen on black.
    of_their_own = {"admin-spoolbook.css": {"#fff"}, "floor.css": {"#000", "rgb("}}
    assert {name: each for name, each in colors.items() if each} == of_their_own


def test_no_template_styles_or_scripts_inline_or_loads_from_elsewhere():
    wrong = re.compile(
        r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)|(?:src|href)=\"(?:https?:)?//",
        re.IGNORECASE,
    )
    found = {path.name: wrong.findall(path.read_text()) for path in TEMPLATES.rglob("*.html")}
    assert {name: each for name, each in found.items() if each} == {}
