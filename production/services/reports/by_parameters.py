"""Reports by the parameters that people and programs choose: what the API and the admin show alike.

Each takes the filtered rows, and the values of its filter's form.
"""

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
from production.services.reports.statements import OF_MATERIAL

EVIDENT_RUNS = 10


def variance_of(runs, parameters):
    if parameters["group_by"] in OF_MATERIAL:
        return variance.by_material(runs, group_by=parameters["group_by"])
    return variance.of_many(runs, group_by=parameters["group_by"] or None)


def explanation_of(runs, parameters):
    groups = explanation.of_many(runs, group_by=parameters["group_by"] or None)
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
