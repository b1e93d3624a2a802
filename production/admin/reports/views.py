"""The pages of reports: one view for all of them, and their list."""

from datetime import date, timedelta
from functools import partial

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from production.admin.reports.columns import MEASURES
from production.admin.reports.pages import REPORTS
from production.admin.reports.tables import GROUPS, MOST_BARS, MOST_ROWS, ReportTable
from tenants.accounts.models import FarmSettings
from tenants.api.filters import SeveralFilter
from tenants.operations.text import humanize_name
from tenants.site.site import farm_site
from tenants.web.csv_export import of_locale, stream_csv
from tenants.web.xlsx_export import stream_xlsx

AS, MEASURE = "_as", "_of"  # a file, by its kind; what of the runs is shown
KINDS = ("csv", "xlsx")
DAY = "at"  # of a report as of a moment
LABELS = {
    DAY: gettext_lazy("End of day"),
    "group_by": gettext_lazy("By"),
    "product_sku": gettext_lazy("Product (SKU)"),
    "is_to_reorder": gettext_lazy("To reorder"),
    "order_reference": gettext_lazy("Order"),
    "last": gettext_lazy("Last runs of each"),
    "lot": gettext_lazy("Lot number"),
    "run_number": gettext_lazy("Run number"),
}


def index(request):
    """What reports there are, for who may see them."""
    pages = [page for page in REPORTS if request.user.has_perm(page.permission)]
    if not pages:
        raise PermissionDenied
    context = {
        **farm_site.each_context(request),
        "title": _("Reports"),
        "reports": [(page, reverse(f"admin:{_name(page)}")) for page in pages],
    }
    return TemplateResponse(request, "production/admin_reports.html", context)


def report(request, page):
    """A report as a page, or as a file of the same rows."""
    if not request.user.has_perm(page.permission):
        raise PermissionDenied
    if not request.GET and (page.start or page.period):
        return HttpResponseRedirect(f"?{_start(page).urlencode()}")
    query, kind, measure = _read(request, page)
    filterset = page.filterset(query, queryset=page.rows(), request=request)
    has_values = bool(query) or not page.needs_values
    problems = _problems(page, query)
    table = None
    if has_values and not problems and filterset.is_valid():
        table = table_of(page, filterset, measure)
        if kind in KINDS:
            return _file(page, table, kind)
    return TemplateResponse(
        request,
        "production/admin_report.html",
        {
            **farm_site.each_context(request),
            "title": page.title,
            "page": page,
            "fields": _fields(page, query, filterset.errors if has_values else {}),
            "notes": page.notes(query),
            "problems": [*problems, *_other_errors(page, filterset, has_values)],
            "periods": _periods(page, request.GET),
            "measures": [(name, MEASURES[name], name == measure) for name in page.measures],
            "table": table,
            "chart": table and table.chart(page.chart[measure]),
            "is_long": table is not None and len(table.rows) > MOST_ROWS,
            "unknown": _unknown(page, filterset) if table and not table.rows else [],
            "most_rows": MOST_ROWS,
            "most_bars": MOST_BARS,
            "hidden": _hidden(page, query),
            "files": [(name.upper(), f"?{_with(request.GET, **{AS: name})}") for name in KINDS],
            "leads_to": reverse(page.leads_on[1]),
        },
    )


def table_of(page, filterset, measure):
    """The table of what a valid filter leaves."""
    values = filterset.form.cleaned_data
    group = values.get("group_by") or ""
    rows = list(page.serializer(page.compute(filterset.qs, values), many=True).data)
    whole = None
    if (group or values.get("period")) and len(rows) > 1:
        alone = values | {"group_by": ""} | ({"period": ""} if "period" in values else {})
        whole = next(iter(page.serializer(page.compute(filterset.qs, alone), many=True).data), None)
    columns = [
        each for each in page.columns(values, measure) if not each.where or values[each.where]
    ]
    return ReportTable(columns, rows, whole, group, FarmSettings.load().currency)


def _file(page, table, kind):
    title, header, rows = f"report-{page.name}", table.file_header(), table.values()
    if kind == "xlsx":
        return stream_xlsx(title, header, rows)
    return stream_csv(title, header, rows, dialect=of_locale(FarmSettings.load().locale))


# -- what was asked for ----------------------------------------------------------------------------


def _read(request, page):
    query = request.GET.copy()
    kind, measure = (query.pop(name, [""])[-1] for name in (AS, MEASURE))
    default = page.measures[0] if page.measures else ""
    return query, kind, measure if measure in page.measures else default


def _problems(page, query):
    """As the API refuses them."""
    known, found = page.filterset.base_filters, []
    for name, values in query.lists():
        if name not in known:
            found.append(_("There is no such filter: %(name)s.") % {"name": name[:60]})
        elif len(values) > 1 and not isinstance(known[name], SeveralFilter):
            found.append(_("%(name)s takes one value.") % {"name": humanize_name(name)})
    return found


