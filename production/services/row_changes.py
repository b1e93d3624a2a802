"""What a verb changes of the rows it locked; stored in its RunEvent for the undo."""

UNDONE_OTHERWISE = {"status", "version", "updated_at", "reopened_at"}


class RowChanges:
    """Rows as they were before a verb. ``loads`` are the SpoolEvents of what it loaded,
    ``is_short`` whether more was reserved of its spools than was there."""

    def __init__(self, *rows):
        self._rows, self.loads, self.is_short = [], [], False
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
        for attname, value in values.items():
            field = row._meta.get_field(attname)
            setattr(row, attname, field.to_python(value))
            names.add(field.name)
        if values:
            changed.append(row)
    return changed, sorted(names)


def _values(row):
    fields = [field for field in row._meta.concrete_fields if not field.generated]
    names = [field.attname for field in fields if field.name not in UNDONE_OTHERWISE]
    return {name: getattr(row, name) for name in names}


def _changed(was, now):
    return {name: _as_json(was[name]) for name in was if was[name] != now[name]}


def _as_json(value):
    return value if isinstance(value, bool | int | str | list | dict | None) else str(value)
