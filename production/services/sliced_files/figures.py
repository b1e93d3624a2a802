"""Which figures of a sliced file a run is planned by: the slicer's, or in their place what somebody
typed, or what our filament's density makes of a length. Doubtful ones have to be confirmed."""

from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation import gettext as _

from inventory.models import Filament, MaterialType, Spool
from production.models import GramsSource, PrinterSlot
from production.services.sliced_files import contents
from production.slicing.figures import PI
from production.slicing.sliced_file import Slot
from tenants.operations.quantities import grams as to_grams
from tenants.operations.refusals import Invalid, Refusal

MOST_DETAILS = 10
SOURCES = (GramsSource.TYPED, GramsSource.DERIVED, GramsSource.SLICER)


class DoubtfulFigures(Refusal):
    """Some figures should be looked at first; ``doubts`` are ``{plate, slot, code, detail}``."""

    code = "doubtful_figures"
    title = "Some figures of the file are doubtful"


class GramsUnknown(Invalid):
    code = "grams_unknown"
    title = "The file does not say how much it takes"


class UnknownPlate(Invalid):
    code = "unknown_plate"
    title = "The file has no such plate"


@dataclass(frozen=True, kw_only=True)
class SlotChoice:
    """What is taken for a slot of a plate (None: of every plate), and grams that were typed for one
    printing of it; purge grams are a part of them."""

    slot: int
    plate: int | None = None
    spool: Spool | None = None
    filament: Filament | None = None
    material_type: MaterialType | None = None
    printer_slot: PrinterSlot | None = None
    grams: Decimal | None = None
    purge_grams: Decimal | None = None

    @property
    def known_filament(self):
        return self.spool.filament if self.spool else self.filament


@dataclass(frozen=True)
class SettledPlate:
    """A plate with figures that can be planned by: ``slots`` of the reader, all with grams, and the
    SlotChoice of each by its number."""

    index: int
    seconds: int | None
    slots: tuple
    choices: dict
    objects: tuple = ()
    name: str = ""
    confirmed: tuple = ()  # doubts


def settle(file, *, plates=None, slots=(), seconds=None, confirm=False):
    """The SettledPlates of a file, those with the indexes ``plates``, else all.

    ``slots`` are SlotChoices, ``seconds`` those that were typed, ``{plate: seconds}``. Raises
    UnknownPlate, DoubtfulFigures (unless ``confirm``, or typed), GramsUnknown.
    """
    found, seconds = _chosen(file, plates), seconds or {}
    require_plates(found, [each.plate for each in slots if each.plate is not None], "slots")
    require_plates(found, seconds, "seconds")
    settled = [_settled(plate, slots, seconds) for plate in found]
    doubts = [each for plate in settled for each in _open(file, plate, slots, seconds)]
    if doubts and not confirm:
        raise _doubtful(doubts)
    _require_grams(settled)
    return [
        replace(plate, confirmed=tuple(each for each in doubts if each.plate == plate.index))
        for plate in settled
    ]


def source_of(slots):
    """Where grams of several plates are from: typed, or derived, if any of them are."""
    sources = {slot.source for slot in slots}
    return next(each for each in SOURCES if each in sources)


def _chosen(file, plates):
    of_index = {}
    for plate in contents.plates_of(file):
        of_index.setdefault(plate.index, plate)
    if plates is None:
        return list(of_index.values())
    if not plates or len(set(plates)) < len(plates):
        message = _("Name one plate at least, and each once.")
        raise UnknownPlate(message, errors={"plates": [message]})
    require_plates(of_index.values(), plates, "plates")
    return [of_index[index] for index in plates]


def require_plates(plates, named, field):
    """Raise UnknownPlate where an index that was named is of none of the plates."""
    known = {plate.index for plate in plates}
    if unknown := [index for index in named if index not in known]:
        names = {"unknown": unknown[0], "known": ", ".join(map(str, sorted(known)))}
        message = _("There is no plate %(unknown)s among these: %(known)s.") % names
        raise UnknownPlate(message, errors={field: [message]}, plate=unknown[0])


