"""Imports filaments, of a table or a catalogue: new ones are made, known ones only filled in.

What the farm has is never overwritten, so an import can be repeated with a newer file, and keeps
whatever people have changed. A filament is known by its external_id (of several it is the oldest),
else by maker, name and material; another diameter, other net grams or the name of another colour
make it another one.
"""

from collections import Counter, defaultdict
from decimal import Decimal

from django.db import connection
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from inventory.models import Filament, Manufacturer, MaterialType
from inventory.services.material_families import family_of, is_abrasive
from inventory.services.tables.cells import BadCell
from inventory.services.tables.columns import FILAMENT_COLUMNS
from inventory.services.tables.matching import FilamentIndex, distinct
from inventory.services.tables.report import (
    BATCH,
    CREATED,
    FILAMENTS,
    FILLED_IN,
    UNCHANGED,
    ImportReport,
    lock_imports,
    run_import,
)
from tenants.accounts import audited
from tenants.operations import progress
from tenants.operations.operation import operation
from tenants.operations.quantities import money
from tenants.operations.text import folded

USUAL_DIAMETER = Decimal("1.75")
DEFAULTS = {"manufacturer": "", "diameter_mm": USUAL_DIAMETER}
IDENTITY = {"manufacturer", "name", "material", "diameter_mm", "density_g_cm3", "price_per_kg"}
COLORS = ("color_hex", "multi_color_hexes", "multi_color_direction")
FIELDS = (*(name for name in FILAMENT_COLUMNS if name not in IDENTITY), *COLORS[1:])
FILLED = ("manufacturer", *FIELDS)
NEEDED = {"name", "material"}
EMPTY = (None, "", [])


def import_filaments(table, *, by, dry_run=False):
    """Add the filaments of a table, with manufacturers and material types that are new;
    returns an ImportReport.

    The ReadTable comes from `table_reader.read_filaments` or `catalogue_reader.read_catalogue`. A
    broken row is reported and the others are imported, all in one transaction; a dry run is the
    import, rolled back. Raises Busy, and Duplicate when somebody adds the same filament at this
    moment.
    """
    return run_import(_import, table, by=by, dry_run=dry_run)


@operation("filament.import")
def _import(table, *, by, dry_run):
    report = ImportReport(FILAMENTS, table, dry_run=dry_run)
    add(report, by=by)
    return report


def add(report, *, by):
    """Decide what becomes of the rows of a report, and write it."""
    lock_imports(FILAMENTS)
    for row in report.rows:
        needed = NEEDED - row.values.keys()
        row.refuse_too(dict.fromkeys(needed, _("This is needed.")))
    for row in report.good:
        with row.refusing():
            _set_price(row.values)
    known = _known(report.good)
    _require_densities([row for row in report.good if row not in known])
    needing = [row for row in report.good if row not in known or not known[row].manufacturer_id]
    makers = _manufacturers([row for row in needing if "manufacturer" in row.values], report)
    types = _material_types([row for row in report.good if row not in known], report)
    for row in progress.counting(report.good):
        if row in known:
            _fill_in(row, known[row], makers)
        else:
            row.instances = [_filament(row.values, makers, types)]
            name = f"{row.values.get('manufacturer', '')} {row.values['name']}".strip()
            names = {"name": name, "material": row.values["material"]}
            row.detail = _("A new filament %(name)s (%(material)s).") % names
    _write(report, by=by)


# --- Known ones --------------------------------------------------------------------------------


def _known(rows):
    """``{row: Filament}`` for rows of filaments that are there already, locked: a person's edit
    is not to be lost. A second row of the same filament is refused."""
    catalogue, seen, matches = FilamentIndex(), {}, {}
    for row in (row for row in rows if row.is_ok):
        with row.refusing():
            match = _match(catalogue, row.values, set(matches.values()))
            _require_first(seen, row, match)
            if match:
                matches[row] = match.pk
    found = Filament.objects.filter(pk__in=matches.values()).with_makers().order_by("pk")
    locked = {each.pk: each for each in found.select_for_update(no_key=True, of=("self",))}
    return {row: locked[pk] for row, pk in matches.items()}


def _set_price(values):
    """That of a reel, where a kilogram has one. Raises BadCell, InvalidQuantity."""
    if "price_per_kg" not in values:
        return
    if "price" in values or "net_grams" not in values:
        message = _("Give the net grams with it, and no other price.")
        raise BadCell(message, errors={"price_per_kg": []})
    of_reel = values.pop("price_per_kg") * values["net_grams"] / 1000
    values["price"] = money(of_reel, field="price_per_kg")


def _match(catalogue, values, taken):
    """The existing filament of the index, or None; by name only one without an id of its own, if no
    other id has ``taken`` it. Raises BadCell if it may be any of several."""
    external_id = values.get("external_id")
    if external_id and (known := catalogue.by_external_id.get(external_id)):
        return known
    cells, net_grams = DEFAULTS | values, values.get("net_grams")
    found = [
        known
        for known in catalogue.named(cells)
        if not (external_id and (known.external_id or known.pk in taken))
        and (None in (net_grams, known.net_grams) or net_grams == known.net_grams)
    ]
    found = distinct(found)
    if len(found) > 1:
        message = _("%(count)s filaments are called so: give the external_id or the net grams.")
        raise BadCell(message % {"count": len(found)}, errors={"name": []})
    return found[0] if found else None


