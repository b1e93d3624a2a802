"""Spools in groups: by filament, manufacturer, material, location, or a field of the farm's."""

from operator import attrgetter
from typing import NamedTuple

from django.db.models import Count, F, Max, Q, Sum
from django.db.models.functions import Coalesce

from inventory.models import ExtraField, Filament, Manufacturer, Spool
from production.spoolman import (
    answers,
    expressions,
    extra_filters,
    filters,
    lists,
    parameters,
    shapes,
    sorting,
    streaming,
    values,
)
from production.spoolman.answers import Failure

Entity, Type = ExtraField.Entity, ExtraField.Type
UNKNOWN = (
    "Invalid group_by '%(name)s', expected filament, vendor, material, location or 'extra.' with "
    "the key of a text field or of a choice of one."
)
KEYS = {
    "filament": F("filament__number"),
    "vendor": F("filament__manufacturer__number"),
    "material": expressions.material("filament__"),
    "location": expressions.text("location__name"),
}
TITLES = {
    "filament": expressions.text("filament__name"),
    "vendor": expressions.text("filament__manufacturer__name"),
}
GIVEN = (
    parameters.PAGE
    | lists.ALLOW_ARCHIVED
    | filters.IDS_OF_SPOOLS
    | {"group_by": (values.text(), ...)}
)
TITLE = "group.title"


class Group(NamedTuple):
    """``key`` is None for the spools that have none."""

    key: object
    title: str | None
    spools: int
    in_use: int
    remaining: float
    last_used: object


SORTED_BY = {
    TITLE: "title",
    "group.total_remaining": "remaining",
    "group.last_used": "last_used",
    "group.spool_count": "spools",
    "group.in_use_count": "in_use",
}


def show(call):
    given = parameters.read(call.query, GIVEN)
    key = _key(given["group_by"])
    groups = _groups(lists.conditions_on_spools(call.query | given), given["group_by"], key)
    groups = _sorted(groups, call.query.get("sort"))
    headers = {streaming.TOTAL: str(len(groups))}
    if given["limit"] is not None:
        groups = groups[given["offset"] :][: given["limit"]]
    content = [_shape(given["group_by"], each) for each in groups]
    _add_rows(given["group_by"], groups, content)
    return answers.as_json(content, call.request, headers=headers)


def _key(group_by):
    """What the spools are grouped by. Raises Failure."""
    if group_by in KEYS:
        return KEYS[group_by]
    key = group_by.removeprefix("extra.")
    is_single = Q(field_type=Type.TEXT) | Q(field_type=Type.CHOICE) & ~Q(multi_choice=True)
    fields = ExtraField.objects.filter(is_single, entity=Entity.SPOOL, key=key)
    if key == group_by or not fields.exists():
        raise Failure(400, UNKNOWN % {"name": group_by})
    return extra_filters.Raw("extra", key)


def _groups(conditions, group_by, key):
    """One statement."""
    used = Q(used__gt=0)
    rows = (
        Spool.objects.present()
        .filter(*conditions)
        .annotate(key=key, title=TITLES.get(group_by, key), used=expressions.used_grams())
        .order_by()
        .values("key", "title")
        .annotate(
            spools=Count("pk"),
            in_use=Count("pk", filter=used),
            remaining=Coalesce(Sum(expressions.remaining_grams()), expressions.NO_GRAMS),
            last_used=Max(expressions.used_at("last_used_at")),
        )
        .values_list("key", "title", "spools", "in_use", "remaining", "last_used")
    )
    groups = [Group(*row) for row in rows]
    return _decoded(groups) if isinstance(key, extra_filters.Raw) else groups


def _decoded(groups):
    """One text may be written in several ways, and no text is none."""
    merged = {}
    for group in groups:
        text = extra_filters.text_of(group.key)
        group = group._replace(key=text, title=text)
        merged[text] = _merged(merged[text], group) if text in merged else group
    return list(merged.values())


def _merged(one, other):
    moments = [each.last_used for each in (one, other) if each.last_used]
    return one._replace(
        spools=one.spools + other.spools,
        in_use=one.in_use + other.in_use,
        remaining=one.remaining + other.remaining,
        last_used=max(moments, default=None),
    )


def _sorted(groups, sort):
    """Other fields than ours are ignored; what has no value comes last, both ways. Raises
    Failure."""
    wanted = [
        (SORTED_BY[name], direction == "desc")
        for name, direction in sorting.directions(sort).items()
        if name in SORTED_BY
    ]
    groups = sorted(groups, key=lambda group: (group.key is None, group.key))
    for name, is_descending in reversed(wanted or [(SORTED_BY[TITLE], False)]):
        groups = _sorted_by(attrgetter(name), groups, is_descending)
    return groups


def _sorted_by(value, groups, is_descending):
    known = [group for group in groups if value(group) is not None]
    unknown = [group for group in groups if value(group) is None]
    return sorted(known, key=value, reverse=is_descending) + unknown


def _shape(group_by, group):
    content = {
        "group_by": group_by,
        "key": None if group.key is None else str(group.key),
        "spool_count": group.spools,
        "in_use_count": group.in_use,
        "total_remaining_weight": float(group.remaining),
        "last_used": group.last_used,
    }
    return {name: value for name, value in content.items() if value is not None}


def _add_rows(group_by, groups, content):
    """The filament or the manufacturer of each group, in one statement."""
    if group_by == "filament":
        model, columns, shape = Filament, shapes.FILAMENT, shapes.filament
    elif group_by == "vendor":
        model, columns, shape = Manufacturer, shapes.VENDOR, shapes.vendor
    else:
        return
    numbers = [group.key for group in groups if group.key is not None]
    rows = model.objects.filter(number__in=numbers).order_by().values_list(*columns)
    known = {row[0]: shape(row) for row in rows}
    for group, item in zip(groups, content, strict=True):
        if group.key in known:
            item[group_by] = known[group.key]
