"""Reads all that a running Spoolman has."""

import json

from django.utils.translation import gettext as _

from production.spoolman.importing.address import Server
from production.spoolman.importing.source import ENTITIES, NotReadable, Source, objects

PATHS = {"vendor": "/vendor", "filament": "/filament", "spool": "/spool?allow_archived=true"}
REFERENCES = {"spool": "filament", "filament": "vendor", "vendor": None}


def read(address):
    """The Source at an address. Raises NotReadable."""
    server = Server(address)
    info = server.get("/info")
    if not isinstance(info, dict) or not isinstance(info.get("version"), str):
        message = _("%(place)s does not say its version: is it a Spoolman?")
        raise NotReadable(message % {"place": server.place})
    settings = settings_of(server.get("/setting/"), f"{server.place} /setting/")
    fields = {
        entity: _dicts(server.get(f"/field/{entity}"), f"{server.place} /field/{entity}")
        for entity in ENTITIES
    }
    rows = {}
    for entity, path in PATHS.items():
        found = objects(server.get(path), f"{server.place} {path.partition('?')[0]}")
        rows[entity] = [_flat(row, REFERENCES[entity]) for row in found]
    return Source(server.place, rows, fields, settings, info["version"][:40])


def settings_of(found, name):
    """``{key: value}`` of those that are set. Raises NotReadable."""
    if not isinstance(found, dict) or not all(isinstance(each, dict) for each in found.values()):
        raise NotReadable(_("%(name)s: settings are expected.") % {"name": name})
    given = {}
    for key, each in found.items():
        value = each.get("value")
        if each.get("is_set") and isinstance(value, str):
            given[key] = value
    return given


def fields_of(settings):
    """The fields by their entities, as settings have them. Raises NotReadable."""
    found = {}
    for entity in ENTITIES:
        name = f"extra_fields_{entity}"
        try:
            found[entity] = _dicts(json.loads(settings.get(name, "[]")), name)
        except (ValueError, RecursionError) as error:
            message = _("%(name)s: a list is expected.")
            raise NotReadable(message % {"name": name}) from error
    return found


def _flat(row, reference):
    """Without the row it refers to, of which only the id stays."""
    if reference is None:
        return row
    other = row.pop(reference, None)
    row[f"{reference}_id"] = other.get("id") if isinstance(other, dict) else other
    return row


def _dicts(found, name):
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise NotReadable(_("%(name)s: a list of fields is expected.") % {"name": name})
    return found
