"""What a verb changes of the rows it locked; stored in its RunEvent for the undo."""

from decimal import Decimal
from functools import cache

from tenants.operations.quantities import grams as to_grams

METERED = "metered_grams"
UNDONE_OTHERWISE = {"status", "version", "updated_at", "reopened_at"}


class RowChanges:
    """Rows as they were before a verb. ``loads`` are the SpoolEvents of what it loaded, ``meters``
    the ids of those of no run that it took, ``is_short`` whether more was reserved of its spools
    than was there."""

    def __init__(self, *rows):
        self._rows, self.loads, self.meters, self.is_short = [], [], [], False
        self.watch(rows)

    def watch(self, rows):
        """Remember the values that the rows have now; returns the rows."""
        self._rows += [(row, _values(row)) for row in rows if row is not None]
        return rows

    def add(self, row):
        """Remember that the row is new."""
        self._rows.append((row, None))

    def before(self):
        """``{model: {id: {field: value before}}}`` of what is different by now, as JSON; None for
        a new row. Besides: ``loads``, the ids of the SpoolEvents, and ``is_short``."""
        found = {"loads": [event.pk for event in self.loads]} if self.loads else {}
        if self.meters:
            found["meters"] = self.meters
        if self.is_short:
            found["is_short"] = True
        for row, was in self._rows:
            changed = was and _changed(was, _values(row))
            if was is None or changed:
                found.setdefault(row._meta.model_name, {})[str(row.pk)] = changed
        return found


def put_back(rows, before):
    """Set the fields of rows of one model to what ``before`` has of them; returns those rows, not
    saved yet, and the names of the fields."""
    changed, names = [], set()
    for row in rows:
        values = before.get(row._meta.model_name, {}).get(str(row.pk)) or {}
        metered = values.get(METERED)
        for attname, value in values.items():
            if attname == METERED:
                continue
            field = row._meta.get_field(attname)
            setattr(row, attname, field.to_python(value))
            names.add(field.name)
        if metered is not None:  # what was reported since is reserved no more
            since = row.metered_grams - Decimal(metered)
            row.reserved_grams = max(row.reserved_grams - to_grams(since, signed=True), Decimal(0))
        if values:
            changed.append(row)
    return changed, sorted(names)


def _values(row):
    return {name: getattr(row, name) for name in _names(type(row))}


@cache
def _names(model):
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    return [field.attname for field in fields if field.name not in UNDONE_OTHERWISE]


def _changed(was, now):
    """What devices reported is no change by a verb, but told beside what was reserved."""
    changed = {name: was[name] for name in was if was[name] != now[name] and name != METERED}
    if METERED in was and "reserved_grams" in changed:
        changed[METERED] = was[METERED]
    return {name: _as_json(value) for name, value in changed.items()}


def _as_json(value):
    return value if isinstance(value, bool | int | str | list | dict | None) else str(value)
