"""What goes out: a manufacturer, a filament and a spool as Spoolman shows them.

Each is made of the tuple that its columns give (``values_list(*SPOOL)``): lists have thousands of
rows, and no instance is made for them. A field without a value is left out; numbers are floats.
"""

import math

from django.db.models import FloatField, TextField
from django.db.models.functions import Cast
from orjson import Fragment

from inventory.services.seeds import OTHER
from production.spoolman import expressions


def _number(name):
    """The column as a float: a Decimal would be made for each, and thrown away."""
    return Cast(name, FloatField())


def _raw(name):
    """JSON as it is stored, to be put into the answer."""
    return Cast(name, TextField())


def _columns_of_vendor(prefix=""):
    return (
        f"{prefix}number",
        f"{prefix}created_at",
        f"{prefix}name",
        f"{prefix}comment",
        _number(f"{prefix}empty_spool_grams"),
        f"{prefix}external_id",
        _raw(f"{prefix}extra"),
    )


def _columns_of_filament(prefix=""):
    return (
        f"{prefix}number",
        f"{prefix}created_at",
        f"{prefix}name",
        f"{prefix}material_label",
        f"{prefix}material_type__code",
        _number(f"{prefix}price"),
        _number(f"{prefix}density_g_cm3"),
        _number(f"{prefix}diameter_mm"),
        _number(f"{prefix}net_grams"),
        _number(f"{prefix}tare_grams"),
        f"{prefix}article_number",
        f"{prefix}comment",
        f"{prefix}nozzle_temp",
        f"{prefix}bed_temp",
        f"{prefix}color_hex",
        f"{prefix}multi_color_hexes",
        f"{prefix}multi_color_direction",
        f"{prefix}external_id",
        _raw(f"{prefix}extra"),
        *_columns_of_vendor(f"{prefix}manufacturer__"),
    )


VENDOR, FILAMENT = _columns_of_vendor(), _columns_of_filament()
OWN_OF_SPOOL = (
    "number",
    "created_at",
    "first_used_at",
    "last_used_at",
    "has_given_use_dates",
    _number("price"),
    _number(expressions.initial_grams()),
    _number(expressions.used_grams()),
    _number(expressions.remaining_grams()),
    _number("tare_grams"),
    "location__name",
    "lot_number",
    "comment",
    "archived_at",
    _raw("extra"),
)
SPOOL = (*OWN_OF_SPOOL, *_columns_of_filament("filament__"))


def vendor(columns):
    """``columns`` are those of VENDOR."""
    number, created_at, name, comment, empty_reel, external_id, extra = columns
    return _without_nulls(
        id=number,
        registered=created_at.replace(microsecond=0),
        name=name,
        comment=comment or None,
        empty_spool_weight=empty_reel,
        external_id=external_id or None,
        extra=Fragment(extra),
    )


def filament(columns):
    """``columns`` are those of FILAMENT."""
    (
        number, created_at, name, label, code, price, density, diameter, net, tare,
        article_number, comment, nozzle_temp, bed_temp, color, colors, direction,
        external_id, extra, *maker,
    ) = columns  # fmt: skip
    return _without_nulls(
        id=number,
        registered=created_at.replace(microsecond=0),
        name=name or None,
        vendor=None if maker[0] is None else vendor(maker),
        material=label or (None if code == OTHER else code),
        price=price,
        density=density,
        diameter=diameter,
        weight=net,
        spool_weight=tare,
        article_number=article_number or None,
        comment=comment or None,
        settings_extruder_temp=nozzle_temp,
        settings_bed_temp=bed_temp,
        color_hex=color or None,
        multi_color_hexes=",".join(colors) or None,
        multi_color_direction=direction or None,
        external_id=external_id or None,
        extra=Fragment(extra),
    )


def spool(columns, known=None):
    """``columns`` are those of SPOOL. ``known``, a dict, keeps the filaments of a list."""
    (
        number, created_at, first_used, last_used, are_dates_given, price, initial, used, left,
        tare, location, lot, comment, archived_at, extra, *of_filament,
    ) = columns  # fmt: skip
    of = _filament(of_filament, known)
    if not are_dates_given:
        first_used, last_used = _in_seconds(first_used), _in_seconds(last_used)
    per_gram = mm_per_gram(of["density"], of["diameter"])
    return _without_nulls(
        id=number,
        registered=created_at.replace(microsecond=0),
        first_used=first_used,
        last_used=last_used,
        filament=of,
        price=price,
        remaining_weight=left,
        initial_weight=initial,
        spool_weight=tare,
        used_weight=used,
        remaining_length=None if left is None else left * per_gram,
        used_length=used * per_gram,
        location=location or None,
        lot_nr=lot or None,
        comment=comment or None,
        archived=archived_at is not None,
        extra=Fragment(extra),
    )


def vendors(rows, _known):
    return [vendor(row) for row in rows]


def filaments(rows, _known):
    return [filament(row) for row in rows]


def spools(rows, known):
    """``known`` keeps their filaments, for the next rows of the list."""
    return [spool(row, known) for row in rows]


def mm_per_gram(density, diameter):
    """Millimetres of filament in a gram, of g/cm³ and mm."""
    return 1000 / (density * math.pi * (diameter / 2) ** 2)


def _filament(columns, known):
    if known is None:
        return filament(columns)
    number = columns[0]
    if number not in known:
        known[number] = filament(columns)
    return known[number]


def _without_nulls(**members):
    return {name: value for name, value in members.items() if value is not None}


def _in_seconds(moment):
    return moment and moment.replace(microsecond=0)
