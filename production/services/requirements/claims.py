"""Reservations of the lines of open runs on their spools."""

from collections import Counter

from django.utils.translation import gettext as _

from inventory.services import held_spools, ledger
from production.services import run_state
from tenants.operations.refusals import Invalid, Refusal


class DuplicateSpool(Invalid):
    """A run takes a spool on one line only, so that its grams are checked once."""

    code = "duplicate_spool"
    title = "A spool is on two lines of this run"


class IncompatibleSpool(Refusal):
    code = "incompatible_spool"
    title = "The spool does not hold the material the line asks for"


def place(book, line, spool, grams):
    """Move the line's claim to ``grams`` on ``spool``; ``spool`` None gives it back. Another spool
    than it has is a choice: raises SpoolHeld, unless the book allows to overclaim."""
    if spool is not None and line.spool_id != spool.pk:
        require_not_held(book, [spool])
    if line.spool_id and line.spool_id != (spool and spool.pk):
        book.release(book.spools[line.spool_id], line.reserved_grams)
        line.reserved_grams = ledger.ZERO
    if spool is not None:
        book.change_claim(spool, line.reserved_grams, grams)
    line.spool = spool
    line.reserved_grams = grams if spool is not None else ledger.ZERO


def require_not_held(book, spools, *, field="spool"):
    """Raise SpoolHeld where the spools that are chosen are held, unless a manager overrides, or a
    printer took them already: where the book allows to overclaim."""
    if not book.allow_overclaim:
        held_spools.require_free(spools, field=field)


def why(book, lines, *sentences):
    """What the event of a verb that chose the spools of these lines has: the reason of these
    ``sentences``, and what was overridden, spools with too little and those that are held."""
    spools = [book.spools[line.spool_id] for line in lines if line.spool_id]
    held = [f"held:{spool.code}" for spool in spools if spool.is_held and book.allow_overclaim]
    short = [spool.code for spool in book.overclaimed]
    return {"reason": run_state.sentences(*sentences), "overrides": [*short, *held]}


def release(book, lines):
    """Give back every claim of the lines."""
    for line in lines:
        if line.reserved_grams:
            book.release(book.spools[line.spool_id], line.reserved_grams)
            line.reserved_grams = ledger.ZERO


def matches(line, spool):
    """Whether the spool holds the filament that the line requires, or its material type or one of
    that family."""
    if line.filament_id:
        return spool.filament_id in (line.filament_id, line.filament.merged_into_id)
    return spool.filament.material_type.meets(line.material_type_id)


def requirement(line):
    """What the line asks for, and for which slot of a file: lines with the same may follow each
    other, when several spools are needed."""
    return line.filament_id, line.material_type_id, line.sliced_slot


def follows(line, old):
    """Whether the line was planned to go on where the ``old`` one stops, and has not begun."""
    is_other = line.pk != old.pk and requirement(line) == requirement(old)
    return is_other and bool(line.spool_id) and line.has_plan and line.actual_grams is None


def only_match(line, spools):
    """The one of the spools that the line can take; None where none or several are."""
    matching = [spool for spool in spools if matches(line, spool)]
    return matching[0] if len(matching) == 1 else None


def loaded_match(line, loaded):
    """The one of the loaded spools that the line can take, as `only_match`: one that is held only
    where no other fits, which a start refuses by its name."""
    free = only_match(line, [spool for spool in loaded if not spool.is_held])
    return free or only_match(line, loaded)


def require_match(line, spool):
    """Raise IncompatibleSpool when the spool does not meet the line's requirement."""
    if not matches(line, spool):
        wanted = line.filament or line.material_type
        figures = {"filament": spool.filament, "wanted": wanted}
        raise IncompatibleSpool(
            _(
                "Spool %(spool)s holds %(filament)s, the line asks for %(wanted)s. Take another "
                "spool, or let a manager override this."
            )
            % {"spool": spool.code, **figures},
            errors={"spool": [_("Holds %(filament)s, not %(wanted)s.") % figures]},
            spool_id=spool.pk,
            wanted=str(wanted),
        )


def require_distinct(spool_ids, *, field="spool", nested_in=""):
    """Raise DuplicateSpool when a spool (None apart) is there twice; of ``spool_ids`` that are
    ``nested_in`` a list of the body, with their places."""
    spool_ids = list(spool_ids)
    counts = Counter(pk for pk in spool_ids if pk is not None)
    if twice := sorted(pk for pk, count in counts.items() if count > 1):
        found = [index for index, pk in enumerate(spool_ids) if pk in twice]
        places = [f"{nested_in}.{index}.{field}" for index in found] if nested_in else [field]
        raise DuplicateSpool(
            _("Spool %(twice)s is on two lines: put its grams on one line.")
            % {"twice": ", ".join(map(str, twice))},
            errors=dict.fromkeys(places, [_("A spool can be on one line of a run only.")]),
            spool_ids=twice,
        )
