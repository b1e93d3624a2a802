"""Reads the files of Spoolman's export: spools, filaments and vendors as JSON.

They are told apart by the columns they have. A fourth one may have the settings, as `/setting/`
answers them: the farm's own fields are in it too, which else are guessed from their values.
"""

import io
import zipfile
from pathlib import Path

import orjson
from django.utils.translation import gettext as _

from production.spoolman.importing import server
from production.spoolman.importing.source import (
    ENTITIES,
    NotReadable,
    Source,
    kind_of,
    loaded,
    objects,
)
from tenants.operations.archives import is_bounded

MAX_BYTES = 64 * 1024 * 1024  # of one file
MAX_FILES = 20  # in a folder, or in an archive
SUFFIX, ARCHIVE = ".json", b"PK\x03\x04"
NAMES = {"vendor": "vendors.json", "filament": "filaments.json", "spool": "spools.json"}
SETTINGS = "settings"
EXTRA = "extra."


def read(places):
    """The Source in files, or in one folder or zip archive with them. Raises NotReadable."""
    return from_contents({path.name: _content(path) for path in _paths(places)})


def from_contents(contents):
    """The same, of ``{name: bytes}``. Raises NotReadable."""
    found, names = {}, {}
    for name, content in _unpacked(contents):
        data = _loaded(name, content)
        kind = _kind(name, data)
        if kind in found:
            message = _("%(name)s and %(other)s hold the same: give one of them.")
            raise NotReadable(message % {"name": name, "other": names[kind]})
        found[kind], names[kind] = data, name
    if missing := [NAMES[entity] for entity in ENTITIES if entity not in found]:
        message = _("%(missing)s is missing: the export has spools, filaments and vendors.")
        raise NotReadable(message % {"missing": ", ".join(missing)})
    settings = {}
    if SETTINGS in found:
        settings = server.settings_of(found[SETTINGS], names[SETTINGS])
    fields = server.fields_of(settings) if SETTINGS in found else None
    rows = {
        entity: [_nested(row) for row in objects(found[entity], names[entity])]
        for entity in ENTITIES
    }
    return Source(", ".join(names.values()), rows, fields, settings)


def _paths(places):
    paths = [Path(place).expanduser() for place in places]
    if len(paths) == 1 and paths[0].is_dir():
        paths = sorted(paths[0].glob(f"*{SUFFIX}"))
        if len(paths) > MAX_FILES:
            raise NotReadable(_("There are more than %(most)s files.") % {"most": MAX_FILES})
    return paths


def _content(path):
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        message = _("%(file)s can't be read: %(reason)s.")
        raise NotReadable(message % {"file": path, "reason": reason}) from error
    return _limited(path.name, content)


def _unpacked(contents):
    for name, content in contents.items():
        if not content.startswith(ARCHIVE):
            yield name, content
            continue
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                yield from _members(name, archive)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
            message = _("%(name)s is no archive that can be read.")
            raise NotReadable(message % {"name": name}) from error
        except zipfile.zlib.error as error:
            message = _("%(name)s is damaged.")
            raise NotReadable(message % {"name": name}) from error


def _members(name, archive):
    members = [each for each in archive.infolist() if each.filename.endswith(SUFFIX)]
    if len(members) > MAX_FILES:
        raise NotReadable(_("There are more than %(most)s files.") % {"most": MAX_FILES})
    for member in members:
        if not is_bounded(member):
            raise NotImplementedError
        with archive.open(member) as file:
            yield f"{name}/{member.filename}"[:200], _limited(name, file.read(MAX_BYTES + 1))


def _limited(name, content):
    if len(content) > MAX_BYTES:
        message = _("%(name)s is larger than %(most)s MB.")
        raise NotReadable(message % {"name": name, "most": MAX_BYTES // 1024**2})
    return content


def _loaded(name, content):
    try:
        return loaded(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        message = _("%(name)s is not JSON (line %(line)s, column %(column)s: %(problem)s).")
        if content.lstrip()[:1] == b"<":
            message = _("%(name)s is a web page, not an export.")
        elif b"," in content.partition(b"\n")[0]:
            message = _("%(name)s is not JSON: choose JSON, not CSV, when you export.")
        names = {"name": name, "line": error.lineno, "column": error.colno, "problem": error.msg}
        raise NotReadable(message % names) from error


def _kind(name, data):
    """By the columns; of an empty list by the name."""
    if isinstance(data, dict):
        return SETTINGS
    if not isinstance(data, list):
        message = _("%(name)s: a list is expected, not %(found)s.")
        raise NotReadable(message % {"name": name, "found": kind_of(data)})
    first = data[0] if data else None
    if isinstance(first, dict):
        if "filament_id" in first or "filament.id" in first:
            return "spool"
        return "filament" if "diameter" in first or "density" in first else "vendor"
    return next((each for each in ENTITIES if each in name.lower()), "vendor")


def _nested(row):
    """Without the columns of the rows it refers to, and its own values in ``extra``."""
    extra = {key.removeprefix(EXTRA): row[key] for key in row if key.startswith(EXTRA)}
    plain = {key: value for key, value in row.items() if "." not in key}
    return plain | {"extra": {key: value for key, value in extra.items() if value is not None}}
