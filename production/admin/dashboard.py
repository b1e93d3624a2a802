"""The panels of the admin's index."""

from datetime import timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Count, F, Q
from django.utils import timezone

from inventory.models import Filament
from production.admin import devices, explanation, formatting
from production.admin.charts import columns
from production.models import Printer, ProductionRun
from production.services.reports import alerts, demand, today, variance
from production.services.reports import explanation as explanations
from production.services.reports.folded import Chosen
from tenants.accounts.models import FarmSettings
from tenants.farms import nightly
from tenants.site import first_steps
from tenants.site.site import farm_site

DAYS = 7
MAX_ROWS = 8
SOON_DAYS = 30


def panels(request):
    """The context of the index, in a constant number of queries; empty without the permission."""
    if not request.user.has_perm("production.view_productionrun"):
        return {}
    settings, steps = FarmSettings.load(), first_steps.first_steps(request.user)
    return {
        "steps": steps,
        "steps_done": first_steps.done_of(steps),
        "has_filaments": Filament.objects.exists(),
        "running": _running(),
        "machines": _machines(),
        "blocked": _blocked(),
        "dry": _dry(),
        "alerts": _alerts(settings.variance_alert_percent),
        "week": _week(settings),
        "may_plan": request.user.has_perm("production.add_productionrun"),
        "currency": settings.currency,
        "backups": _backups(request.user),
        **devices.panel(),
    }


def _backups(user):
    if not user.has_perm("accounts.view_backup"):
        return None
    return nightly.state(connection.tenant)


def _running():
    return [
        {"run": job.run, "link": formatting.contents_link(job.run), "job": job}
        for job in today.running()
    ]


def _machines():
    """Counts of printers."""
    return (
        Printer.objects.active()
        .with_running()
        .aggregate(
            all=Count("pk", distinct=True),
            printing=Count("running", distinct=True),
            to_clear=Count("pk", filter=Q(needs_clearing=True), distinct=True),
        )
    )


def _blocked():
    """Of the planned runs that are next, those that could not start."""
    queue = today.queue()
    blocked = [job for job in queue if job.blockers]
    return {
        "looked_at": len(queue),
        "is_all": len(queue) < today.QUEUE_LENGTH,
        "more": max(len(blocked) - MAX_ROWS, 0),
        "runs": [
            {
                "run": job.run,
                "link": formatting.contents_link(job.run),
                "blockers": job.blockers,
            }
            for job in blocked[:MAX_ROWS]
        ],
    }


def _dry():
    """Filaments that are short, or will be within a month."""
    filaments = demand.of_filaments(Filament.objects.active().with_makers())
    soon = filaments.filter(days_left__lte=SOON_DAYS) | filaments.filter(short_grams__gt=0)
    return soon.order_by(F("short_grams").desc(), F("days_left").asc(nulls_last=True), "pk")[
        :MAX_ROWS
    ]


def _alerts(threshold):
    """Products that are off plan, the most first."""
    found = sorted(alerts.alerts(), key=lambda alert: -alert.off_percent())
    return {
        "more": max(len(found) - MAX_ROWS, 0),
        "rows": [
            {
                "product": alert.product,
                "alert": alert,
                "grams": formatting.percent(alert.grams_percent, threshold),
                "minutes": formatting.percent(alert.minutes_percent, threshold),
            }
            for alert in found[:MAX_ROWS]
        ],
    }


def _week(settings):
    """The last seven days, by day and in total, by the end of the runs."""
    last = settings.local_date(timezone.now())
    days = [last - timedelta(days=back) for back in reversed(range(DAYS))]
    runs = ProductionRun.objects.closed().between(
        days[0], last, timezone=settings.timezone, moment="finished_at"
    )
    chosen = Chosen(days[0], last + timedelta(days=1))
    found = {row["key"]: row for row in variance.of_many(runs, group_by="day", chosen=chosen)}
    whole = next(iter(variance.of_many(runs, chosen=chosen)), None)
    rows = [{"day": day, **_figures(found.get(day.isoformat()))} for day in days]
    return {
        "days": rows,
        "sums": _figures(whole),
        "by_source": whole and formatting.by_source(whole["grams"]["by_source"]),
        "compared": whole
        and formatting.compared_rows(
            whole["compared"], settings.currency, settings.variance_alert_percent
        ),
        "dearest": explanation.dearest(
            explanations.by_over(explanations.of_many(runs, group_by="product", chosen=chosen)),
            MAX_ROWS,
        ),
        "charts": [_chart(rows, name, title) for name, title in FIGURES.items()],
    }


FIGURES = {"grams": "Grams", "cost": "Cost", "good": "Good parts", "scrapped": "Scrapped parts"}
UNKNOWN = ("runs_of_unknown_grams", "runs_of_unknown_cost")
NOTHING = dict.fromkeys(("runs", *FIGURES, *UNKNOWN), Decimal(0))


def _figures(row):
    """Known grams (None where none are), known cost and parts of the runs of a row."""
    if row is None:
        return NOTHING
    return {
        "runs": row["runs"],
        "grams": row["grams"]["actual"],
        "runs_of_unknown_grams": row["grams"]["runs_of_unknown_grams"],
        "cost": row["cost"]["known_total"],
        "good": row["good"],
        "scrapped": row["scrapped"],
        "runs_of_unknown_cost": row["cost"]["runs_of_unknown_cost"],
    }


def _chart(rows, name, title):
    texts = ["–" if row[name] is None else f"{row[name]:.0f}" for row in rows]
    points = [(f"{row['day']:%a}", row[name], text) for row, text in zip(rows, texts, strict=True)]
    return {"title": title, **columns(points)}


farm_site.panels = panels
farm_site.index_template = "production/admin_index.html"
farm_site.index_title = "Today"
