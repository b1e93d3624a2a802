"""What the page of a run shows besides its form."""

from inventory.admin import pictures
from production.admin import words
from production.admin.charts import comparison
from production.admin.run_lines import MaterialInline
from production.services import variance
from production.services.reports import demand
from tenants.accounts.models import FarmSettings

NEWEST = 100


def context(run):
    """Blockers, variance, chart, events and entries of a run, for its template."""
    settings, figures = FarmSettings.load(), variance.of_run(run)
    threshold = settings.variance_alert_percent
    return {
        "run": run,
        "badge": words.badge(run),
        "blockers": demand.blockers([run])[run.pk],
        "variance": figures,
        "totals": _totals(figures, settings.currency, threshold),
        "kinds_of_cost": _costs(figures["cost"], threshold),
        "material_rows": _materials(figures, threshold, run),
        "item_rows": _items(figures, threshold),
        "currency": settings.currency,
        "chart": comparison(
            [
                ("Grams", figures["grams"]["total"], pictures.grams),
                ("Time", figures["minutes"], words.duration),
                (f"Cost {settings.currency}", figures["cost"]["total"], words.money),
            ]
        ),
        "run_events": run.events.select_related("by").order_by("-pk")[:NEWEST],
        "entries": run.transactions.with_references().order_by("-pk")[:NEWEST],
    }


def _row(label, figure, show, threshold):
    return {
        "label": label,
        "planned": show(figure["planned"]),
        "actual": show(figure["actual"]),
        "difference": words.difference(show)(figure["difference"]),
        "percent": words.percent(figure["percent"], threshold),
    }


def _totals(figures, currency, threshold):
    grams = figures["grams"]
    return [
        _row("Grams in parts", grams["part"], pictures.grams, threshold),
        _row("Grams of purge", grams["purge"], pictures.grams, threshold),
        _row("Grams together", grams["total"], pictures.grams, threshold),
        _row("Time", figures["minutes"], words.duration, threshold),
        _row(f"Cost, {currency}", figures["cost"]["total"], words.money, threshold),
    ]


def _costs(costs, threshold):
    return [
        _row(name.capitalize(), figure, words.money, threshold)
        for name, figure in costs.items()
        if name != "total" and (figure["planned"], figure["actual"]) != (None, None)
    ]


def _materials(figures, threshold, run):
    lines = run.materials.select_related(*MaterialInline.select_related).in_bulk()
    return [
        {
            "line": lines[material["material"]],
            "source": (material["actual_source"] or "").replace("_", " "),
            **_row("", material["total"], pictures.grams, threshold),
            "cost": words.money(material["cost"]["actual"]),
        }
        for material in figures["materials"]
    ]


def _items(figures, threshold):
    return [
        {**item, **_row(item["sku"], item["cost_per_unit"], words.unit_money, threshold)}
        for item in figures["items"]
    ]