def _other_errors(page, filterset, has_values):
    """Of parameters that the page has no field for."""
    offered = {*page.fields, *page.period}
    errors = filterset.errors if has_values else {}
    return [
        f"{humanize_name(name).capitalize()}: {error}"
        for name, found in errors.items()
        if name not in offered
        for error in found
    ]


def _unknown(page, filterset):
    """Sentences about names that nothing has, in any period: they may be mistyped."""
    values, filters = filterset.form.cleaned_data, filterset.filters
    return [
        _("Nothing is of %(name)s “%(value)s” in any period: is it written so?")
        % {"name": str(_label(page, name)).lower(), "value": values[name]}
        for name in page.fields
        if isinstance(values.get(name), str) and values[name] and not _choices(page, name)
        if not filters[name].filter(page.rows(), values[name]).exists()
    ]


def _fields(page, query, errors):
    """Each field as name, label, value, choices and errors; the days of the period first."""
    return [
        {
            "name": name,
            "label": _label(page, name),
            "value": query.get(name, ""),
            "choices": _choices(page, name),
            "type": _type(page, name, query.get(name, "")),
            "errors": errors.get(name, ()),
        }
        for name in (*page.period, *page.fields)
    ]


def _type(page, name, value):
    """A field for days shows no moment, and nothing that is no day."""
    if name not in (*page.period, DAY):
        return "text"
    try:
        return "date" if not value or date.fromisoformat(value) else "text"
    except ValueError:
        return "text"


def _label(page, name):
    if name in page.period:
        return [_("From"), _("To")][page.period.index(name)]
    return LABELS.get(name, humanize_name(name).capitalize())


def _choices(page, name):
    each = page.filterset.base_filters[name]
    if name == "is_to_reorder":
        return [("", _("any")), ("true", _("yes")), ("false", _("no"))]
    if name not in ("group_by", "period"):
        return []
    nothing = GROUPS[""] if name == "group_by" else _("The whole period")
    return [
        ("", nothing),
        *((value, GROUPS.get(value, value)) for value, _l in each.extra["choices"]),
    ]


def _hidden(page, query):
    """What the address has beside the fields: it stays when they change."""
    offered = {*page.fields, *page.period}
    return [
        (name, value) for name, values in query.lists() if name not in offered for value in values
    ]


# -- periods ---------------------------------------------------------------------------------------


def _start(page):
    """The parameters of an address without any: this month."""
    query = QueryDict(mutable=True)
    query.update(dict(page.start))
    if page.period:
        query.update(dict(zip(page.period, _months()[0][1:], strict=True)))
    return query


def _months():
    """The periods that are offered: their names, first and last days."""
    today = timezone.localdate()
    first = today.replace(day=1)
    last_month = first - timedelta(days=1)
    return [
        (_("This month"), first, _end_of_month(first)),
        (_("Last month"), last_month.replace(day=1), last_month),
        (_("This year"), date(today.year, 1, 1), date(today.year, 12, 31)),
        (_("Last year"), date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
    ]


def _end_of_month(first):
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _periods(page, query):
    """Links to the same report of another period: name, address, whether it is this one."""
    if not page.period:
        return []
    spans = [(name, str(since), str(until)) for name, since, until in _months()]
    now = tuple(query.get(name, "") for name in page.period)
    return [
        (name, f"?{_with(query, **dict(zip(page.period, span, strict=True)))}", span == now)
        for name, *span in [*spans, (_("All time"), "", "")]
        for span in [tuple(span)]
    ]


def _with(query, **more):
    query = query.copy()
    for name, value in more.items():
        query[name] = value
    return query.urlencode()


# -- in the admin ----------------------------------------------------------------------------------


def _name(page):
    return f"report_{page.name.replace('-', '_')}"


def addresses():
    """The addresses of the pages."""
    index.help_topic = "admin#reports"
    found = [path("reports/", farm_site.admin_view(index), name="reports")]
    for page in REPORTS:
        view = partial(report, page=page)
        view.help_topic = "admin#reports"
        found.append(path(f"reports/{page.name}/", farm_site.admin_view(view), name=_name(page)))
    return found


def listed(request):
    """The reports in the list of pages, as Django's admin lists models."""
    return [
        {
            "name": page.title,
            "object_name": page.name,
            "admin_url": reverse(f"admin:{_name(page)}"),
            "view_only": True,
        }
        for page in REPORTS
        if request.user.has_perm(page.permission)
    ]


farm_site.more_addresses.append(addresses)
farm_site.more_pages["reports"] = (_("Reports"), "admin:reports", listed)
