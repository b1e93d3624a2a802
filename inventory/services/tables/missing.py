"""Makes what a table of spools names and the farm has not: filaments with their makers and material
types, and locations, as far as each is wanted."""

from django.utils.translation import gettext as _

from inventory.models import Location
from inventory.services.moving.catalogue import move_locations
from inventory.services.tables import filament_import
from inventory.services.tables.columns import OF_FILAMENT
from inventory.services.tables.report import CREATABLE, FILAMENTS, ImportReport, ReadTable, Row
from tenants.operations.text import folded

PERMISSIONS = {
    "filaments": "inventory.add_filament",
    "manufacturers": "inventory.add_manufacturer",
    "material_types": "inventory.add_materialtype",
    "locations": "inventory.add_location",
}
# Columns of a spool that say what its filament is like, the first one that a row has.
SOURCES = {
    "net_grams": ("filament_net_grams", "initial_grams"),
    "tare_grams": ("filament_tare_grams", "tare_grams"),
    "price": ("filament_price", "price"),
    **{name: (name,) for name in ("external_id", "price_per_kg", *OF_FILAMENT)},
}
IDENTITY = (
    "external_id", "manufacturer", "name", "material", "color_name", "diameter_mm", "net_grams"
)  # fmt: skip


def creatable(wanted, table, *, by):
    """What is made of CREATABLE: what is ``wanted`` (None: all of a neighbour's table, and nothing
    of another), as far as the person may."""
    if wanted is None:
        wanted = CREATABLE if table.neighbour else ()
    return [each for each in CREATABLE if each in wanted and _may(each, by)]


def make_locations(report, rows=None):
    """``{folded name: Location}`` of those that rows of the report name, by default all of them;
    the missing ones are made if wanted."""
    rows = report.rows if rows is None else rows
    known = {folded(place.name): place for place in Location.objects.all()}
    named = {row.number: row.values["location"] for row in rows if "location" in row.values}
    missing = {line: name for line, name in named.items() if folded(name) not in known}
    report.missing["locations"] = _distinct(missing.values())
    wanted = _distinct(name for line, name in missing.items() if line not in report.faults)
    if wanted and "locations" in report.create_missing:
        made, _new = move_locations(wanted)
        places = Location.objects.in_bulk(set(made.values()))
        known |= {folded(name): places[pk] for name, pk in made.items()}
    return known


def make_filaments(rows, report, *, by):
    """``{row: id of a filament}`` of rows whose filament is missing, each made once; a row of which
    it can't be made is refused, in its own columns. None is made of rows with ``report.faults``."""
    names = [_name(values) for values, _rows in _alike(rows, report)]
    report.missing["filaments"] = names
    _note_missing(rows, report)
    if not rows or "filaments" not in report.create_missing:
        return {}
    alike = _alike([row for row in rows if row.number not in report.faults], report)
    new = [Row(same[0].number, dict(values)) for values, same in alike]
    made = ImportReport(FILAMENTS, ReadTable(new), dry_run=report.dry_run)
    _require_wanted([*made.rows, *(row for row in rows if row.number in report.faults)], report)
    filament_import.add(made, by=by)
    report.manufacturers, report.material_types = made.manufacturers, made.material_types
    found = {}
    for (_values, same), row in zip(alike, made.rows, strict=True):
        for each in same:
            each.refuse_too(row.problems)
            if row.is_ok:
                found[each] = row.instance.pk
    return found


def has_any(rows, catalogue):
    """Whether a row names a filament that is not in the FilamentIndex, or a missing location."""
    places = {folded(row.values["location"]) for row in rows if "location" in row.values}
    if places - {folded(name) for name in Location.objects.values_list("name", flat=True)}:
        return True
    return any(catalogue.is_missing(row.values) for row in rows)


def _distinct(names):
    return list({folded(name): name for name in names}.values())


def _alike(rows, report):
    """``[(values of a filament, its rows)]``"""
    alike = {}
    for row in rows:
        values = _of_filament(row.values, report.defaults)
        alike.setdefault(_identity(values), (values, []))[1].append(row)
    return list(alike.values())


def _may(kind, by):
    return by is None or by.has_perm(PERMISSIONS[kind])


def _of_filament(values, defaults):
    cells = {name: [values[each] for each in of if each in values] for name, of in SOURCES.items()}
    found = {name: given[0] for name, given in cells.items() if given}
    if defaults.default_net_grams is not None:
        found.setdefault("net_grams", defaults.default_net_grams)
    if defaults.default_tare_grams is not None:
        found.setdefault("tare_grams", defaults.default_tare_grams)
    if "price" in found:
        found.pop("price_per_kg", None)
    return found


def _identity(values):
    cells = (values.get(name) for name in IDENTITY)
    return tuple(folded(cell) if isinstance(cell, str) else cell for cell in cells)


def _name(values):
    return " ".join(filter(None, [values.get("manufacturer"), values.get("name")]))


def _note_missing(rows, report):
    makers = {row.values["manufacturer"] for row in rows if "manufacturer" in row.values}
    lower = filament_import.lower_names(sorted(makers))
    known = filament_import.makers_by_lower_name(lower)
    new = {lower[name]: name for name in lower if lower[name] not in known}
    report.missing["manufacturers"] = list(new.values())
    codes = {row.values["material"] for row in rows if "material" in row.values}
    types = filament_import.types_by_code(codes)
    report.missing["material_types"] = sorted(codes - types.keys())


def _require_wanted(rows, report):
    """Refuse rows of a maker or a material type that is missing and not wanted."""
    columns = {"manufacturers": "manufacturer", "material_types": "material"}
    for kind, column in columns.items():
        missing = {folded(name) for name in report.missing[kind]}
        for row in rows if kind not in report.create_missing else ():
            if folded(row.values.get(column, "")) in missing:
                message = _("There is no “%(name)s” yet.")
                row.refuse(column, message % {"name": row.values[column]})
