"""Importing a catalogue of filaments: many entries of somebody else's, into a farm's own.

What the farm has is never overwritten. An entry is known by its id (``external_id``): an unknown
one becomes a filament; a known one only fills in the fields that are still empty. So an import
can be repeated with a newer catalogue, and keeps whatever people have changed.
"""

import reprlib
from collections import Counter
from dataclasses import dataclass, field

from django.db import connection
from django.db.models.functions import Lower

from inventory.models import Filament, Manufacturer, MaterialType
from inventory.services.tables import imports
from inventory.services.tables.catalogue_entries import BrokenEntry, parsed
from inventory.services.tables.imports import BATCH, CREATED, EMPTY, FILLED_IN, UNCHANGED
from tenants.accounts import audited
from tenants.operations.operation import in_dry_run, operation

COLORS = ("color_hex", "multi_color_hexes", "multi_color_direction")
FILLED = (
    "manufacturer_id",
    "net_grams",
    "tare_grams",
    "nozzle_temp",
    "bed_temp",
    "comment",
    *COLORS,
)


@dataclass(frozen=True)
class Refused:
    """An entry that was left out: its place in the file (from 1), its id as found, and why."""

    position: int
    external_id: str
    problem: str

    def __str__(self):
        return f"entry {self.position} (id {self.external_id}): {self.problem}"


@dataclass(frozen=True)
class Taken:
    """An entry that was imported: its place in the file (from 1), the filament, what became of it
    (created, filled_in, unchanged), and ``{field: [before, after]}`` of what was filled in."""

    position: int
    filament: Filament
    outcome: str
    changes: dict


@dataclass
class ImportReport:
    """What an import did, or with ``dry_run`` would do; each entry is in ``taken`` or
    ``refused``."""

    dry_run: bool = False
    manufacturers: list = field(default_factory=list)
    material_types: list = field(default_factory=list)
    taken: list = field(default_factory=list)
    refused: list = field(default_factory=list)

    def count(self, outcome):
        return sum(each.outcome == outcome for each in self.taken)

    @property
    def created_count(self):
        return self.count(CREATED)

    @property
    def filled_in_count(self):
        return self.count(FILLED_IN)

    @property
    def unchanged_count(self):
        return self.count(UNCHANGED)

    def __str__(self):
        return (
            f"{self.created_count} created, {self.filled_in_count} filled in, "
            f"{self.unchanged_count} unchanged, {len(self.refused)} refused; "
            f"new: {len(self.manufacturers)} manufacturers, "
            f"{len(self.material_types)} material types"
        )


def import_entries(entries, *, by, dry_run=False):
    """Import SpoolmanDB-shaped ``entries`` (an iterable of dicts); returns an ImportReport.

    A broken entry is reported and the others are imported, all in one transaction. ``dry_run``
    does the same and takes it back. Raises Busy, and Duplicate when somebody adds a filament of
    the same id at this very moment.
    """
    if dry_run:
        return in_dry_run(lambda: _import(entries, by=by, report=ImportReport(dry_run=True)))
    return _import(entries, by=by, report=ImportReport())


@operation("catalogue.import")
def _import(entries, *, by, report):
    imports.wait_for_others()
    good = _known_density(_believable(entries, report), report)
    makers = _manufacturers(good.values(), report)
    types = _material_types(good.values(), report)
    _write_filaments(good, makers, types, by=by, report=report)
    if report.created_count or report.filled_in_count:
        imports.audit(report, "Catalogue of filaments", by=by)
    return report


def _believable(entries, report):
    good = {}
    for position, raw in enumerate(entries, start=1):
        try:
            entry = parsed(raw)
            if entry.external_id in good:
                raise BrokenEntry(f"the id was used before, by entry {good[entry.external_id][0]}")
        except BrokenEntry as error:
            report.refused.append(Refused(position, _id_of(raw), error.detail))
        else:
            good[entry.external_id] = position, entry
    return list(good.values())


def _known_density(good, report):
    """``{position: entry}`` without those whose density neither they nor their material type
    knows."""
    known = set(MaterialType.objects.values_list("code", flat=True))
    known |= {entry.material for _, entry in good if entry.density_g_cm3 is not None}
    kept = {}
    for position, entry in good:
        if entry.material in known:
            kept[position] = entry
        else:
            problem = f"density is missing, and nothing else says the density of {entry.material}"
            report.refused.append(Refused(position, repr(entry.external_id), problem))
    report.refused.sort(key=lambda refused: refused.position)
    return kept