def _settled(plate, choices, seconds):
    mine = {each.slot: each for each in choices if each.plate is None}
    mine |= {each.slot: each for each in choices if each.plate == plate.index}
    on_plate = {slot.slot for slot in plate.slots}
    typed = {n: each for n, each in mine.items() if each.plate or each.grams is not None}
    more = [Slot(number, source="") for number in sorted(typed.keys() - on_plate)]
    slots = [_with_choice(slot, mine.get(slot.slot)) for slot in _merged([*plate.slots, *more])]
    return SettledPlate(
        index=plate.index,
        name=plate.name,
        seconds=seconds.get(plate.index, plate.seconds),
        slots=tuple(_with_purge(slots, plate.purge_grams)),
        choices=mine,
        objects=plate.objects,
    )


def _merged(slots):
    """A slot that is named twice has the grams of both."""
    merged = {}
    for slot in slots:
        first = merged.get(slot.slot)
        if first is not None:
            grams = None if None in (first.grams, slot.grams) else first.grams + slot.grams
            slot = first._replace(grams=grams, length_mm=None, volume_mm3=None)
        merged[slot.slot] = slot
    return list(merged.values())


def _with_choice(slot, choice):
    if choice is None:
        return slot
    if choice.grams is not None:
        typed = {"grams": choice.grams, "purge_grams": choice.purge_grams}
        return slot._replace(source=GramsSource.TYPED, **typed)
    filament = choice.known_filament
    if filament is None or not (slot.grams is None or slot.source == GramsSource.DERIVED):
        return slot
    grams = derived_grams(slot, filament)
    return slot if grams is None else slot._replace(grams=grams, source=GramsSource.DERIVED)


def derived_grams(slot, filament):
    """What a slot takes of our filament, by its length or volume: pi/4 d² · length · density; None
    where the file has neither."""
    volume = slot.volume_mm3
    if slot.length_mm is not None:
        volume = slot.length_mm * filament.diameter_mm**2 * PI / 4
    if volume is None:
        return None
    return to_grams(volume * filament.density_g_cm3 / 1000, field="grams")


def _with_purge(slots, purge):
    """The purge of a plate is of the slot that it takes most of, where the file has it of none."""
    known = [slot for slot in slots if slot.grams is not None]
    if not purge or not known or any(slot.purge_grams is not None for slot in slots):
        return slots
    most = max(known, key=lambda slot: slot.grams)
    if most.source == GramsSource.TYPED:
        return slots
    found = most._replace(purge_grams=min(purge, most.grams))
    return [found if slot is most else slot for slot in slots]


def _open(file, plate, choices, seconds):
    """Doubts of a plate that nobody settled by typing the figure."""
    typed = {slot.slot for slot in plate.slots if slot.source == GramsSource.TYPED}
    is_typed = bool(plate.slots) and all(slot.slot in typed for slot in plate.slots)
    for doubt in contents.doubts_of(file)[plate.index]:
        is_settled = doubt.slot in typed or (doubt.slot is None and is_typed)
        if doubt.code == "no_time":
            is_settled = plate.index in seconds
        elif doubt.code == "no_grams" and not is_settled:
            is_settled = any(
                slot.slot == doubt.slot and slot.grams is not None for slot in plate.slots
            )
        if not is_settled:
            yield doubt


def _doubtful(doubts):
    details = " ".join(
        _("Plate %(plate)s: %(detail)s") % {"plate": each.plate, "detail": each.detail}
        for each in doubts[:MOST_DETAILS]
    )
    message = _("%(details)s Look at the figures, then confirm them or type others.")
    return DoubtfulFigures(
        message % {"details": details},
        errors={"confirm": [_("Look at the figures first.")]},
        doubts=[each._asdict() for each in doubts[:100]],
    )


def _require_grams(plates):
    unknown = [
        {"plate": plate.index, "slot": slot.slot}
        for plate in plates
        for slot in plate.slots
        if slot.grams is None
    ]
    if unknown:
        message = _(
            "How many grams do you print of slot %(slot)s of plate %(plate)s? The file does not "
            "say: type them, or choose its spool where the file has a length."
        )
        raise GramsUnknown(
            message % unknown[0], errors={"slots": [message % unknown[0]]}, unknown=unknown[:100]
        )
