"""Figures in templates."""

from django import template

from inventory.admin import pictures
from tenants.operations.text import half_up

register = template.Library()


@register.filter
def grams(value):
    """Grams of at most two decimals; – for what is not known."""
    return pictures.grams(value)


@register.filter
def signed(value):
    """The same with its sign."""
    if value is None:
        return "–"
    shown = half_up(value, 2) or 0  # what is shown as 0 has no sign
    return f"{'+' if shown > 0 else ''}{pictures.grams(shown)}".replace("-", "−")


@register.filter
def swatch(filament):
    return pictures.named_swatch(filament)


@register.filter
def variance_rows(figures):
    """``(label, figure)`` of the variance of a run, for a short table."""
    return [
        ("Grams", figures["grams"]["total"]),
        ("Minutes", figures["minutes"]),
        ("Cost", figures["cost"]["total"]),
    ]


@register.filter
def words(code):
    """``in_progress`` as people write it."""
    return (code or "").replace("_", " ")
