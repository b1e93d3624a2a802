"""The filaments that materials of a run ask for, before the run has them."""

from dataclasses import replace

from inventory.services import doubles


def wanted_by(new):
    """The filament of a NewMaterial: of its spool where it names no requirement."""
    is_given = new.filament is not None or new.material_type is not None
    return new.filament if is_given or new.spool is None else new.spool.filament


def lock(materials):
    """Lock what NewMaterials ask for, before a run and spools; returns the materials, each with the
    filament that is kept where its own was merged into another."""
    wanted = [wanted_by(each) for each in materials]
    present = doubles.wanted_now(filter(None, wanted))
    return [
        replace(each, filament=present[filament.pk]) if filament else each
        for each, filament in zip(materials, wanted, strict=True)
    ]
