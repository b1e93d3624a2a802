"""Filaments out of a table: new ones are made, known ones only filled in where they are empty.

As with a catalogue (``catalogue``), what the farm has is never overwritten. A filament is
known by its external_id, else by maker, name and material; another diameter, or other net grams,
make it another one.
"""

from decimal import Decimal

from inventory.models import Filament, Manufacturer, MaterialType
from inventory.models.catalogue import validate_gtin
from inventory.services.tables import imports
from inventory.services.tables.cells import (
    BadCell,
    color,
    degrees,
    money,
    pattern,
    quantity,
    text,
)
from inventory.services.tables.finding import DIAMETER, MATERIAL, Catalogue, folded
from inventory.services.tables.imports import BATCH, EMPTY, FILLED_IN, UNCHANGED
from tenants.accounts import audited
from tenants.operations.bulk import bulk_update_unnest

USUAL_DIAMETER = Decimal("1.75")
COLUMNS = {
    "external_id": text(200),
    "manufacturer": text(100, "maker", "brand", "vendor"),
    "name": text(150, "filament", "filament_name"),
    "material": MATERIAL,
    "color_name": text(100, "colour_name", "color", "colour"),
    "color_hex": color("colour_hex", "hex"),
    "diameter_mm": DIAMETER,
    "density_g_cm3": quantity("density", digits=6, places=4, least="0.1", most="25"),
    "net_grams": quantity("grams", "weight", above="0"),
    "tare_grams": quantity("tare", "empty_spool_grams", "spool_weight"),
    "nozzle_temp": degrees("extruder_temp"),
    "bed_temp": degrees(),
    "price": money("cost"),
    "article_number": text(100, "article", "sku"),
    "gtin": pattern(validate_gtin.regex.pattern, "a GTIN of 8 to 14 digits", "ean", "barcode"),
    "reorder_point_grams": quantity("reorder_point"),
    "comment": text(2000, "note", "notes"),
}
NEEDED = (("name",), ("material",))
IDENTITY = {"manufacturer", "name", "material", "diameter_mm", "density_g_cm3"}
FILLED = tuple(name for name in COLUMNS if name not in IDENTITY)


def plan(report):
    """Say of each good line which filament it makes or fills in, or why it can't."""
    imports.wait_for_others()
    good = [line for line in report.lines if line.is_ok]
    for line in good:
        for column in {"name", "material"} - line.values.keys():
            line.refuse(column, "This is needed.")
    catalogue, seen, known = Catalogue(), {}, {}
    for line in (line for line in good if line.is_ok):
        with line.refusing():
            match = _match(catalogue, line.values)
            _require_first(seen, line, match)
            if match:
                known[line] = match.pk
    _check_densities([line for line in good if line.is_ok and line not in known])
    _plan_to_fill_in(known)
    for line in good:
        if line.is_ok and line.subject is None:
            line.said = f"A new filament {_name(line.values)}."


def write(report, *, by):
    """Make what is new, fill in what is known."""
    new = [line for line in report.lines if line.is_ok and line.subject is None]
    makers, types = _makers(new, report), _types(new, report)
    for line in new:
        line.subject = _filament(line.values, makers, types)
    with audited.refusals(Filament()):
        Filament.objects.bulk_create([line.subject for line in new], batch_size=BATCH)
    filled_in = [line for line in report.lines if line.is_ok and line.outcome == FILLED_IN]
    bulk_update_unnest([line.subject for line in filled_in], FILLED)
    for line in filled_in:
        audited.audit("import", line.subject, by=by, changes=line.changes)
    if new:
        imports.audit(report, "Table of filaments", by=by)


# --- Which is which ----------------------------------------------------------------------------