def _require_first(seen, row, match):
    """Raise BadCell when an earlier row is of the same filament, or has the same id."""
    values = row.values
    names = (folded(values.get(name, "")) for name in ("manufacturer", "name", "color_name"))
    others = map(values.get, ("material", "diameter_mm", "net_grams", "external_id"))
    keys = {
        ("pk", match.pk) if match else (*names, *others),
        ("id", values.get("external_id", row)),
    }
    if earlier := [seen[key] for key in keys if key in seen]:
        message = _("The same filament as number %(number)s.")
        raise BadCell(message % {"number": earlier[0].number})
    seen.update(dict.fromkeys(keys, row))


def _fill_in(row, filament, makers):
    """Take over what is still empty. Colours are one thing: all or none."""
    has_color = bool(filament.hexes)
    values = row.values | {"manufacturer": makers.get(row.values.get("manufacturer"))}
    for name in FILLED:
        old, new = getattr(filament, name), values.get(name)
        if old in EMPTY and new not in EMPTY and not (has_color and name in COLORS):
            setattr(filament, name, new)
            is_maker = isinstance(new, Manufacturer)
            row.changes[name] = [old, {"id": new.pk, "name": new.name} if is_maker else new]
    row.instances, row.outcome = [filament], FILLED_IN if row.changes else UNCHANGED
    names = {"filament": filament, "fields": ", ".join(row.changes)}
    row.detail = _("%(filament)s is there already: nothing is empty.") % names
    if row.changes:
        row.detail = _("%(filament)s is there already: fills in %(fields)s.") % names


# --- New ones ----------------------------------------------------------------------------------


def _require_densities(rows):
    """A new type has the density that a row gives, or that of its family."""
    types = list(MaterialType.objects.select_related("family"))
    known = {each.code for each in types}
    known |= {row.values["material"] for row in rows if "density_g_cm3" in row.values}
    for row in rows:
        if (code := row.values["material"]) not in known and not family_of(code, types):
            message = _("%(code)s is new: how dense is it, in g/cm³?")
            row.refuse("density_g_cm3", message % {"code": code})


def _manufacturers(rows, report):
    """Manufacturers by the names that the rows give them, the missing ones made."""
    names = lower_names(list(dict.fromkeys(row.values["manufacturer"] for row in rows)))
    known, missing = makers_by_lower_name(names), {}
    for name, lower in names.items():
        if lower not in known:
            missing.setdefault(lower, Manufacturer(name=name))
    report.manufacturers = [maker.name for maker in missing.values()]
    Manufacturer.objects.bulk_create(missing.values(), batch_size=BATCH, ignore_conflicts=True)
    known = makers_by_lower_name(names)
    return {name: known[lower] for name, lower in names.items()}


def lower_names(names):
    """Names in lower case as PostgreSQL means it, for it is the one that keeps them unique."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, lower(name) FROM unnest(%s::text[]) AS name", [names])
        return dict(cursor.fetchall())


def makers_by_lower_name(names):
    makers = Manufacturer.objects.present().annotate(lower=Lower("name"))
    makers = makers.order_by("-twin", "-pk")  # of several, the first
    return {maker.lower: maker for maker in makers.filter(lower__in=list(names.values()))}


def _material_types(rows, report):
    """Material types by code, the missing ones made with the density most rows give them."""
    densities = defaultdict(Counter)
    for row in rows:
        given = row.values.get("density_g_cm3")
        densities[row.values["material"]].update([] if given is None else [given])
    known = types_by_code(densities)
    report.material_types = [code for code in densities if code not in known]
    types = MaterialType.objects.select_related("family") if report.material_types else ()
    missing = [_new_type(code, densities[code], types) for code in report.material_types]
    MaterialType.objects.bulk_create(missing, batch_size=BATCH, ignore_conflicts=True)
    return types_by_code(densities)


def _new_type(code, densities, types):
    family = family_of(code, types)
    density = densities.most_common(1)[0][0] if densities else family.density_g_cm3
    fields = {"density_g_cm3": density, "family": family, "is_abrasive": is_abrasive(code)}
    return MaterialType(code=code, name=code, **fields)


def types_by_code(codes):
    return {kind.code: kind for kind in MaterialType.objects.filter(code__in=list(codes))}


def _filament(values, makers, types):
    kind = types[values["material"]]
    return Filament(
        manufacturer=makers.get(values.get("manufacturer")),
        material_type=kind,
        name=values["name"],
        diameter_mm=values.get("diameter_mm", USUAL_DIAMETER),
        density_g_cm3=values.get("density_g_cm3", kind.density_g_cm3),
        **{name: values[name] for name in FIELDS if name in values},
    )


# --- All of them -------------------------------------------------------------------------------


def _write(report, *, by):
    """Save what is new and what was filled in, with one line in the audit trail for all that is
    new: a line for each new filament would bury what people did."""
    by_outcome = {outcome: [] for outcome in (CREATED, FILLED_IN, UNCHANGED)}
    for row in report.good:
        by_outcome[row.outcome].append(row)
    with audited.refusals(Filament()):
        Filament.objects.bulk_create(
            (row.instance for row in by_outcome[CREATED]), batch_size=BATCH
        )
        Filament.objects.bulk_create(  # many times faster than bulk_update's CASE for every value
            (row.instance for row in by_outcome[FILLED_IN]),
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=FILLED,
        )
    progress.count(len(report.good))
    for row in by_outcome[FILLED_IN]:
        audited.audit("import", row.instance, by=by, changes=row.changes)
    if by_outcome[CREATED]:
        changes = {
            CREATED: [None, len(by_outcome[CREATED])],
            FILLED_IN: [None, len(by_outcome[FILLED_IN])],
            "manufacturers": [None, report.manufacturers],
            "material_types": [None, report.material_types],
        }
        audited.audit("import", Filament(name=_("Import of filaments")), by=by, changes=changes)
