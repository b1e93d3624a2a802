"""The columns of reports: functions of the values of the filter and of the measure."""

from django.utils.translation import gettext_lazy as _

from production.admin.explanation import LABELS
from production.admin.reports.tables import Column
from production.services.explanation.parts import OF_GRAMS, OF_MINUTES, PARTS
from production.services.reports.statements import OF_ITEMS, OF_MATERIAL

MEASURES = {"grams": _("Grams"), "minutes": _("Time"), "cost": _("Cost")}
UNITS = {
    "grams": {"unit": "g"},
    "minutes": {"unit": _("time")},
    "cost": {"unit": "{currency}"},
}
KINDS = {"grams": "grams", "minutes": "minutes", "cost": "money"}
TYPED = {"grams": ("weighed_or_typed", _("Weighed or typed, g")), "minutes": ("typed", _("Typed"))}


def _named(*more):
    return [Column("", "name", "group"), *more]


def variance(values, measure):
    kind, unit = KINDS[measure], UNITS[measure]
    path = {"cost": "cost.total"}.get(measure, measure)
    if measure == "cost" and values["group_by"] in OF_MATERIAL:
        path = "cost.material"
    runs = Column(_("Runs"), "runs", "count")
    compared = [
        Column(_("Compared"), f"compared.{path}.runs", "count"),
        Column(_("Planned, %(unit)s") % unit, f"compared.{path}.planned", kind),
        Column(_("Actual, %(unit)s") % unit, f"compared.{path}.actual", kind),
        Column(
            _("Difference, %(unit)s") % unit,
            f"compared.{path}.difference",
            f"signed_{kind}",
        ),
        Column(_("Off plan"), f"compared.{path}.percent", "percent"),
    ]
    return _named(runs, *compared, *_all_of(measure, path))


def _all_of(measure, path):
    """Of all runs, also of those that can't be compared."""
    if measure == "cost":
        known = "cost.known_total" if path == "cost.total" else path
        return [Column(_("All runs, known, {currency}"), known, "money")]
    name, label = TYPED[measure]
    return [
        Column(_("All runs, %(unit)s") % UNITS[measure], f"{path}.actual", KINDS[measure]),
        Column(label, f"{path}.{name}", KINDS[measure]),
    ]


def explanation(values, measure):
    kind, unit = KINDS[measure], UNITS[measure]
    of_material = values["group_by"] in OF_MATERIAL
    path = {"cost": "cost.material" if of_material else "cost.total"}.get(measure, measure)
    names = {"grams": OF_GRAMS, "minutes": OF_MINUTES}.get(measure, PARTS)
    more = ("share",) if values["group_by"] in OF_ITEMS else ()
    return _named(
        Column(_("Runs"), "runs", "count"),
        Column(_("Compared"), f"{path}.compared", "count"),
        Column(_("Difference, %(unit)s") % unit, f"{path}.difference", f"signed_{kind}"),
        Column(_("Too much, %(unit)s") % unit, f"{path}.over", f"signed_{kind}"),
        *(
            Column(LABELS[part], f"{path}.parts.{part}", f"signed_{kind}")
            for part in (*names, *more)
        ),
    )


def explained_chart(measure):
    return f"{'cost.total' if measure == 'cost' else measure}.over"


def per_part(_values, _measure):
    return _named(
        Column(_("Runs"), "runs", "count"),
        Column(_("Good parts"), "good", "count"),
        Column(_("Scrapped parts"), "scrapped", "count"),
        Column(_("Material, {currency}"), "cost.material", "money"),
        Column(_("Machine, {currency}"), "cost.machine", "money"),
        Column(_("Energy, {currency}"), "cost.energy", "money"),
        Column(_("Labour, {currency}"), "cost.labour", "money"),
        Column(_("Total, {currency}"), "cost.total", "money"),
        Column(_("Known of it, {currency}"), "cost.known_total", "money"),
        Column(_("Runs of unknown cost"), "cost.runs_of_unknown_cost", "count"),
        Column(_("Per good part, {currency}"), "cost.per_good_unit", "money"),
    )


def _by_period(values, *more):
    """The period, if there is one, and the group; of periods of all together the period alone."""
    named = _named(*more)
    if values["period"] and not values["group_by"]:
        named = list(more)
    return [Column(_("Period"), "period", "name", where="period"), *named]


def consumption(values, _measure):
    return _by_period(
        values,
        Column(_("Used, g"), "grams.usage", "grams"),
        Column(_("Waste, g"), "grams.waste", "grams"),
        Column(_("Together, g"), "grams.total", "grams"),
        Column(_("Cost, {currency}"), "cost.total", "money"),
        Column(_("Known of it, {currency}"), "cost.known_total", "money"),
        Column(_("Of unknown cost, g"), "cost.grams_of_unknown_cost", "grams"),
    )


def scrap(values, _measure):
    is_part = values["group_by"] == "material_type"  # of what it cost, the material
    cost = _("Lost material, {currency}") if is_part else _("Lost, {currency}")
    return _named(
        Column(_("Scrapped parts"), "scrapped.count", "count"),
        Column(_("Scrapped, g"), "scrapped.grams", "grams"),
        Column(_("Failed runs"), "failed.runs", "count"),
        Column(_("Failed, g"), "failed.grams", "grams"),
        Column(_("Lost parts"), "lost.count", "count"),
        Column(_("Lost, g"), "lost.grams", "grams"),
        Column(cost, "lost.cost", "money", is_part=is_part),
        Column(_("Known of it, {currency}"), "lost.known_cost", "money", is_part=is_part),
        Column(_("Of all parts"), "lost.percent_of_count", "share"),
        Column(_("Of all grams"), "lost.percent_of_grams", "share"),
    )


