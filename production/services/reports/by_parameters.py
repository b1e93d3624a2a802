"""Reports by the parameters that people and programs choose: what the API and the admin show alike.

Each takes the filtered rows, and the values of its filter's form.
"""

from datetime import time
from zoneinfo import ZoneInfo

from production.services.reports import (
    alerts,
    consumption,
    explanation,
    lots,
    occupation,
    scrap,
    stock_value,
    unexplained,
    variance,
)
from production.services.reports.folded import Chosen
from production.services.reports.statements import OF_MATERIAL
from tenants.accounts.models import FarmSettings

EVIDENT_RUNS = 10
EMPTY = (None, "", [], ())
# What the sums of closed runs know; with any other parameter a report reckons all runs.
KNOWN = {"group_by", "ordering", "finished_from", "finished_to", "status", "printer"}


def chosen(parameters):
    """Which runs these parameters choose, as the sums of closed runs know them; None where they
    don't."""
    given = {name: value for name, value in parameters.items() if value not in EMPTY}
    if given.keys() - KNOWN or isinstance(given.get("printer"), str):
        return None
    since, until = (given.get(name) for name in ("finished_from", "finished_to"))
    zone = ZoneInfo(FarmSettings.load().timezone)
    if not all(_is_day(span, zone) for span in (since, until) if span):
        return None
    since = since and since[0].astimezone(zone).date()
    until = until and until[1].astimezone(zone).date()
    if since and until and since > until:
        return None
    keys = {name: _texts(given[name]) for name in ("status", "printer") if name in given}
    return Chosen(since, until, keys)


def _is_day(span, zone):
    """Whether a pair of moments is a day of the time zone, and not one moment twice."""
    return span[0] != span[1] and all(moment.astimezone(zone).time() == time.min for moment in span)


def _texts(value):
    return [str(each) for each in (value if isinstance(value, list) else [value])]


def variance_of(runs, parameters):
    group_by = parameters["group_by"] or None
    report = variance.by_material if group_by in OF_MATERIAL else variance.of_many
    return report(runs, group_by=group_by, chosen=chosen(parameters))


def explanation_of(runs, parameters):
    group_by = parameters["group_by"] or None
    groups = explanation.of_many(runs, group_by=group_by, chosen=chosen(parameters))
    if ordering := parameters["ordering"]:
        return explanation.by_over(groups, descending=ordering == "-over")
    return groups


def consumption_of(entries, parameters):
    since, until = parameters["since"], parameters["until"]
    return consumption.consumption(
        group_by=parameters["group_by"] or None,
        period=parameters["period"] or None,
        since=since and since[0],
        until=until and until[1],
        entries=entries,
    )


def occupation_of(printers, parameters):
    since, until = parameters["since"], parameters["until"]
    return occupation.occupation(
        printers,
        group_by=parameters["group_by"] or None,
        period=parameters["period"] or None,
        since=since and since[0],
        until=until and until[1],
    )


def scrap_of(runs, parameters):
    return scrap.scrap(runs, group_by=parameters["group_by"] or None)


def lots_of(lines, parameters):
    if parameters["order_reference"]:
        return lots.lots_of_order(parameters["order_reference"])
    if parameters["lot"]:
        return lots.uses_of_lot(parameters["lot"], lines=lines)
    return lots.lots_of_run(lines)


def parts_of_lot(lines, parameters):
    return lots.parts_of_lot(parameters["lot"], lines=lines)


def unexplained_of(_rows, parameters):
    since, until = parameters["counted_from"], parameters["counted_to"]
    return unexplained.unexplained_grams(since=since and since[0], until=until and until[1])


def stock_value_of(spools, parameters):
    group = parameters["group_by"] or None
    return stock_value.stock_as_of(parameters["at"], group_by=group, spools=spools)


def stock_changes_of(spools, parameters):
    since, until = parameters["since"], parameters["until"]
    return stock_value.changes_of_stock(since and since[0], until and until[1], spools=spools)


def alerts_of(_rows, parameters):
    return alerts.alerts(last=parameters["last"] or EVIDENT_RUNS)
