"""Template tags of the admin's lists: the filter bar and the date drill-down."""

import copy
import re
from datetime import date
from itertools import zip_longest

from django import template
from django.contrib.admin.templatetags.admin_list import date_hierarchy
from django.db.models import Max, Min
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from tenants.accounts import audit_display
from tenants.operations.text import humanize_name

CELL = re.compile(r"<t[dh]\b")
register = template.Library()
register.filter("humanize", humanize_name)
register.filter("audit_lines", audit_display.lines)


@register.filter
def labelled(cells, headers):
    """The cells of a row, each with the heading of its column but the one that selects the row."""
    for cell, header in zip_longest(cells, headers):
        if header is None or "action-checkbox" in header["class_attrib"]:
            yield cell
        else:
            label = format_html(' data-label="{}"', capfirst(header["text"]))
            yield mark_safe(CELL.sub(rf"\g<0>{label}", cell, count=1))  # noqa: S308  # nosec B308 B703


@register.inclusion_tag("tenants/_sorting.html")
def sorting(headers):
    """What the headings of a list offer, for where they are not shown."""
    columns = [header for header in headers if header["sortable"]]
    chosen = sorted(filter(_is_chosen, columns), key=lambda header: header["sort_priority"])
    return {"columns": columns, "sorted": ", ".join(str(header["text"]) for header in chosen)}


def _is_chosen(header):
    return header["sort_priority"] > 0


@register.inclusion_tag("tenants/_filter_bar.html")
def filter_bar(changelist):
    tabs = [spec for spec in changelist.filter_specs if spec.kind == "tabs"]
    specs = [spec for spec in changelist.filter_specs if spec.kind != "tabs"]
    own = {name for spec in specs for name in spec.expected_parameters()} | {"p", "e"}
    of_tabs = {spec.parameter_name for spec in tabs}
    given = changelist.params.items()
    return {
        "tabs": [(spec.title, list(_links(spec, changelist))) for spec in tabs],
        "specs": specs,
        "hidden_fields": [(name, value) for name, value in given if name not in own],
        "is_narrowed": bool(changelist.params.keys() - {"o", "p", "all"} - of_tabs),
        "cleared": changelist.get_query_string(remove=changelist.params.keys() - of_tabs),
    }


def _links(spec, changelist):
    """``(address, name, whether it is chosen)`` of each choice; the first is none of them."""
    first = (None, spec.nothing or _("all"), spec.value() is None)
    for value, name, is_chosen in [first, *spec.options]:
        query = changelist.get_query_string({spec.parameter_name: value}, ["p", "e"])
        yield query, name, is_chosen


@register.inclusion_tag("admin/date_hierarchy.html")
def drill_down(changelist):
    """Django's way from years to days, by years that are not looked for in each row."""
    quick = copy.copy(changelist)
    quick.queryset = _Years(changelist.queryset)
    return date_hierarchy(quick)


class _Years:
    """The rows of a list, and its years: from the first to the last, also those without a row.

    The ends are known to an index; which years have rows, only to who reads all of them.
    """

    def __init__(self, rows):
        self._rows, self._ends = rows, None

    def aggregate(self, **ends):
        self._ends = self._rows.aggregate(**ends)
        return self._ends

    def datetimes(self, field, kind):
        return self._years(field) if kind == "year" else self._rows.datetimes(field, kind)

    def dates(self, field, kind):
        return self._years(field) if kind == "year" else self._rows.dates(field, kind)

    def _years(self, field):
        # Django has not looked for the ends where a month or a day is given without its year.
        ends = self._ends or self.aggregate(first=Min(field), last=Max(field))
        years = [timezone.localtime(end).year for end in ends.values() if end]
        return [date(year, 1, 1) for year in range(min(years), max(years) + 1)] if years else []
