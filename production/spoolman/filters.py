"""Filters of lists: what a query asks for, as conditions on the rows.

A comma between items means or, several parameters mean and; unknown ones are ignored.
"""

import re

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, F, Func, Q, TextField, Value
from django.db.models.lookups import Exact, GreaterThanOrEqual, IsNull, LessThanOrEqual

from inventory import colors, uids
from inventory.models import Filament, SpoolTag
from production.spoolman import expressions, parameters, values
from production.spoolman.answers import Failure
from production.spoolman.values import Unusable
from tenants.operations.compiled import IDS, IsOneOf

NO_VENDOR = -1
ON_SHELF = Q(archived_at=None)
TEXTS = ArrayField(TextField())
UNUSABLE_DATE = "Invalid date '%(date)s' for field '%(name)s', expected ISO 8601, or 'start|end'."
UNUSABLE_COLOR = "Invalid color_hex '%(color)s', expected 6 or 8 hex digits."
# What was called otherwise before; the new name wins.
OLD_OF_SPOOLS = {
    "filament_name": "filament.name",
    "filament_id": "filament.id",
    "filament_material": "filament.material",
    "vendor_name": "filament.vendor.name",
    "vendor_id": "filament.vendor.id",
}
OLD_OF_FILAMENTS = {"vendor_name": "vendor.name", "vendor_id": "vendor.id"}


class Matches(Func):
    """Whether a text is like a pattern, in capitals or not."""

    arg_joiner, template = " ILIKE ", "%(expressions)s"
    output_field = BooleanField()


def with_new_names(query, old):
    """The query, with parameters by the names that they have now."""
    renamed = {old[name]: value for name, value in query.items() if name in old}
    return {**renamed, **query}


# --- Kinds of filters: of an expression, each makes a function of a name and a value --------------


def text(expression):
    """``PLA,"Silk Red",``: contains, equals, has none. % and _ stand for anything, as they do in
    Spoolman."""

    def condition(_name, value):
        return _any_of(value, lambda item: _like(expression, item), IsNull(expression, True))

    return condition


def name_of_vendor(column):
    """The same, but no item finds a filament that has none."""

    def condition(_name, value):
        return _any_of(value, lambda item: _like(F(column), item), Exact(F(column), Value("")))

    return condition


def number(column):
    """One of several ids, read already; of a vendor also -1, none."""

    def condition(_name, value):
        found = Q(IsOneOf(F(column), Value(value, output_field=IDS)))
        if NO_VENDOR in value and "manufacturer" in column:
            found |= Q(IsNull(F(column), True))
        return found

    return condition


def filament(_name, value):
    """One of several ids of filaments, read already; of one that was merged, the one that it was
    merged into."""
    numbers = Value(value, output_field=IDS)
    doubles = Filament.objects.filter(IsOneOf(F("number"), numbers), merged_into__isnull=False)
    found = Q(IsOneOf(F("filament__number"), numbers))
    return found | Q(filament__in=doubles.order_by().values("merged_into"))


def moment(expression):
    """``start|end``, either side open, or exactly one; an empty item: never."""

    def condition(name, value):
        never = IsNull(expression, True)
        return _any_of(value, lambda item: _within(expression, item, name), never)

    return condition


def near_color(value, threshold):
    """Filaments of a colour, or of one among several, that looks like it. Raises Failure."""
    wanted = colors.normalise(value)
    if not re.fullmatch(colors.HEX, wanted):
        raise Failure(400, UNUSABLE_COLOR % {"color": value})
    near = colors.nearness(wanted, Filament.objects.present().hexes(), within=threshold)
    return of_hexes(list(near))


def of_hexes(hexes):
    one = Q(IsOneOf(F("color_hex"), Value(hexes, output_field=TEXTS)))
    return one | Q(multi_color_hexes__overlap=hexes)


def tagged(_name, value):
    """By a tag's uid, with separators or without."""
    return Q(pk__in=_tags(value).values("spool"))


def of_tagged_spool(_name, value):
    return Q(pk__in=_tags(value).values("spool__filament"))


VENDORS = {
    "name": text(expressions.text("name")),
    "external_id": text(expressions.text("external_id")),
}
FILAMENTS = {
    "name": text(expressions.text("name")),
    "material": text(expressions.material()),
    "article_number": text(expressions.text("article_number")),
    "external_id": text(expressions.text("external_id")),
    "vendor.name": name_of_vendor("manufacturer__name"),
    "vendor.id": number("manufacturer__number"),
    "tag": of_tagged_spool,
}
SPOOLS = {
    "filament.name": text(expressions.text("filament__name")),
    "filament.material": text(expressions.material("filament__")),
    "filament.multi_color_direction": text(expressions.text("filament__multi_color_direction")),
    "filament.id": filament,
    "filament.vendor.name": name_of_vendor("filament__manufacturer__name"),
    "filament.vendor.id": number("filament__manufacturer__number"),
    "location": text(expressions.text("location__name")),
    "lot_nr": text(expressions.text("lot_number")),
    "first_used": moment(expressions.used_at("first_used_at")),
    "last_used": moment(expressions.used_at("last_used_at")),
    "registered": moment(expressions.registered()),
    "tag": tagged,
}
IDS_OF_SPOOLS = dict.fromkeys(["filament.id", "filament.vendor.id"], (parameters.ids, None))
IDS_OF_FILAMENTS = {"vendor.id": (parameters.ids, None)}


def conditions(known, query):
    """Of the parameters among the ``known``, in their order. Raises Failure."""
    return [make(name, query[name]) for name, make in known.items() if query.get(name) is not None]


def _any_of(value, of_item, empty):
    """Any of the items of a value; ``empty`` is the condition of one without a letter."""
    found = Q()
    for item in value.split(","):
        found |= of_item(item) if item else Q(empty)
    return found


def _like(expression, item):
    if item[0] == item[-1] == '"':
        return Q(Exact(expression, Value(item[1:-1])))
    pattern = item.replace("\\", "\\\\")
    return Q(Matches(expression, Value(f"%{pattern}%")))


def _within(expression, item, name):
    start, bar, end = (each.strip(' "') for each in item.partition("|"))
    if not bar:
        return Q(Exact(expression, Value(_moment(start, name))))
    if not start and not end:
        raise Failure(400, UNUSABLE_DATE % {"date": item, "name": name})
    found = Q()
    if start:
        found &= Q(GreaterThanOrEqual(expression, Value(_moment(start, name))))
    if end:
        found &= Q(LessThanOrEqual(expression, Value(_moment(end, name))))
    return found


def _moment(text, name):
    try:
        return values.moment(text)
    except Unusable as error:
        raise Failure(400, UNUSABLE_DATE % {"date": text, "name": name}) from error


def _tags(value):
    return SpoolTag.objects.filter(uid=uids.normalise(value))
