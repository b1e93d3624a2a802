"""One search in spools, filaments and manufacturers: by words, an id, or a colour."""

import json
from typing import NamedTuple

from django.db.models import Count, F, FloatField, Q, Value, Window
from django.db.models.functions import Cast, RowNumber

from inventory import colors
from inventory.models import ExtraField, Filament, Manufacturer, Spool
from production.spoolman import (
    color_names,
    expressions,
    extra_filters,
    filters,
    lists,
    parameters,
    shapes,
    values,
)
from production.spoolman.filters import Matches

MAX_TERMS, MAX_CANDIDATES = 8, 200
START, WITHIN = 0, 1  # ranks; the lower, the better
OF_VENDOR, OF_EXTRA = 2, 4  # added
GIVEN = (
    lists.ALLOW_ARCHIVED
    | parameters.SIMILARITY
    | {
        "q": (values.text(least=1), ...),
        "limit": (values.whole(least=1, most=100), 20),
        "spools_per_filament": (values.whole(least=0, most=10), 0),
    }
)
Entity, Type = ExtraField.Entity, ExtraField.Type


class Kind(NamedTuple):
    """What is searched: ``fields`` are columns and what they add to a rank, by their names."""

    name: str
    entity: str
    model: type
    columns: tuple
    shape: object
    fields: dict


SPOOLS = Kind(
    "spool",
    Entity.SPOOL,
    Spool,
    shapes.SPOOL,
    shapes.spool,
    {
        "comment": (F("comment"), 0),
        "location": (F("location__name"), 0),
        "lot_nr": (F("lot_number"), 0),
    },
)
FILAMENTS = Kind(
    "filament",
    Entity.FILAMENT,
    Filament,
    shapes.FILAMENT,
    shapes.filament,
    {
        "name": (F("name"), 0),
        "material": (expressions.material(), 0),
        "article_number": (F("article_number"), 0),
        "comment": (F("comment"), 0),
        "vendor.name": (F("manufacturer__name"), OF_VENDOR),
    },
)
VENDORS = Kind(
    "vendor",
    Entity.VENDOR,
    Manufacturer,
    shapes.VENDOR,
    shapes.vendor,
    {"name": (F("name"), 0), "comment": (F("comment"), 0)},
)


def show(call):
    given = parameters.read(call.query, GIVEN)
    words, limit = given["q"], given["limit"]
    terms = list(dict.fromkeys(words.lower().split()))[:MAX_TERMS]
    if not terms:
        return {"spools": [], "filaments": [], "vendors": [], "is_color_query": False}
    keys, color = _searched_keys(), color_names.resolve(words)
    on_shelf = [] if given["allow_archived"] else [filters.ON_SHELF]
    spools = _of_number(words.strip(), on_shelf) + _found(SPOOLS, terms, keys, on_shelf)
    filaments = _found(FILAMENTS, terms, keys, [])
    if color:
        filaments = _of_color(color, given["color_similarity_threshold"]) + filaments
    filaments = _once(filaments)[:limit]
    if given["spools_per_filament"]:
        _add_spools(filaments, given["spools_per_filament"], on_shelf)
    return {
        "spools": _once(spools)[:limit],
        "filaments": filaments,
        "vendors": _found(VENDORS, terms, keys, [])[:limit],
        "is_color_query": color is not None,
    }


def _searched_keys():
    """Of the farm's fields, those of texts and choices."""
    fields = ExtraField.objects.filter(field_type__in=[Type.TEXT, Type.CHOICE])
    keys = {}
    for entity, key in fields.values_list("entity", "key"):
        keys.setdefault(entity, []).append(key)
    return keys


