"""Figures of runs as text and HTML."""

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from inventory.admin.rendering import NOTHING, grams
from inventory.glyphs import spool_glyph
from production.models import ActualSource, ProductionRun
from production.services.variance import Figure
from tenants.operations import quantities
from tenants.operations.text import format_number, half_up

MOST_GLYPHS = MOST_NAMES = 3
NOT_MEASURED = "not measured"


def badge(run, blockers=()):
    """The status as a word on its colour, or that it was deleted, needs somebody, or can't start
    because of the ``blockers``."""
    name, kind = run.get_status_display(), run.status
    if run.is_deleted:
        name, kind = "Deleted", ProductionRun.Status.CANCELLED
    elif kind == ProductionRun.Status.IN_PROGRESS and not run.is_printing:
        name, kind = "To complete", "needs"
    elif kind == ProductionRun.Status.PLANNED and blockers:
        name, kind = "Blocked", "blocked"
    return format_html('<span class="badge status-{}">{}</span>', kind, name)


def run_link(run):
    """The run's number, leading to its page; None without one."""
    if run is None:
        return None
    url = reverse("admin:production_productionrun_change", args=[run.pk])
    return format_html('<a href="{}">{}</a>', url, run.number)


def duration(minutes):
    """``95`` minutes are 1 h 35."""
    return NOTHING if minutes is None else quantities.duration(minutes)


def hours(minutes):
    """``74.1`` hours of what was printed."""
    return f"{half_up((minutes or 0) / 60, 1)}"


def planned_to_actual(planned, actual, show, *, estimated=None):
    """``planned → actual``, with a word if some of the actual is ``estimated``; the plan alone
    while there is no actual."""
    plan = format_html('<span class="quiet">{}</span>', show(planned))
    if actual is None:
        return plan
    text = format_html("{} → <strong>{}</strong>", plan, show(actual))
    if not estimated:
        return text
    note = "estimated" if estimated == actual else "partly estimated"
    return format_html('{} <span class="quiet">{}</span>', text, note)


def by_source(sums):
    """``70 weighed, 25 reported as sliced`` of grams by their source, without those of which there
    are none."""
    labels = dict(ActualSource.choices) | {
        "added": _("reported since"),
        "unknown": _("of unknown source"),
    }
    found = [(source, sums[source]) for source in labels if sums.get(source)]
    return ", ".join(f"{grams(value)} {labels[source]}" for source, value in found)


def percent(value, threshold):
    """A signed percent, marked if it is beyond the farm's threshold."""
    if value is None:
        return NOTHING
    text = f"{half_up(value, 1):+} %".replace("-", "−")
    text = "0.0 %" if text[1:] == "0.0 %" else text
    if abs(value) <= threshold:
        return text
    return format_html(
        '<span class="beyond" title="Beyond the farm’s threshold of {} %">{} ⚠</span>',
        format_number(threshold),
        text,
    )


def percent_bar(value, threshold):
    """The same as a small bar from zero, at most 50 % long."""
    if value is None:
        return ""
    kind = "on-plan" if abs(value) <= threshold else "more" if value > 0 else "less"
    width = min(abs(value), 50)
    return format_html(
        '<svg class="off-plan" viewBox="-50 0 100 10" aria-hidden="true" focusable="false">'
        '<rect class="{}" x="{}" y="2" width="{}" height="6"/><line y2="10"/></svg>',
        kind,
        f"{-width if value < 0 else 0:.1f}",
        f"{width:.1f}",
    )


def off_plan(run):
    """The variance of a run ``with_totals``, in percent; None if a total is not known, or nobody
    measured the grams."""
    figure = Figure(run.planned_total_grams, run.actual_total_grams)
    return figure.as_dict(is_measured=not is_unmeasured(run))["percent"]


def is_unmeasured(run):
    """Whether nobody measured what a run ``with_totals`` took."""
    return bool(run.estimated_total_grams) and run.estimated_total_grams == run.actual_total_grams


