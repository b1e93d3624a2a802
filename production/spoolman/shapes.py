"""What goes out: a manufacturer, a filament and a spool as Spoolman shows them.

Each is made of the tuple that its columns give (``values_list(*SPOOL)``): lists have thousands of
rows, and no instance is made for them. A field without a value is left out; numbers are floats.
"""

import math

from inventory.services.seeds import OTHER

VENDOR = (
    "number",
    "created_at",
    "name",
    "comment",
    "empty_spool_grams",
    "external_id",
    "extra",
)
OWN_OF_FILAMENT = (
    "number",
    "created_at",
    "name",
    "material_label",
    "material_type__code",
    "price",
    "density_g_cm3",
    "diameter_mm",
    "net_grams",
    "tare_grams",
    "article_number",
    "comment",
    "nozzle_temp",
    "bed_temp",
    "color_hex",
    "multi_color_hexes",
    "multi_color_direction",
    "external_id",
    "extra",
)
FILAMENT = (*OWN_OF_FILAMENT, *(f"manufacturer__{name}" for name in VENDOR))
OWN_OF_SPOOL = (
    "number",
    "created_at",
    "first_used_at",
    "last_used_at",
    "has_given_use_dates",
    "price",
    "initial_grams",
    "is_initial_assumed",
    "remaining_grams",
    "metered_grams",
    "excess_grams",
    "tare_grams",
    "location__name",
    "lot_number",
    "comment",
    "archived_at",
    "extra",
)
SPOOL = (*OWN_OF_SPOOL, *(f"filament__{name}" for name in FILAMENT))


def vendor(columns):
    """``columns`` are those of VENDOR."""
    number, created_at, name, comment, empty_reel, external_id, extra = columns
    return _without_nulls(
        id=number,
        registered=created_at.replace(microsecond=0),
        name=name,
        comment=comment or None,
        empty_spool_weight=_float(empty_reel),
        external_id=external_id or None,
        extra=extra,
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
        price=_float(price),
        density=float(density),
        diameter=float(diameter),
        weight=_float(net),
        spool_weight=_float(tare),
        article_number=article_number or None,
        comment=comment or None,
        settings_extruder_temp=nozzle_temp,
        settings_bed_temp=bed_temp,
        color_hex=color or None,
        multi_color_hexes=",".join(colors) or None,
        multi_color_direction=direction or None,
        external_id=external_id or None,
        extra=extra,
    )


def spool(columns, known=None):
    """``columns`` are those of SPOOL. ``known``, a dict, keeps the filaments of a list."""
    (
        number, created_at, first_used, last_used, are_dates_given, price, initial, is_assumed,
        remaining, metered, excess, tare, location, lot, comment, archived_at, extra,
    ) = columns[: len(OWN_OF_SPOOL)]  # fmt: skip
    of = _filament(columns[len(OWN_OF_SPOOL) :], known)
    used = max(initial - remaining + metered + excess, 0)
    left = float(max(remaining - metered, 0))
    if is_assumed:
        left = max(of["weight"] - float(used), 0.0) if "weight" in of else None
    if not are_dates_given:
        first_used, last_used = _in_seconds(first_used), _in_seconds(last_used)
    used, per_gram = float(used), mm_per_gram(of["density"], of["diameter"])
    return _without_nulls(
        id=number,
        registered=created_at.replace(microsecond=0),
        first_used=first_used,
        last_used=last_used,
        filament=of,
        price=_float(price),
        remaining_weight=left,
        initial_weight=None if is_assumed else float(initial),
        spool_weight=_float(tare),
        used_weight=used,
        remaining_length=None if left is None else left * per_gram,
        used_length=used * per_gram,
        location=location or None,
        lot_nr=lot or None,
        comment=comment or None,
        archived=archived_at is not None,
        extra=extra,
    )


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


def _float(value):
    return None if value is None else float(value)


def _in_seconds(moment):
    return moment and moment.replace(microsecond=0)
