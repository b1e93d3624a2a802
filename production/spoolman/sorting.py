"""The order of lists: ``sort=filament.name:asc,price:desc``, what is unknown last both ways."""

from typing import NamedTuple

from django.db.models import F
from django.db.models.functions import Coalesce

from inventory.models import ExtraField
from production.spoolman import expressions, extra_filters
from production.spoolman.answers import Failure

EXTRA = "extra."
MAX_ORDERS = 64
BY_ID = F("number").asc()
NO_DIRECTION = "Invalid sort '%(item)s', expected the form 'field:asc' or 'field:desc'."
NO_FIELD = "Invalid sort '%(item)s', no field name was given."
WRONG_DIRECTION = (
    "Invalid sort direction '%(direction)s' for field '%(field)s', expected 'asc' or 'desc'."
)
UNKNOWN_FIELD = "Invalid field name '%(name)s', '%(field)s' is not a valid field on '%(entity)s'."
NOT_SPECIFIED = "No field specified for %(field)s"
NOT_NESTED = "Field '%(field)s' does not have any nested fields"
DIRECTIONS = {"ASC": "asc", "DESC": "desc"}


class Columns(NamedTuple):
    """What a list can be sorted by, each an expression by its name in Spoolman; ``related`` are
    the Columns of what its rows name."""

    name: str
    entity: str
    own: dict
    related: dict


def _vendor(prefix=""):
    own = {
        "id": F(f"{prefix}number"),
        "registered": F(f"{prefix}created_at"),
        "name": F(f"{prefix}name"),
        "comment": expressions.text(f"{prefix}comment"),
        "empty_spool_weight": F(f"{prefix}empty_spool_grams"),
        "external_id": expressions.text(f"{prefix}external_id"),
    }
    return Columns("Vendor", ExtraField.Entity.VENDOR, own, {})


def _filament(prefix=""):
    own = {
        "id": F(f"{prefix}number"),
        "registered": F(f"{prefix}created_at"),
        "name": expressions.text(f"{prefix}name"),
        "vendor_id": F(f"{prefix}manufacturer__number"),
        "material": expressions.material(prefix),
        "price": F(f"{prefix}price"),
        "density": F(f"{prefix}density_g_cm3"),
        "diameter": F(f"{prefix}diameter_mm"),
        "weight": F(f"{prefix}net_grams"),
        "spool_weight": F(f"{prefix}tare_grams"),
        "article_number": expressions.text(f"{prefix}article_number"),
        "comment": expressions.text(f"{prefix}comment"),
        "settings_extruder_temp": F(f"{prefix}nozzle_temp"),
        "settings_bed_temp": F(f"{prefix}bed_temp"),
        "color_hex": expressions.text(f"{prefix}color_hex"),
        "multi_color_hexes": expressions.joined(f"{prefix}multi_color_hexes"),
        "multi_color_direction": expressions.text(f"{prefix}multi_color_direction"),
        "external_id": expressions.text(f"{prefix}external_id"),
    }
    related = {"vendor": _vendor(f"{prefix}manufacturer__")}
    return Columns("Filament", ExtraField.Entity.FILAMENT, own, related)


def _spool():
    own = {
        "id": F("number"),
        "registered": F("created_at"),
        "first_used": F("first_used_at"),
        "last_used": F("last_used_at"),
        "price": Coalesce("price", "filament__price"),
        "filament_id": F("filament__number"),
        "initial_weight": expressions.initial_grams(),
        "spool_weight": F("tare_grams"),
        "remaining_weight": expressions.unclamped_grams(),
        "used_weight": expressions.used_grams(),
        "remaining_length": expressions.length(expressions.unclamped_grams()),
        "used_length": expressions.length(expressions.used_grams()),
        "location": expressions.text("location__name"),
        "lot_nr": expressions.text("lot_number"),
        "comment": expressions.text("comment"),
        "archived": expressions.is_archived(),
    }
    return Columns("Spool", ExtraField.Entity.SPOOL, own, {"filament": _filament("filament__")})


VENDORS, FILAMENTS, SPOOLS = _vendor(), _filament(), _spool()
_orders = {}  # that were asked for, so that a Listing knows them again
# Of two columns, one after the other.
COMBINED_NAME = "filament.combined_name"


def order(columns, sort):
    """What a list is sorted by; by id in the end. Raises Failure."""
    found = _orders.get((columns.name, sort))
    if found is None:
        found = _order(columns, sort)
        if len(_orders) < MAX_ORDERS and EXTRA not in (sort or ""):  # which are the farm's own
            _orders[columns.name, sort] = found
    return found


def _order(columns, sort):
    wanted = directions(sort)
    keys = [name.removeprefix(EXTRA) for name in wanted if name.startswith(EXTRA)]
    of_farm = extra_filters.order(keys, columns.entity)
    found = []
    for name, direction in wanted.items():
        if name.startswith(EXTRA):
            sorted_by = filter(None, [of_farm.get(name.removeprefix(EXTRA))])
        elif name == COMBINED_NAME and columns is SPOOLS:
            of = columns.related["filament"]
            sorted_by = [of.related["vendor"].own["name"], of.own["name"]]
        else:
            sorted_by = [_column(columns, name)]
        found += [getattr(each, direction)(nulls_last=True) for each in sorted_by]
    return [*found, BY_ID]


def directions(sort):
    """``{field: "asc"}`` of a parameter. Raises Failure."""
    found = {}
    for item in filter(None, map(str.strip, (sort or "").split(","))):
        field, colon, direction = item.partition(":")
        if not colon:
            raise Failure(400, NO_DIRECTION % {"item": item})
        if not field:
            raise Failure(400, NO_FIELD % {"item": item})
        if direction.strip().upper() not in DIRECTIONS:
            names = {"field": field, "direction": direction}
            raise Failure(400, WRONG_DIRECTION % names)
        found[field] = DIRECTIONS[direction.strip().upper()]
    return found


def _column(columns, name):
    first, _dot, rest = name.partition(".")
    if first in columns.related:
        if not rest:
            raise Failure(400, NOT_SPECIFIED % {"field": first})
        return _column(columns.related[first], rest)
    if first not in columns.own:
        names = {"name": name, "field": first, "entity": columns.name}
        raise Failure(400, UNKNOWN_FIELD % names)
    if rest:
        raise Failure(400, NOT_NESTED % {"field": first})
    return columns.own[first]
