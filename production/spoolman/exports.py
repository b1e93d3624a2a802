"""All spools, filaments or manufacturers as a file: flat rows, a column for each figure that was
given. What is worked out of others is left out, and what is unknown is empty."""

import csv
import io
from contextlib import closing
from datetime import datetime

import orjson

from production.spoolman import filters, lists, parameters, shapes, sorting, streaming, values

VENDOR = ("id", "registered", "name", "comment", "empty_spool_weight", "external_id")
FILAMENT = (
    *("id", "registered", "name", "material", "price", "density", "diameter", "weight"),
    *("spool_weight", "article_number", "comment", "settings_extruder_temp", "settings_bed_temp"),
    *("color_hex", "multi_color_hexes", "multi_color_direction", "external_id"),
)
SPOOL = (
    *("id", "registered", "first_used", "last_used", "price", "initial_weight", "spool_weight"),
    *("used_weight", "location", "lot_nr", "comment", "archived"),
)
FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
FORMAT = {"fmt": (values.one_of(*FORMATS), ...)}
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet may take for one


def vendors(call):
    given = parameters.read(call.query, FORMAT)
    return _export(call, given, "vendors", lists.ALL_VENDORS, shapes.vendors, of_vendor)


def filaments(call):
    given = parameters.read(call.query, FORMAT)
    return _export(call, given, "filaments", lists.ALL_FILAMENTS, shapes.filaments, of_filament)


def spools(call):
    given = parameters.read(call.query, FORMAT | lists.ALLOW_ARCHIVED)
    conditions = [] if given["allow_archived"] else [filters.ON_SHELF]
    return _export(call, given, "spools", lists.ALL_SPOOLS, shapes.spools, of_spool, conditions)


def of_vendor(vendor, prefix=""):
    return _columns(VENDOR, vendor, prefix)


def of_filament(filament, prefix=""):
    vendor = filament.get("vendor")
    row = _columns(FILAMENT, filament, prefix)
    row[f"{prefix}vendor_id"] = vendor and vendor["id"]
    if vendor is None:
        return row | {f"{prefix}vendor": None}
    return row | of_vendor(vendor, f"{prefix}vendor.")


def of_spool(spool):
    filament = spool["filament"]
    row = _columns(SPOOL, spool, "") | {"filament_id": filament["id"]}
    return row | of_filament(filament, "filament.")


def _columns(names, shape, prefix):
    row = {f"{prefix}{name}": _value(shape.get(name)) for name in names}
    extra = orjson.loads(orjson.dumps(shape["extra"]))
    return row | {f"{prefix}extra.{key}": value for key, value in extra.items()}


def _value(value):
    return str(value.replace(tzinfo=None)) if isinstance(value, datetime) else value


def _export(call, given, name, listing, shape, flat, conditions=()):
    def rows():
        known = {}
        with closing(listing.chunks(conditions, [sorting.BY_ID])) as chunks:
            for chunk in chunks:
                yield [flat(each) for each in shape(chunk, known)]

    write = {"csv": _as_csv, "json": _as_json}[given["fmt"]]
    headers = {"Content-Disposition": f'attachment; filename="{name}.{given["fmt"]}"'}
    with streaming.Writer(call.request) as writer:
        for part in write(rows):
            writer.write(part)
        return writer.answer(FORMATS[given["fmt"]], headers)


def _as_json(rows):
    before = b"["
    for chunk in rows():
        yield before + orjson.dumps(chunk)[1:-1]
        before = b","
    yield b"]" if before == b"," else b"[]"


def _as_csv(rows):
    """Read twice: the first line has the columns of all rows, and which they are is not known
    before the last one."""
    names = {name for chunk in rows() for row in chunk for name in row}
    file = io.StringIO()
    writer = csv.DictWriter(file, sorted(names), extrasaction="ignore")
    writer.writeheader()
    for chunk in rows():
        for row in chunk:
            writer.writerow({name: _cell(value) for name, value in row.items()})
        yield file.getvalue().encode()
        file.seek(0)
        file.truncate()
    yield file.getvalue().encode()


def _cell(value):
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