def minutes_source(run):
    """Where the minutes come from; "" while the run is open, as its drafts are no actuals."""
    return "" if run.is_open else run.actual_minutes_source


def makes(run):
    """``12 × Clip``, one line an item, of the (prefetched) items."""
    lines = [(item.quantity, item.product.name, item.product.sku) for item in run.items.all()]
    line = '<span class="line" title="{2}"><span class="quiet">{0}&nbsp;×</span>&nbsp;{1}</span>'
    return format_html_join("", line, lines) or NOTHING


def contents(run):
    """What a run ``with_contents`` makes, with its spools, and in small print its number."""
    materials = filter(None, (line.spool or line.filament for line in run.materials.all()))
    glyphs = [(spool_glyph(material, size="s"),) for material in list(materials) or [None]]
    return format_html(
        '<span class="contents"><span class="pile">{}</span><span>{}'
        '<span class="line quiet small">{}</span></span></span>',
        format_html_join("", "{}", glyphs[:MOST_GLYPHS]),
        makes(run),
        run.number,
    )


def contents_link(run):
    """The same, leading to the run's page."""
    url = reverse("admin:production_productionrun_change", args=[run.pk])
    return format_html('<a href="{}">{}</a>', url, contents(run))


def heading(run):
    """``12 × Clip · RUN-7``: what it makes, and its number."""
    items = list(run.items.all())
    makes = [f"{item.quantity} × {item.product.name}" for item in items[:MOST_NAMES]]
    if len(items) > MOST_NAMES:
        makes.append(_("%(count)d products in all") % {"count": len(items)})
    return " · ".join(filter(None, [", ".join(makes), run.number]))


def makes_in_text(run):
    """The same on one line, for the CSV."""
    return "; ".join(f"{item.quantity} × {item.product.sku}" for item in run.items.all())


def money(value, places=2):
    if value is None:
        return NOTHING
    text = f"{half_up(value, places)}".replace("-", "−")
    return text.lstrip("−") if not text.strip("−0.") else text


def difference(show):
    """``show`` for a figure that may be negative, with a true minus and its sign."""
    return lambda value: NOTHING if value is None else _sign(value, show) + show(abs(value))


def _sign(value, show):
    """No sign for what rounds to 0."""
    if value == 0 or show(abs(value)) == show(value * 0):
        return ""
    return "+" if value > 0 else "−"


def variance_row(label, figure, show, threshold, *, not_compared=None):
    """A figure of the variance as the cells of a table: with two places, the difference is that of
    what stands there, as in the explanation."""
    planned, actual, off = (figure[name] for name in ("planned", "actual", "difference"))
    if show in (grams, money) and off is not None:
        off = half_up(actual, 2) - half_up(planned, 2)
    return {
        "label": label,
        "planned": show(planned),
        "actual": show(actual),
        "difference": NOT_MEASURED if not_compared else difference(show)(off),
        "percent": percent(figure["percent"], threshold),
    }


def slot_grams(sliced, booked, weighed, metered):
    """Grams of a slot of a sliced file, as cells."""
    found = {"sliced": sliced, "booked": booked, "weighed": weighed, "metered": metered}
    return {name: grams(value) for name, value in found.items()}


def compared_rows(compared, currency, threshold):
    """What is compared of many runs: grams, time, and the cost with its known kinds."""
    cost = compared["cost"]
    kinds = [name for name in cost if name != "total" and cost[name]["runs"]]
    figures = [
        ("Grams", compared["grams"], grams),
        ("Time", compared["minutes"], duration),
        (f"Cost, {currency}", cost["total"], money),
        *((name.capitalize(), cost[name], money) for name in kinds),
    ]
    return [
        {**variance_row(label, figure, show, threshold), "runs": figure["runs"]}
        for label, figure, show in figures
    ]


def unit_money(value):
    return money(value, 4)
