"""Estimates of cost as rows of the pages of runs and products."""

from django.utils.translation import gettext as _

from inventory.admin.rendering import grams
from production.admin.formatting import money
from production.services import estimating
from tenants.accounts.models import FarmSettings
from tenants.operations.text import format_number, half_up

LABELS = {
    "material": "Material",
    "machine": "Machine",
    "energy": "Energy",
    "labour": "Labour",
    "total": "Estimated cost",
}


def of_run(run, currency):
    estimate = estimating.of_run(run)
    return _page(estimate, currency) | {
        "rows": _rows(estimate, {"": estimate.cost_of(1)}),
        "columns": [f"{currency}"],
        "energy": estimate.power and _energy(estimate.power, FarmSettings.load()),
    }


def of_product(product, currency):
    """A plate and a unit side by side, and the price to ask for."""
    found = estimating.of_product(product)
    plate, unit = found.plate.cost_of(1), found.plate.cost_of(found.units)
    columns = {_("A plate"): plate, _("A unit"): unit}
    if product.units_per_plate is None:
        columns = {_("A unit"): unit}
    return _page(found.plate, currency) | {
        "rows": _rows(found.plate, columns),
        "columns": [f"{name}, {currency}" for name in columns],
        "is_product": True,
        "energy": _energy(found.power, found.settings),
        "price": money(found.price),
        **_price_parts(found.settings),
        "needs_units": product.units_per_plate is None,
    }


def _price_parts(settings):
    """What the price to ask for adds, as texts; a margin that is not set is None."""
    packing, fixed, margin = settings.packing_cost, settings.fixed_cost, settings.margin_percent
    return {
        "packing": _("none") if packing is None else money(packing),
        "fixed": _("none") if fixed is None else money(fixed),
        "margin": margin if margin is None else format_number(margin),
    }


def _energy(power, settings):
    """By whose watts energy is reckoned without a printer, or why it is not."""
    price = settings.energy_price_kwh
    if price is None:
        return _("without energy, of which the farm’s settings have no price")
    if price == 0:
        return _("energy is free")
    if power.watts is None:
        return _("without energy, as no printer in use has its watts entered")
    values = {"watts": format_number(half_up(power.watts, 1)), "printer": power.printers[0]}
    sentence = _("energy by the %(watts)s W of %(printer)s") % values
    if (count := len(power.printers)) > 1:
        values["count"] = count
        sentence = _("energy by %(watts)s W, the mean of %(count)s printers") % values
    if power.unset:
        sentence += _(" (%(count)s more without watts)") % {"count": power.unset}
    return sentence


def _page(estimate, currency):
    return {
        "currency": currency,
        "unknown": [LABELS[kind].lower() for kind in estimate.unknown],
        "materials": [_material(each) for each in estimate.materials],
    }


def _rows(estimate, columns):
    """Each kind of cost that is known or should be; of the total, between what it lies."""
    rows = []
    for name, label in LABELS.items():
        values = [costs[name] for costs in columns.values()]
        if name == "total":
            cells = [_total(costs) for costs in columns.values()]
        elif name in estimate.unknown:
            cells = [_("unknown")] * len(values)
        elif values[0] is None:
            continue
        else:
            cells = list(map(money, values))
        rows.append({"label": label, "cells": cells, "is_total": name == "total"})
    return rows


def _total(costs):
    if costs["total"] is None:
        return _("unknown; at least %(known)s") % {"known": money(costs["known"])}
    if costs["lowest"] == costs["highest"]:
        return money(costs["total"])
    between = {name: money(costs[name]) for name in ("total", "lowest", "highest")}
    return _("%(total)s (%(lowest)s to %(highest)s)") % between


def _material(each):
    line, rate = each.line, each.rate
    return {
        "name": line.spool or line.filament or line.material_type,
        "grams": grams(each.grams),
        "price": _price(rate),
        "source": _source(line, rate) + _shortage(each),
        "cost": money(each.cost) if each.cost is not None else _("unknown"),
    }


def _price(rate):
    """Money per kilogram."""
    if rate.mean is None and rate.lowest is None:
        return _("unknown")
    mean = _("unknown") if rate.mean is None else money(rate.mean * 1000)
    if rate.lowest == rate.highest:
        return mean
    between = {"lowest": money(rate.lowest * 1000), "highest": money(rate.highest * 1000)}
    return f"{mean} " + _("(%(lowest)s to %(highest)s)") % between


def _source(line, rate):
    if rate.source == estimating.SPOOL:
        return _("spool %(code)s") % {"code": line.spool.code}
    if rate.source == estimating.CATALOGUE:
        return _("catalogue; none on the shelf")
    return _("mean of what is available") if rate.lowest is not None else _("no price known")


def _shortage(each):
    """What is available of a material, where that is less than is needed."""
    available = each.rate.available
    if not available or available >= each.grams:
        return ""
    return _("; only %(grams)s g are") % {"grams": grams(available)}
