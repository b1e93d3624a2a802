"""What stands above a list of the admin, and how its pages call what was done."""

from django import template

from tenants.accounts import telling
from tenants.errors import spoken

register = template.Library()
register.filter("spoken", spoken)
register.filter("told", telling.lines)


@register.inclusion_tag("tenants/_filter_bar.html")
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
