"""Figures in templates."""

from django import template

from inventory.admin import pictures

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
    return f"{'+' if value > 0 else ''}{pictures.grams(value)}".replace("-", "−")


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


@register.inclusion_tag("inventory/_filter_bar.html")
def filter_bar(changelist):
    """The filters of a list as one form, which keeps the search and the order."""
    specs = changelist.filter_specs
    own = {name for spec in specs for name in spec.expected_parameters()} | {"p", "e"}
    given = changelist.params.items()
    return {
        "specs": specs,
        "kept": [(name, value) for name, value in given if name not in own],
        "is_narrowed": bool(changelist.params.keys() - {"o", "p", "all"}),
    }


@register.filter
def words(code):
    """``in_progress`` as people write it."""
    return (code or "").replace("_", " ")
