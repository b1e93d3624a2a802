"""Figures in templates."""

from django import template

from inventory.admin import pictures

register = template.Library()


register.filter("grams", pictures.grams)
register.filter("signed", pictures.signed)
register.filter("swatch", pictures.named_swatch)


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
