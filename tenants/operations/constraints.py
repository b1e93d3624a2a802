"""Check constraints as sentences about their fields."""

import operator
from numbers import Number

from django.db.models import F, Q
from django.utils.translation import gettext as _

from tenants.operations.text import humanize_name

LIMITS = {"gt": operator.gt, "gte": operator.ge}


def demands(constraint, row):
    """``{field: sentence}``; of several limits, those that ``row`` (an instance) breaks."""
    conditions = list(_conditions(constraint.condition))
    names = dict.fromkeys(name for name, *_rest in conditions)
    if len(names) > 1 and any(lookup not in LIMITS for _name, lookup, _limit in conditions):
        return {name: _misfit(names.keys() - {name}) for name in names}
    broken = [each for each in conditions if _is_broken(row, *each)]
    return {name: _sentence(lookup, limit) for name, lookup, limit in broken or conditions}


def _conditions(condition):
    for child in condition.children:
        if isinstance(child, Q):
            yield from _conditions(child)
        else:
            name, _separator, lookup = child[0].partition("__")
            yield name, lookup, child[1]
            yield from ((each.name, "", None) for each in _columns(child[1]))


def _columns(value):
    """The columns in an expression."""
    if isinstance(value, F):
        return [value]
    sources = getattr(value, "get_source_expressions", list)()
    return [column for source in sources for column in _columns(source)]


def _is_broken(row, name, lookup, limit):
    value = getattr(row, name, None)  # a generated one is not known before the row is saved
    return lookup in LIMITS and isinstance(value, Number) and not LIMITS[lookup](value, limit)


def _misfit(names):
    others = ", ".join(sorted(map(humanize_name, names)))
    return _("Does not fit %(others)s.") % {"others": others}


def _sentence(lookup, limit):
    if lookup == "range":
        return _("Must be from %(least)s to %(most)s.") % {"least": limit[0], "most": limit[1]}
    if lookup == "gt":
        return _("Must be more than %(limit)s.") % {"limit": limit}
    if lookup == "gte":
        return _("Must be at least %(limit)s.") % {"limit": limit}
    return _("Must not be empty.") if limit == "" else _("This is not possible.")
