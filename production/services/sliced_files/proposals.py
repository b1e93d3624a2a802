"""How well a spool suits a slot of a sliced file, and why.

What is of another material or diameter does not suit at all. Of what does, the colour comes first,
then that no other printer prints from it, whether there is enough for all plates, what is loaded in
the printer, the profile, the lot, and the exact material before others of its family;
then the nearest colour, opened before sealed, the smallest that suffices.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from django.utils.translation import gettext as _

from inventory import colors
from inventory.models import Spool
from production.models import Printer
from production.services.requirements.spool_places import ProposalReason, of_opening, of_place
from production.services.sliced_files.shelf_rows import ShelfRow
from tenants.operations.text import folded, format_number, half_up

# By CIEDE2000: up to here it is "such a red", beyond it is another colour.
NEAR = 15
DIAMETERS_APART_MM = Decimal("0.3")  # 1.75 and 2.85, whatever was measured
WORD = re.compile(r"\w+")


class WantedSlot(NamedTuple):
    """What a slot of a sliced file prints, of one plate; what the file does not say is None, or "".

    ``filament_id`` and ``lot_number`` are what was taken for it the last time: for this slot, or
    where it ``is_learnt`` for the profile in that colour, in whatever file.
    """

    slot: int
    grams: Decimal | None = None
    material: str = ""
    color_hex: str = ""  # 6 digits
    profile: str = ""
    diameter_mm: Decimal | None = None
    filament_id: int | None = None
    lot_number: str = ""
    is_learnt: bool = False


@dataclass(frozen=True, kw_only=True)
class SpoolProposal:
    """A spool for a slot. ``color_difference`` is by CIEDE2000, with one decimal, None where the
    file or the filament has no colour; ``is_enough`` None where the file has no grams."""

    spool: Spool
    color_difference: Decimal | None
    is_enough: bool | None
    missing_grams: Decimal
    reasons: tuple[ProposalReason, ...]


class FilamentFit(NamedTuple):
    """How a filament suits a slot."""

    was_taken: bool
    was_taken_for_slot: bool  # and so whatever its colour
    color: float | None  # the difference
    is_of_profile: bool
    is_exact: bool

    @property
    def color_rank(self):
        """0 where the colour is right, 1 where it is not known, or another was taken for the
        profile, 2 where it is another."""
        if self.was_taken_for_slot or (self.color is not None and self.color <= NEAR):
            return 0
        return 1 if self.was_taken or self.color is None else 2


class SpoolCandidate(NamedTuple):
    """A row of the shelf for a slot. ``needed`` is what a plan would take of its filament, None
    where that is unknown; ``twins_grams`` are available of it in other slots of the printer."""

    row: ShelfRow
    fit: FilamentFit
    needed: Decimal | None
    twins_grams: Decimal = Decimal(0)
    printing: Printer | None = None  # another printer, which prints from it now

    @property
    def is_enough(self):
        return self.needed is None or self.row.available >= self.needed

    @property
    def follows(self):
        """Whether twins have what it has too little of."""
        return self.row.available >= 0 and self.row.available + self.twins_grams >= self.needed


def suits(wanted, material_type, row):
    """The FilamentFit of a row of the shelf, whether or not it is of the material."""
    hexes = row.multi_color_hexes or [each for each in [row.color_hex] if each]
    differences = [colors.difference(wanted.color_hex, each) for each in hexes if wanted.color_hex]
    was_taken = row.filament_id == wanted.filament_id
    return FilamentFit(
        was_taken=was_taken,
        was_taken_for_slot=was_taken and not wanted.is_learnt,
        color=min(differences, default=None),
        is_of_profile=is_of_profile(wanted.profile, row),
        is_exact=material_type is not None and row.material_type_id == material_type.pk,
    )


def is_unfit(wanted, material_type, row):
    """Whether it is of another material or diameter. Where the material is not known, what was
    taken the last time suits, what the profile names, and if the file names no material, what is
    loaded."""
    if wanted.diameter_mm and abs(row.diameter_mm - wanted.diameter_mm) > DIAMETERS_APART_MM:
        return True
    if material_type is not None:
        return material_type.pk not in (row.material_type_id, row.family_id)
    if row.filament_id == wanted.filament_id or (row.is_loaded and not wanted.material):
        return False
    return not is_of_profile(wanted.profile, row)


def is_of_profile(profile, row):
    """Whether the profile names the filament: by its external id, or with all of its words, of
    which the material alone is not enough. What follows an @ is the printer."""
    name = folded(profile.partition("@")[0])
    if not name:
        return False
    if row.external_id and name == folded(row.external_id):
        return True
    words, material = set(WORD.findall(name)), _words(row.material)
    return bool(words - material) and words <= material | _words(row.maker, row.name)


def rank(wanted, candidate):
    """What candidates are sorted by, best first."""
    row, fit, needed = candidate[:3]
    is_enough = candidate.is_enough
    return (
        fit.color_rank,
        candidate.printing is not None,
        0 if is_enough else 1 if candidate.follows else 2,
        place_rank(wanted, row),
        not fit.was_taken,
        not fit.is_of_profile,
        not wanted.lot_number or row.lot_number != wanted.lot_number,
        not fit.is_exact,
        round(fit.color or 0),
        row.is_sealed,
        row.available if is_enough and needed is not None else -row.available,
        row.pk,
    )


def place_rank(wanted, row):
    """0 in the same slot of the printer, 1 in another one, 2 on the shelf, 3 in another printer."""
    if row.is_loaded:
        return 0 if row.position == wanted.slot else 1
    return 2 if row.printer_id is None else 3


def propose(wanted, material_type, candidate, spool):
    """The SpoolProposal of a candidate, with its reasons."""
    row, fit, needed = candidate[:3]
    difference = None if fit.color is None else half_up(Decimal(fit.color), 1)
    reasons = (
        *_of_place(spool, candidate),
        *_of_material(material_type, spool, fit),
        *_of_color(difference),
        *_of_profile(wanted, fit),
        *_of_lot(wanted, row),
        _of_grams(candidate),
    )
    return SpoolProposal(
        spool=spool,
        color_difference=difference,
        is_enough=None if needed is None else candidate.is_enough,
        missing_grams=max((needed or 0) - row.available, Decimal(0)),
        reasons=reasons,
    )


def _of_place(spool, candidate):
    """In a printer, or as it is on the shelf: it is looked for in the slots."""
    row = candidate.row
    here = row.printer_id if row.is_loaded else None
    where = {"printer_id": here, "printing": candidate.printing}
    found = [each for each in of_place(spool, **where) if each.code != "location"]
    return found or [of_opening(row)]


def _of_material(material_type, spool, fit):
    kind = spool.filament.material_type
    if fit.is_exact:
        yield ProposalReason("material", _("%(material)s.") % {"material": kind})
    elif material_type is not None and kind.meets(material_type.pk):
        detail = _("%(material)s, of the family %(family)s.")
        names = {"material": kind, "family": material_type}
        yield ProposalReason("family", detail % names)
    elif material_type is not None:
        detail = _("%(material)s, not %(wanted)s.")
        names = {"material": kind, "wanted": material_type}
        yield ProposalReason("another_material", detail % names)


def _of_color(difference):
    if difference is None:
        yield ProposalReason("color_unknown", _("Its colour can't be compared."))
        return
    code, detail = "another_color", _("Another colour (difference %(figure)s).")
    if difference <= NEAR:
        code, detail = "color", _("The colour fits (difference %(figure)s).")
    yield ProposalReason(code, detail % {"figure": format_number(difference)})


def _of_profile(wanted, fit):
    if fit.was_taken_for_slot:
        yield ProposalReason("taken_before", _("Taken for this the last time."))
    elif fit.was_taken:
        detail = _("Taken for the profile “%(profile)s” in this colour the last time.")
        yield ProposalReason("taken_before", detail % {"profile": wanted.profile})
    if fit.is_of_profile:
        detail = _("The profile “%(profile)s” names it.") % {"profile": wanted.profile}
        yield ProposalReason("profile", detail)


def _of_lot(wanted, row):
    if wanted.lot_number and row.lot_number == wanted.lot_number:
        detail = _("Of the same lot as the last time, %(lot)s.") % {"lot": row.lot_number}
        yield ProposalReason("lot", detail)


def _of_grams(candidate):
    needed = candidate.needed
    figures = {"available": format_number(candidate.row.available)}
    if needed is None:
        detail = _("%(available)s g available; the file does not say how much it takes.")
        return ProposalReason("need_unknown", detail % figures)
    figures["needed"] = format_number(needed)
    code, detail = "too_little", _("Only %(available)s g available, %(needed)s g needed.")
    if candidate.is_enough:
        code, detail = "enough", _("%(available)s g available, %(needed)s g needed.")
    elif candidate.follows:
        code = "twins_follow"
        detail = _("%(available)s g available, %(needed)s g needed: its twins have the rest.")
    return ProposalReason(code, detail % figures)


@lru_cache(2048)
def _words(*names):
    return {word for name in names for word in WORD.findall(folded(name or ""))}
