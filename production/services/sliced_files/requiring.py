"""What a slot of a sliced file requires of a run: what the bills of materials of its products ask
for, where one line does; else the material that the slicer names."""

from django.utils.translation import gettext as _

from tenants.operations.refusals import Invalid


class UnknownMaterial(Invalid):
    code = "unknown_material"
    title = "The farm has no such material type"


def requirement(plate, slot, choice, bill, kinds):
    """The requirement as fields of a NewMaterial. Raises UnknownMaterial."""
    if choice and (choice.filament or choice.material_type):
        return {"filament": choice.filament, "material_type": choice.material_type}
    kind, spool = kinds.get(slot.material), choice and choice.spool
    meant = [line for line in bill if _is_meant(line, kind, spool)]
    exact = [line for line in meant if spool and line.filament_id == spool.filament_id]
    needs = {(line.filament, line.material_type) for line in exact or meant}
    if len(needs) == 1:
        [(filament, material_type)] = needs
        return {"filament": filament} if filament else {"material_type": material_type}
    if kind is not None:
        return {"material_type": kind}
    if spool is not None:
        return {"filament": spool.filament}
    figures = {"slot": slot.slot, "plate": plate.index, "material": slot.material or "?"}
    message = _(
        "Plate %(plate)s, slot %(slot)s: the farm has no material type “%(material)s”. Name one, "
        "or a spool."
    )
    raise UnknownMaterial(message % figures, errors={"slots": [message % figures]}, **figures)


def beyond(bill, materials):
    """What of the materials meets no line of the bills, where there are any."""
    wanted = {(line.filament_id, line.material_type_id) for line in bill}
    found = []
    for each in materials if wanted else ():
        filament = each.spool.filament if each.spool else each.filament
        kind = filament.material_type if filament else each.material_type
        met = {(None, kind.pk), (None, kind.family_id), (filament and filament.pk, kind.pk)}
        if wanted.isdisjoint(met):
            found.append(filament or kind)
    return found


def _is_meant(line, kind, spool):
    """Whether a line of a bill asks for what the slot prints."""
    if kind is not None and not _are_kin(kind, line.material_type):
        return False
    if spool is None:
        return kind is not None
    if line.filament_id is not None:
        return line.filament_id == spool.filament_id
    return spool.filament.material_type.meets(line.material_type_id)


def _are_kin(kind, other):
    return kind.meets(other.pk) or other.meets(kind.pk)