def printers(values, _measure):
    is_of_one = values["group_by"] == "printer"
    return _by_period(
        values,
        *([] if is_of_one else [Column(_("Printers"), "printers", "count")]),
        Column(_("Runs"), "runs", "count"),
        Column(_("Lost runs"), "lost_runs", "count"),
        Column(_("Good parts"), "good", "count"),
        Column(_("Printed"), "minutes.printing", "minutes"),
        Column(_("By the clock"), "minutes.by_the_clock", "minutes"),
        Column(_("Lost time"), "minutes.lost", "minutes"),
        Column(_("Available time"), "minutes.available", "minutes"),
        Column(_("Occupation"), "occupation_percent", "share"),
    )


def lots(_values, _measure):
    return [
        Column(_("Run"), "run_number", "name", of="run", key="run"),
        Column(_("Status"), "status", "status"),
        Column(_("Printer"), "printer_name"),
        Column(_("Ended"), "finished_at", "moment"),
        Column(_("Spool"), "spool_code", "name", of="spool", key="spool"),
        Column(_("Lot"), "lot_number"),
        Column(_("Held"), "is_held", "flag"),
        Column(_("Filament"), "filament_name", of="filament", key="filament"),
        Column(_("Manufacturer"), "manufacturer_name"),
        Column(_("Used, g"), "used_grams", "grams", sums=True),
        Column(_("Orders"), "order_references", "list"),
    ]


def lot_parts(_values, _measure):
    return [
        Column(_("Order"), "order_reference", "name"),
        Column(_("SKU"), "product_sku"),
        Column(_("Product"), "product_name", "name", of="product", key="product"),
        Column(_("Run"), "run_number", of="run", key="run"),
        Column(_("Status"), "status", "status"),
        Column(_("Ended"), "finished_at", "moment"),
        Column(_("Planned"), "quantity", "count", sums=True),
        Column(_("Good parts"), "good_count", "count", sums=True),
        Column(_("Scrapped parts"), "scrapped_count", "count", sums=True),
    ]


def stock(_values, _measure):
    return [
        Column(_("Filament"), "name", "name", of="filament", key="id"),
        Column(_("Manufacturer"), "manufacturer_name"),
        Column(_("Material type"), "material_type_code"),
        Column(_("Color"), "color_name"),
        Column(_("Sealed"), "sealed_count", "count", sums=True),
        Column(_("Opened"), "opened_count", "count", sums=True),
        Column(_("On the shelf, g"), "remaining_grams", "grams", sums=True),
        Column(_("Reserved, g"), "reserved_grams", "grams", sums=True),
        Column(_("Held, g"), "held_grams", "grams", sums=True),
        Column(_("Available, g"), "available_grams", "grams", sums=True),
        Column(_("Short, g"), "short_grams", "grams", sums=True),
        Column(_("Used in 30 days, g"), "used_grams", "grams", sums=True),
        Column(_("Lasts, days"), "days_left", "days"),
    ]


def _worth():
    return [
        Column(_("Stock, g"), "grams", "grams", sums=True),
        Column(_("Value, {currency}"), "value", "money", sums=True),
        Column(_("Known value, {currency}"), "known_value", "money", sums=True),
        Column(_("Of unknown value, g"), "grams_of_unknown_value", "grams", sums=True),
    ]


def stock_value(_values, _measure):
    return _named(Column(_("Spools"), "spools", "count", sums=True), *_worth())


def stock_changes(_values, _measure):
    return [
        Column(_("Kind"), "kind", "kind"),
        Column(_("Change, g"), "grams", "signed_grams", sums=True),
        Column(_("Change, {currency}"), "value", "signed_money", sums=True),
        Column(_("Known change, {currency}"), "known_value", "signed_money", sums=True),
        Column(_("Of unknown value, g"), "grams_of_unknown_value", "signed_grams", sums=True),
        Column(_("Credit, {currency}"), "credit", "money", sums=True),
        Column(_("Known credit, {currency}"), "known_credit", "money", sums=True),
    ]


def unexplained(_values, _measure):
    return [
        Column(_("Filament"), "name", "name", of="filament", key="filament"),
        Column(_("Difference, g"), "grams", "signed_grams", sums=True),
        Column(_("Counts"), "counts", "count", sums=True),
    ]


def alerts(_values, _measure):
    return [
        Column(_("Product"), "product_name", "name", of="product", key="product"),
        Column(_("SKU"), "product_sku"),
        Column(_("Planned per part, g"), "planned_grams_per_unit", "grams"),
        Column(_("Fitting, g"), "fitting_grams_per_unit", "grams"),
        Column(_("Grams off plan"), "grams_percent", "percent"),
        Column(_("Planned per plate"), "planned_plate_minutes", "minutes"),
        Column(_("Fitting"), "fitting_plate_minutes", "minutes"),
        Column(_("Time off plan"), "minutes_percent", "percent"),
        Column(_("Runs"), "run_numbers", "list", of="run", key="run_ids"),
    ]
