"""Figures in templates."""

from django import template

from inventory.admin import rendering

register = template.Library()


register.filter("grams", rendering.grams)
register.filter("signed", rendering.signed)
register.filter("swatch", rendering.named_swatch)


@register.filter
def variance_rows(figures):
    return [
        ("Grams", figures["grams"]["total"]),
        ("Minutes", figures["minutes"]),
        ("Cost", figures["cost"]["total"]),
    ]


@register.filter
def words(code):
    """``in_progress`` as people write it."""
    return (code or "").replace("_", " ")
