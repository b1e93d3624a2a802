"""Figures in templates."""

from django import template

from inventory import codes
from inventory.admin import rendering
from inventory.glyphs import spool_glyph
from tenants.operations.text import humanize_name

register = template.Library()
register.filter("humanize", humanize_name)
register.filter("grams", rendering.grams)
register.filter("signed", rendering.signed)
register.filter(rendering.with_glyph)
register.filter(codes.spelled)
register.simple_tag(spool_glyph)


@register.filter
def under(cells, headings):
    """Each of the cells with the heading of its column: ``(heading, cell)``."""
    return zip(headings, cells, strict=True)


@register.filter
def variance_rows(figures):
    return [
        ("Grams", figures["grams"]["total"]),
        ("Minutes", figures["minutes"]),
        ("Cost", figures["cost"]["total"]),
    ]