def _found(kind, terms, keys, conditions):
    """Hits, the best first; those of one rank by their ids."""
    fields = dict(kind.fields)
    for key in keys.get(kind.entity, ()):
        fields[f"extra.{key}"] = (extra_filters.Raw("extra", key), OF_EXTRA)
    rows = kind.model.objects.present().filter(*conditions, *(_has(term, fields) for term in terms))
    searched = [expression for expression, _rank in fields.values()]
    rows = rows.order_by("-number").values_list(*kind.columns, *searched)[:MAX_CANDIDATES]
    hits = []
    for row in rows:
        texts = _texts(fields, row[len(kind.columns) :])
        if hit := _classified(terms, texts):
            rank, field = hit
            hits.append((rank, row[0], _hit(kind, row[: len(kind.columns)], field)))
    return [hit for _rank, _number, hit in sorted(hits, key=lambda each: each[:2])]


def _has(term, fields):
    condition = Q()
    for name, (expression, _rank) in fields.items():
        ways = {term, json.dumps(term)[1:-1]} if name.startswith("extra.") else {term}
        for way in ways:
            condition |= Q(Matches(expression, Value(f"%{_literal(way)}%")))
    return condition


def _literal(term):
    return term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _texts(fields, found):
    """``[(name, text, what it adds to the rank)]``."""
    texts = []
    for (name, (_expression, more)), text in zip(fields.items(), found, strict=True):
        content = extra_filters.decoded(text) if name.startswith("extra.") else text
        for each in content if isinstance(content, list) else [content]:
            texts.append((name, str(each or "").lower(), more))
    return texts


def _classified(terms, texts):
    """The rank of a row, that of its worst term, and the field of its best hit; or None."""
    hits = []
    for term in terms:
        of_term = [
            (more + (START if text.startswith(term) else WITHIN), name)
            for name, text, more in texts
            if term in text
        ]
        if not of_term:
            return None
        hits.append(min(of_term, key=lambda hit: hit[0]))
    return max(rank for rank, _name in hits), min(hits, key=lambda hit: hit[0])[1]


def _hit(kind, row, field):
    return {kind.name: kind.shape(row), "match_field": field}


def _once(hits):
    """Without those of a row that was hit before."""
    seen = {}
    for hit in hits:
        row = next(iter(hit.values()))
        seen.setdefault(row["id"], hit)
    return list(seen.values())


def _of_number(words, conditions):
    if not (words.isascii() and words.isdigit() and len(words) <= values.MAX_ID_DIGITS):
        return []
    rows = Spool.objects.present().filter(*conditions, number=int(words))
    return [_hit(SPOOLS, row, "id") for row in rows.order_by().values_list(*shapes.SPOOL)]


def _of_color(color, threshold):
    """The nearest first."""
    near = colors.nearness(color, Filament.objects.present().hexes(), within=threshold)
    rows = Filament.objects.present().filter(filters.of_hexes(list(near)))
    rows = rows.order_by("number").values_list(*shapes.FILAMENT, "color_hex", "multi_color_hexes")
    hits = []
    for *row, one, several in rows:
        distance = min(near[each] for each in (one, *several) if each in near)
        hits.append((distance, _hit(FILAMENTS, row, "color")))
    return [hit for _distance, hit in sorted(hits, key=lambda each: each[0])]


def _add_spools(hits, count, conditions):
    """The oldest spools of each filament, and how many it has."""
    numbers = [hit["filament"]["id"] for hit in hits]
    by_filament = {"partition_by": F("filament"), "order_by": F("number").asc()}
    rows = (
        Spool.objects.present()
        .filter(*conditions, filament__number__in=numbers)
        .annotate(
            place=Window(RowNumber(), **by_filament),
            of_filament=Window(Count("pk"), partition_by=F("filament")),
            left=Cast(expressions.remaining_grams(), FloatField()),
            is_archived=expressions.is_archived(),
        )
        .filter(place__lte=count)
        .order_by("number")
        .values_list(
            "filament__number", "of_filament", "number", "left", "location__name", "is_archived"
        )
    )
    for hit in hits:
        hit |= {"spools": [], "spool_count": 0}
    of = {hit["filament"]["id"]: hit for hit in hits}
    for filament, total, number, left, location, is_archived in rows:
        spool = {"id": number, "remaining_weight": left, "location": location or None}
        present = {name: value for name, value in spool.items() if value is not None}
        of[filament]["spools"].append(present | {"archived": is_archived})
        of[filament]["spool_count"] = total
