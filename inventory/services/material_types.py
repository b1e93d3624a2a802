"""The material type that a client of the printers' API or a sliced file means by what it writes."""

from inventory.models import MaterialType
from inventory.services.material_families import OTHER, family_of, is_abrasive
from inventory.services.seeds import OTHER_DENSITY
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
    return family_of(code, types.values())


def _new(code, name, density, by):
    family = family_of(code, MaterialType.objects.select_related("family"))
    fields = {"name": name, "density_g_cm3": density, "is_abrasive": is_abrasive(code)}
    try:
        return audited.create(MaterialType, by=by, code=code, family=family, **fields)
    except Duplicate:  # somebody else made it at this moment
        return MaterialType.objects.get(code=code)