def _match(catalogue, values):
    """The filament that is there already, as Known, or None. Raises BadCell when it may be any
    of several."""
    external_id = values.get("external_id")
    if external_id and (known := catalogue.by_external_id.get(external_id)):
        return known
    cells = {"manufacturer": "", "diameter_mm": USUAL_DIAMETER} | values
    found = [
        known
        for known in catalogue.named(cells)
        if not (external_id and known.external_id)
        and _may_be(known.net_grams, values.get("net_grams"))
    ]
    if len(found) > 1:
        raise BadCell(
            f"{len(found)} filaments are called so: give the external_id or the net grams.",
            errors={"name": []},
        )
    return found[0] if found else None


def _may_be(one, other):
    return one is None or other is None or one == other


def _require_first(seen, line, match):
    """Raise BadCell when an earlier line is of the same filament, or has the same id."""
    values = line.values
    names = (
        folded(values.get("manufacturer", "")),
        folded(values["name"]),
        *(values.get(name) for name in ("material", "diameter_mm", "net_grams", "external_id")),
    )
    keys = {("pk", match.pk) if match else names, ("id", values.get("external_id", line))}
    if earlier := [seen[key] for key in keys if key in seen]:
        raise BadCell(f"Line {earlier[0].number} is of the same filament.")
    seen.update(dict.fromkeys(keys, line))


def _plan_to_fill_in(known):
    """Lock what is there, and fill in what is empty. Colours are one thing: several are kept."""
    rows = Filament.objects.filter(pk__in=known.values()).with_makers().order_by("pk")
    found = {row.pk: row for row in rows.select_for_update(no_key=True, of=("self",))}
    for line, pk in known.items():
        filament = found[pk]
        for name in FILLED:
            old, new = getattr(filament, name), line.values.get(name)
            is_kept = old not in EMPTY or (name == "color_hex" and filament.multi_color_hexes)
            if new is not None and not is_kept:
                setattr(filament, name, new)
                line.changes[name] = [old, new]
        line.subject, line.outcome = filament, FILLED_IN if line.changes else UNCHANGED
        what = f"fills in {', '.join(line.changes)}" if line.changes else "nothing is empty"
        line.said = f"{filament} is there already: {what}."


def _check_densities(lines):
    """Refuse a new material type of which no line says the density."""
    known = set(MaterialType.objects.values_list("code", flat=True))
    known |= {line.values["material"] for line in lines if "density_g_cm3" in line.values}
    for line in lines:
        if (code := line.values["material"]) not in known:
            line.refuse("density_g_cm3", f"{code} is new: how dense is it, in g/cm³?")


# --- What is new -------------------------------------------------------------------------------


def _makers(lines, report):
    """``{folded name: Manufacturer}``, the missing ones made."""
    known, missing = _known_makers(), {}
    for line in lines:
        name = line.values.get("manufacturer")
        if name and folded(name) not in known:
            missing.setdefault(folded(name), Manufacturer(name=name))
    with audited.refusals(Manufacturer()):
        Manufacturer.objects.bulk_create(missing.values(), batch_size=BATCH)
    report.manufacturers = [maker.name for maker in missing.values()]
    return known | missing


def _known_makers():
    return {folded(maker.name): maker for maker in Manufacturer.objects.all()}


def _types(lines, report):
    """``{code: MaterialType}``, the missing ones made with the density first given."""
    known = {kind.code: kind for kind in MaterialType.objects.all()}
    missing = {}
    for line in lines:
        code, density = line.values["material"], line.values.get("density_g_cm3")
        if code not in known and density is not None:
            missing.setdefault(code, imports.material_type(code, density))
    MaterialType.objects.bulk_create(missing.values(), batch_size=BATCH)
    report.material_types = list(missing)
    return known | missing


def _filament(values, makers, types):
    kind = types[values["material"]]
    return Filament(
        manufacturer=makers.get(folded(values.get("manufacturer", ""))),
        material_type=kind,
        name=values["name"],
        diameter_mm=values.get("diameter_mm", USUAL_DIAMETER),
        density_g_cm3=values.get("density_g_cm3", kind.density_g_cm3),
        **{name: values[name] for name in FILLED if name in values},
    )


def _name(values):
    return f"{values.get('manufacturer', '')} {values['name']} ({values['material']})".strip()
