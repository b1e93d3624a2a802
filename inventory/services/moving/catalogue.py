"""Manufacturers, filaments and locations that come from another server."""

from collections import defaultdict

from django.db import connection
from django.utils.translation import gettext as _

from inventory.models import Filament, Location, Manufacturer
from inventory.services import filaments, manufacturers
from inventory.services.moving import arrivals
from inventory.services.moving.arrivals import BATCH, CHANGED, NEW
from tenants.accounts import audited
from tenants.operations import progress

MAX_TWIN = 32_767
LOWER = "SELECT name, lower(name) FROM unnest(%s::text[]) AS name"
LAST_TWIN = """
    SELECT lower(name), max(twin) FROM inventory_manufacturer
    WHERE removed_at IS NULL AND lower(name) = ANY(%s) GROUP BY lower(name)
"""


def move_manufacturers(rows, *, by):
    """Make the new ones, with the next free twin where a name is taken, and change the others."""
    arrivals.match(Manufacturer, rows)
    arrivals.sort_out(rows, touched=arrivals.touched_records(Manufacturer))
    new = [row for row in rows if row.outcome == NEW]
    twins = _Twins([row.values["name"] for row in new])
    for row in new:
        if (twin := twins.next(row.values["name"])) > MAX_TWIN:
            row.leave(_("Too many manufacturers have this name."))
        else:
            row.instance = Manufacturer(**_identity(row), twin=twin)
    _create(Manufacturer, [row for row in new if row.outcome == NEW])
    for row in rows:
        if row.outcome == CHANGED:
            changed = {name: row.values[name] for name in row.changes}
            row.instance = manufacturers.update_twin(row.instance, by=by, **_of_extra(row, changed))


def move_filaments(rows, *, by):
    """Make the new ones, and change the others; spools of one that was merged into another here are
    of that one."""
    arrivals.match(Filament, rows)
    for row in rows:
        if row.instance is not None and row.instance.merged_into_id is not None:
            row.instance = row.instance.merged_into
            row.leave(_("It was merged into %(target)s here.") % {"target": row.instance})
    arrivals.sort_out(rows, touched=arrivals.touched_records(Filament))
    new = [row for row in rows if row.outcome == NEW]
    for row in new:
        row.instance = Filament(**_identity(row))
    _create(Filament, new)
    for row in rows:
        if row.outcome == CHANGED:
            changed = {name: row.values[name] for name in row.changes}
            row.instance = filaments.update(row.instance, by=by, **_of_extra(row, changed))


def move_locations(names):
    """``{name: id}`` of the names, each in any case; those that are missing are made. Returns it
    with the names of these."""
    lower = _lower(names)
    known, missing = _locations(lower), {}
    for name in names:
        if lower[name] not in known:
            missing.setdefault(lower[name], Location(name=name))
    Location.objects.bulk_create(missing.values(), batch_size=BATCH, ignore_conflicts=True)
    known = _locations(lower)
    return {name: known[lower[name]] for name in names}, [each.name for each in missing.values()]


class _Twins:
    """The next free twin of each name, as `manufacturers` counts them."""

    def __init__(self, names):
        self._lower = _lower(names)
        with connection.cursor() as cursor:
            cursor.execute(LAST_TWIN, [sorted(set(self._lower.values()))])
            self._last = defaultdict(lambda: -1, cursor.fetchall())

    def next(self, name):
        lower = self._lower[name]
        self._last[lower] += 1
        return self._last[lower]


def _locations(lower):
    places = dict(Location.objects.values_list("name", "pk"))
    by_name = _lower(list(places))
    wanted = set(lower.values())
    return {by_name[name]: pk for name, pk in places.items() if by_name[name] in wanted}


def _lower(names):
    """Names in lower case as PostgreSQL means it, for it is the one that keeps them unique."""
    with connection.cursor() as cursor:
        cursor.execute(LOWER, [list(dict.fromkeys(names))])
        return dict(cursor.fetchall())


def _identity(row):
    return {"number": row.number, "created_at": row.registered, **row.values}


def _of_extra(row, changed):
    """``extra`` as services merge it: what is no longer there is taken out."""
    if "extra" in changed:
        gone = dict.fromkeys(row.instance.extra)
        changed["extra"] = gone | changed["extra"]
    return changed


def _create(model, rows):
    instances = [row.instance for row in rows]
    with audited.refusals(model()):
        model.objects.bulk_create(instances, batch_size=BATCH)
    progress.count(len(rows))
