"""Events of websockets: what changed, as Spoolman tells it."""

import json
from datetime import UTC, datetime
from typing import NamedTuple

import orjson
from django.db.models.expressions import RawSQL

from inventory.models import Filament, Manufacturer, Spool
from production.spoolman import client_settings, shapes
from tenants.live.notes import DELETED, UPDATED, USED
from tenants.operations.compiled import IDS, IsOneOf, compiled

NEVER_RESET = ("extra_fields_vendor", "extra_fields_filament", "extra_fields_spool")


class Event(NamedTuple):
    """``topics`` are those whose websockets get it, ``frame`` its JSON, ``bare`` without what it
    is about: for pages, which ask for it. A row has a ``number`` and, unless it is gone, a
    ``version``, another one with each change of it."""

    topics: tuple
    frame: bytes
    bare: bytes
    resource: str
    number: int | None = None
    version: int | None = None
    is_use: bool = False


def of_notes(notes):
    """The Events of notes, in order; each row is read once, as it is now. What is gone again, or
    back again, has none."""
    found = {resource: _rows(notes, resource) for resource in SHAPES}
    events = []
    for note in _last_uses(notes):
        if note.resource in SHAPES:
            event = _of_row(note, found[note.resource])
        elif note.resource == "setting":
            event = _of_setting(note.key)
        else:
            event = _of_run(note)
        events += [event] if event else []
    return events


def erased(row):
    """The shape of a row that is about to be erased, to be put into a note."""
    resource = row.announced_as
    query, shape = SHAPES[resource]
    [(_id, _removed_at, _version, *columns)] = query(ids=[row.pk], numbers=[])
    return json.loads(orjson.dumps(shape(columns), option=orjson.OPT_UTC_Z))


@compiled(ids=IDS, numbers=IDS)
def _vendors(ids, numbers):
    return _either(Manufacturer, ids, numbers, shapes.VENDOR)


@compiled(ids=IDS, numbers=IDS)
def _filaments(ids, numbers):
    return _either(Filament, ids, numbers, shapes.FILAMENT)


@compiled(ids=IDS, numbers=IDS)
def _spools(ids, numbers):
    return _either(Spool, ids, numbers, shapes.SPOOL)


def _either(model, ids, numbers, columns):
    by_id, by_number = IsOneOf("pk", ids), IsOneOf("number", numbers)
    version = RawSQL(f'"{model._meta.db_table}".xmin::text::bigint', [])  # nosec B611
    found = model.objects.filter(by_id | by_number).order_by("pk")
    return found.values_list("pk", "removed_at", version, *columns)


SHAPES = {
    "vendor": (_vendors, shapes.vendor),
    "filament": (_filaments, shapes.filament),
    "spool": (_spools, shapes.spool),
}


def _rows(notes, resource):
    """``{("id", id): (version, shape)}``, and the same by ("number", number); the version is None
    where it is gone."""
    of_kind = [note for note in notes if note.resource == resource]
    if not of_kind:
        return {}
    query, shape = SHAPES[resource]
    ids = [note.id for note in of_kind if note.id is not None]
    numbers = [note.number for note in of_kind if note.number is not None]
    found = {}
    for pk, removed_at, version, *columns in query(ids=ids, numbers=numbers):
        made = (version if removed_at is None else None), shape(columns)
        found["id", pk] = found["number", columns[0]] = made
    return found


def _last_uses(notes):
    """Of several reports of one spool the last is told: each would be told as it is now."""
    last = {note.which: place for place, note in enumerate(notes) if note.type == USED}
    return [
        note for place, note in enumerate(notes) if note.type != USED or last[note.which] == place
    ]


def _of_row(note, rows):
    key = ("id", note.id) if note.number is None else ("number", note.number)
    version, shape = rows.get(key, (None, note.was))
    if shape is None or (version is None) != (note.type == DELETED):
        return None
    kind = UPDATED if note.type == USED else note.type
    topics = ((), (note.resource,), (note.resource, str(shape["id"])))
    event = _event(topics, kind, note.resource, shape, shape["id"])
    return event._replace(number=shape["id"], version=version, is_use=note.type == USED)


def _of_setting(key):
    if key not in client_settings.KEYS:
        return None
    setting = client_settings.shape(key)
    kind = UPDATED if setting["is_set"] or key in NEVER_RESET else DELETED
    topics = ((), ("setting",), ("setting", key))
    return _event(topics, kind, "setting", {"key": key, "setting": setting}, key)


def _of_run(note):
    """For pages of ours alone: Spoolman knows no runs."""
    return _event((("run", str(note.id)),), note.type, "run", {"id": note.id}, note.id)


def _event(topics, kind, resource, payload, which):
    about = {"type": kind, "resource": resource, "date": datetime.now(UTC)}
    frame = orjson.dumps(about | {"payload": payload}, option=orjson.OPT_UTC_Z)
    bare = orjson.dumps({"type": kind, "resource": resource, "id": which})
    return Event(topics, frame, bare, resource)