def _manufacturers(good, report):
    """Manufacturers by the names that the entries call them, the missing ones made."""
    names = _folded({entry.manufacturer for entry in good if entry.manufacturer})
    known = _by_folded_name(names)
    missing = {}
    for name, folded in names.items():
        if folded not in known:
            missing.setdefault(folded, Manufacturer(name=name))
    report.manufacturers = [maker.name for maker in missing.values()]
    Manufacturer.objects.bulk_create(missing.values(), batch_size=BATCH, ignore_conflicts=True)
    known = _by_folded_name(names)
    return {name: known[folded] for name, folded in names.items()}


def _folded(names):
    """Names in lower case as PostgreSQL means it, for it is the one that keeps them unique."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, lower(name) FROM unnest(%s::text[]) AS name", [sorted(names)])
        return dict(cursor.fetchall())


def _by_folded_name(names):
    makers = Manufacturer.objects.annotate(folded=Lower("name"))
    return {maker.folded: maker for maker in makers.filter(folded__in=list(names.values()))}


def _material_types(good, report):
    """Material types by code, the missing ones made with the density most entries give them."""
    densities = {}
    for entry in good:
        densities.setdefault(entry.material, Counter()).update(
            [] if entry.density_g_cm3 is None else [entry.density_g_cm3]
        )
    known = _types_by_code(densities)
    report.material_types = [code for code in densities if code not in known]
    MaterialType.objects.bulk_create(
        (
            imports.material_type(code, densities[code].most_common(1)[0][0])
            for code in report.material_types
        ),
        ignore_conflicts=True,
    )
    return _types_by_code(densities)


def _types_by_code(codes):
    return {kind.code: kind for kind in MaterialType.objects.filter(code__in=list(codes))}


def _write_filaments(good, makers, types, *, by, report):
    existing = _existing(good.values())
    for position, entry in good.items():
        wanted, known = _filament(entry, makers, types), existing.get(entry.external_id)
        changes = _fill_in(known, wanted) if known else {}
        outcome = CREATED if known is None else FILLED_IN if changes else UNCHANGED
        report.taken.append(Taken(position, known or wanted, outcome, changes))
    filled_in = [each for each in report.taken if each.changes]
    with audited.refusals(Filament()):
        Filament.objects.bulk_create(
            (each.filament for each in report.taken if each.outcome == CREATED), batch_size=BATCH
        )
    _update([each.filament for each in filled_in])
    for each in filled_in:
        audited.audit("import", each.filament, by=by, changes=each.changes)


def _existing(good):
    """The filaments that are there already, locked: a person's edit is not to be lost."""
    ids = [entry.external_id for entry in good]
    found = Filament.objects.filter(external_id__in=ids).with_makers().order_by("pk")
    locked = found.select_for_update(no_key=True, of=("self",))
    return {filament.external_id: filament for filament in locked}


def _filament(entry, makers, types):
    kind = types[entry.material]
    density = kind.density_g_cm3 if entry.density_g_cm3 is None else entry.density_g_cm3
    return Filament(
        external_id=entry.external_id,
        manufacturer=makers.get(entry.manufacturer),
        material_type=kind,
        density_g_cm3=density,
        **entry.filament,
    )


def _fill_in(filament, wanted):
    """Take over what is still empty; returns the changes. Colours are one thing: all or none."""
    has_color = bool(filament.color_hex or filament.multi_color_hexes)
    changes = {}
    for name in FILLED:
        old, new = getattr(filament, name), getattr(wanted, name)
        is_kept = old not in EMPTY or (has_color and name in COLORS)
        if not is_kept and new not in EMPTY:
            setattr(filament, name, new)
            changes[name] = [old, new]
    return changes


def _update(filaments):
    """One upsert by primary key: many times faster than bulk_update's CASE for every value."""
    Filament.objects.bulk_create(
        filaments,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[name.removesuffix("_id") for name in FILLED],
    )


def _id_of(raw):
    """The id of a raw entry as it may be shown on a terminal."""
    return reprlib.repr(raw.get("id")) if isinstance(raw, dict) else "none"
