"""What is read out of a sliced file, and why one is refused."""

from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from tenants.operations.refusals import Invalid

QOI, ICON_PIXELS = b"qoif", 64 * 64
MOST_PICTURES, LARGEST_PICTURE = 16, 512 * 1024  # of a file, and bytes of one
SLICER, DERIVED = "slicer", "derived"  # where grams come from


class UnreadableFile(Invalid):
    code = "unreadable_file"
    title = "This can't be read as a sliced file"


class NotSliced(UnreadableFile):
    code = "not_sliced"
    title = "This project is not sliced yet"


class NotFilament(UnreadableFile):
    code = "not_filament"
    title = "This is not a print with filament"


class DamagedFile(UnreadableFile):
    code = "damaged_file"
    title = "This file is damaged or incomplete"


class FileTooLarge(UnreadableFile):
    code = "parts_too_large"
    title = "Parts of this file are too large to be read"


class Doubt(NamedTuple):
    """Why a figure should be looked at before it is used. ``plate`` and ``slot`` count from 1;
    without a slot it is of the whole plate."""

    code: str
    detail: str
    plate: int
    slot: int | None = None


class Slot(NamedTuple):
    """Material of one slot, counted from 1. What the file does not say is None, or ""."""

    slot: int
    grams: Decimal | None = None
    source: str = SLICER
    purge_grams: Decimal | None = None  # a part of ``grams``
    length_mm: Decimal | None = None
    volume_mm3: Decimal | None = None
    material: str = ""
    color_hex: str = ""  # 6 digits
    profile: str = ""
    density_g_cm3: Decimal | None = None
    diameter_mm: Decimal | None = None

    @property
    def is_derived(self):
        return self.source == DERIVED


class PlateObject(NamedTuple):
    name: str
    count: int


class SlicerPicture(NamedTuple):
    """A picture as the slicer wrote it, neither decoded nor checked."""

    width: int
    height: int
    data: bytes


def best_of(pictures):
    """The largest of the pictures of a plate, or None. QOI, which some printers show, comes last
    where there is another one larger than an icon: it takes twenty times as long to decode."""
    return max(pictures, key=_rank, default=None)


def _rank(picture):
    size = picture.width * picture.height
    return size > ICON_PIXELS and not picture.data.startswith(QOI), size


class Plate(NamedTuple):
    index: int = 1
    name: str = ""
    seconds: int | None = None
    slots: tuple[Slot, ...] = ()
    objects: tuple[PlateObject, ...] = ()
    picture: SlicerPicture | None = None
    purge_grams: Decimal | None = None  # of all slots


class SlicedFigures(NamedTuple):
    """``lines`` are those that figures were read from, as evidence."""

    slicer: str
    slicer_version: str = ""
    printer_model: str = ""
    nozzle_mm: Decimal | None = None
    layer_height_mm: Decimal | None = None
    plates: tuple[Plate, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    lines: tuple[str, ...] = ()


class Doubts(list):
    """The doubts of one plate, as they are found."""

    def __init__(self, plate=1):
        super().__init__()
        self.plate = plate

    def add(self, code, detail, slot=None):
        self.append(Doubt(code, detail, self.plate, slot))

    def add_no_material(self):
        self.add("no_material", _("The file names no material."))

    def add_no_time(self):
        self.add("no_time", _("The file does not say how long it prints."))

    def add_more_objects(self):
        detail = _("Not all of the file is read, and perhaps not all objects: count them.")
        self.add("more_objects", detail)


def too_large(part):
    """The refusal of a file of which one part alone is more than is ever read."""
    return FileTooLarge(
        _("%(part)s of this file is larger than any slicer makes it.") % {"part": part}
    )
