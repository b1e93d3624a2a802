"""The material type that a client of the printers' API or a sliced file means by what it writes."""

import re

from inventory.models import MaterialType
from inventory.services.seeds import ABRASIVE, OTHER, OTHER_DENSITY
from tenants.accounts import audited
from tenants.operations.refusals import Duplicate
from tenants.operations.text import first_invisible_character, one_line

# What slicers call a type besides, where the farm has none that is called so.
OTHER_NAMES = {"PET": "PETG", "NYLON": "PA", "FLEX": "TPU"}
MAX_LENGTH = MaterialType._meta.get_field("code").max_length


def of_label(label, *, density, by):
    """The type whose code is the label in capitals. A new one is made with this density, as a
    member of the family that it begins with: PLA GALAXY is of PLA. OTHER where there is no label,
    or none that can be a code."""
    code = one_line(label or "").upper()
    if not code or len(code) > MAX_LENGTH or first_invisible_character(label):
        code, density = OTHER, OTHER_DENSITY
    found = MaterialType.objects.filter(code=code).first()
    return found or _new(code, label or code, density, by)


def of_labels(labels):
    """``{label: type}`` of labels that slicers write: the type whose code it is, else the family
    that it begins with; None where the farm has none, and of no label. One query."""
    types = {each.code: each for each in MaterialType.objects.select_related("family")}
    return {label: _meant(one_line(label).upper(), types) for label in labels}


def _meant(code, types):
    if code in types or not code:
        return types.get(code)
    if OTHER_NAMES.get(code) in types:
        return types[OTHER_NAMES[code]]
    is_abrasive = bool(ABRASIVE.search(code))
    usable = [each for each in types.values() if each.code != OTHER]
    return _longest(code, [each for each in usable if each.is_abrasive == is_abrasive])


def _new(code, name, density, by):
    is_abrasive = bool(ABRASIVE.search(code))
    fields = {"name": name, "density_g_cm3": density, "is_abrasive": is_abrasive}
    family = _family_of(code, is_abrasive)
    try:
        return audited.create(MaterialType, by=by, code=code, family=family, **fields)
    except Duplicate:  # somebody else made it at this moment
        return MaterialType.objects.get(code=code)


def _family_of(code, is_abrasive):
    """Of the types that it begins with, as a word, the longest; one that is filled with carbon is
    none of those that are not."""
    types = MaterialType.objects.filter(is_abrasive=is_abrasive).exclude(code=OTHER)
    return _longest(code, types.select_related("family"))


def _longest(code, types):
    known = [each for each in types if _begins_with(code, each.code)]
    longest = max(known, key=lambda each: len(each.code), default=None)
    return longest and (longest.family or longest)


def _begins_with(code, word):
    return bool(re.match(rf"{re.escape(word)}[^A-Z0-9]", code))
