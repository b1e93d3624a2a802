"""The rows of a Spoolman as rows of ours, each read as the body of a request is: what is wrong with
one leaves it out, and says why."""

from decimal import Decimal

from django.utils.translation import gettext as _

from inventory.models import MaterialType
from inventory.services import extra_values, material_types
from inventory.services.moving.arrivals import Arrival, visible
from inventory.services.receiving import ASSUMED
from production.spoolman import bodies, values
from production.spoolman.answers import InvalidShape

LIMIT = Decimal(10**8)  # grams; as many, or more, are in no column
MAX_LOCATION_LENGTH, MAX_NEW_TYPES = 64, 1000
MAX_PROBLEM_LENGTH = 300  # characters of what is wrong
ANY_WEIGHT = bodies.Field(values.number())  # below 0, too: of old versions
SPOOL = bodies.SPOOL | {"used_weight": ANY_WEIGHT, "remaining_weight": ANY_WEIGHT}
OWN = {"vendor": bodies.VENDOR, "filament": bodies.FILAMENT, "spool": SPOOL}
LINES = ("name", "material", "article_number", "external_id", "location", "lot_nr")
ARRIVED = {"registered": bodies.Field(values.moment, is_required=True, is_nullable=False)}


class TheirRow:
    """A row as it is there: ``given`` are its values by Spoolman's names, without what is empty.
    ``problem`` says why it can't come, ``dropped`` what can't come of it."""

    def __init__(self, entity, raw):
        self.entity, self.number = entity, raw["id"]
        self.given, self.problem, self.dropped = {}, "", []
        try:
            found = bodies.read(OWN[entity] | ARRIVED, raw)
        except InvalidShape as error:
            self.problem = _summary(error.items)
            return
        for name in LINES:
            if isinstance(found.get(name), str):
                found[name] = visible(found[name])
        self.given = {name: each for name, each in found.items() if each not in (None, "", [])}
        extra = found.get("extra") or {}
        self.given["extra"] = {key: raw for key, raw in extra.items() if raw is not None}

    @property
    def extra(self):
        return self.given.get("extra", {})

    def keep_extra(self, fields):
        """Drop the values that do not fit the ``{key: ExtraField}``."""
        fitting = {}
        for key, raw in self.extra.items():
            problem = _("there is no such field") if key not in fields else ""
            problem = problem or extra_values.problem_of(fields[key], raw)
            if problem:
                self.dropped.append((f"extra.{key}", problem))
            else:
                fitting[key] = raw
        self.given["extra"] = fitting

    def arrival(self, columns, **of_new):
        registered = self.given["registered"]
        return Arrival(self.number, registered, columns | {"extra": self.extra}, of_new)


def columns_of_vendor(row):
    given = row.given
    return {
        "name": given.get("name", ""),
        "comment": given.get("comment", ""),
        "empty_spool_grams": given.get("empty_spool_weight"),
        "external_id": given.get("external_id"),
    }


def columns_of_filament(row, maker_id, kind):
    """``kind`` is its material type."""
    given = row.given
    several, direction = given.get("multi_color_hexes", []), given.get("multi_color_direction", "")
    if several and not direction:
        direction = "coaxial"
    return {
        "manufacturer_id": maker_id,
        "material_type_id": kind.pk,
        "material_label": given.get("material", ""),
        "name": given.get("name", ""),
        "color_hex": "" if several else given.get("color_hex", ""),
        "multi_color_hexes": several,
        "multi_color_direction": direction if several else "",
        "diameter_mm": given["diameter"],
        "density_g_cm3": given["density"],
        "net_grams": given.get("weight"),
        "tare_grams": given.get("spool_weight"),
        "nozzle_temp": given.get("settings_extruder_temp"),
        "bed_temp": given.get("settings_bed_temp"),
        "price": given.get("price"),
        "article_number": given.get("article_number", ""),
        "external_id": given.get("external_id"),
        "comment": given.get("comment", ""),
    }


def columns_of_spool(row, filament, places):
    """``places`` are ids of Locations by name."""
    given = row.given
    location = given.get("location")
    dates = given.get("first_used"), given.get("last_used")
    return {
        "filament_id": filament.pk,
        "price": given.get("price"),
        "tare_grams": given.get("spool_weight"),
        "location_id": location and places[location],
        "lot_number": given.get("lot_nr", ""),
        "comment": given.get("comment", ""),
        "first_used_at": dates[0],
        "last_used_at": dates[1],
        "has_given_use_dates": any(dates),
        "is_archived": given.get("archived", False),
        **weights(row, filament),
    }


def location_of(name):
    """A name of the setting as a Location has it; None where it can't be one."""
    return visible(name) if len(name) <= MAX_LOCATION_LENGTH and "\0" not in name else None


def weights(row, filament):
    """What is in the book. Where the initial weight is unknown, or 0, the filament's counts, and
    where that is unknown too, as much as is assumed of any spool. What was used beyond it is
    excess."""
    given, base = row.given, base_of(row, filament)
    initial, used = base or ASSUMED, given.get("used_weight", Decimal(0))
    left = max(initial - used, Decimal(0))
    if base and given.get("initial_weight") != 0:
        left = given.get("remaining_weight", left)
    return {
        "initial_grams": initial,
        "is_initial_assumed": not given.get("initial_weight"),
        "remaining_grams": left,
        "excess_grams": max(used - initial + left, Decimal(0)),
    }


def base_of(row, filament):
    """Grams of the full spool, None where nobody knows them. One that weighed 0 when it was full is
    none that anybody weighed."""
    return row.given.get("initial_weight") or filament.net_grams


def problem_of_weights(row, columns):
    """Why the ledger can't hold what is on a spool; "" where it can."""
    grams = [columns[name] for name in ("initial_grams", "remaining_grams", "excess_grams")]
    if not all(0 <= each < LIMIT for each in grams):
        return _("Its weights can't be: too large, or below 0.")
    return ""


class MaterialTypes:
    """Material types by what filaments call them, made where they are missing."""

    def __init__(self, *, by):
        self._by, self._known, self.made = by, {}, []
        self._there = set(MaterialType.objects.values_list("code", flat=True))

    def of(self, label, density):
        """None where too many are new."""
        key = label.upper()
        if key not in self._known:
            if len(self.made) >= MAX_NEW_TYPES:
                return None
            found = material_types.of_label(label, density=density, by=self._by)
            self._known[key] = found
            if found.code not in self._there:
                self._there.add(found.code)
                self.made.append(found.code)
        return self._known[key]


def _summary(items):
    found = (f"{each['loc'][-1]}: {each['msg']}" for each in items)
    return "; ".join(found)[:MAX_PROBLEM_LENGTH]
