"""Applies accepted corrections to what is planned by a sliced file."""

from dataclasses import replace

from django.utils.translation import gettext as _

from production.models import SlicerCorrection
from production.models.corrections import factor_text
from production.services.requirements.corrected import CORRECTED


def corrected(runs):
    """The arguments of `lifecycle.create` for runs, with the grams of slots multiplied by the
    factors that are current; what somebody typed for the file stays. One query."""
    pairs = {_pair(each, run) for run in runs for each in _of_file(run)}
    if not pairs:
        return runs
    factors = SlicerCorrection.objects.factors(pairs)
    return [_corrected(run, factors) for run in runs]


def _of_file(run):
    return [each for each in run.get("materials") or () if _is_slicers(each)]


def _is_slicers(material):
    return material.of_file.get("sliced_source") in CORRECTED


def _pair(material, run):
    filament = material.spool.filament if material.spool else material.filament
    printer = run.get("printer")
    return filament and (filament.merged_into_id or filament.pk), printer and printer.pk


def _corrected(run, factors):
    if not run.get("materials"):
        return run
    materials, texts = [], [run["remark"]] if run.get("remark") else []
    for each in run["materials"]:
        if not _is_slicers(each):
            materials.append(each)
            continue
        factor = factors[_pair(each, run)]
        materials.append(_multiplied(each, factor))
        if factor != 1:
            names = {"slot": each.of_file["sliced_slot"], "factor": factor_text(factor)}
            texts.append(_("Slot %(slot)s: %(factor)s times the slicer's grams.") % names)
    return {**run, "materials": materials, "remark": " ".join(texts)}


def _multiplied(material, factor):
    return replace(
        material,
        planned_grams=material.planned_grams * factor,
        planned_purge_grams=material.planned_purge_grams * factor,
        of_file={**material.of_file, "slicer_factor": factor},
    )
