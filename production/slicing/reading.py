"""Read a sliced file of any kind that is known.

Of G-code the first and the last MiB are read; of a container the parts that have the figures. So
memory and time do not depend on a file's size.
"""

from codecs import BOM_UTF8

from django.utils.translation import gettext as _

from production.slicing import archives, bgcode, gcode, gcode_3mf
from production.slicing.comments import WINDOW, Comments, comments_of, read_comments
from production.slicing.sliced_file import NotFilament, NotSliced, UnreadableFile

ZIP, GX = b"PK\3\4", b"xgcode"
RESIN = (  # CTB and Photon
    b"ANYCUBIC", b"\x19\x00\xfd\x12", b"\x86\x00\xfd\x12", b"\x06\x01\xfd\x12", b"\x07\x01\xfd\x12",
)  # fmt: skip
GOO = b"\x07\0\0\0DLP\0"  # after its version, of four letters
RESIN_NAMES = (  # of files, or of members of an archive
    ".sl1", ".sl1s", ".ctb", ".cbddlp", ".photon", ".phz", ".pws", ".pwmx", ".pwmo", ".pwma",
    ".goo", ".lys", ".lyt", ".fdg", ".cws", ".zcodex",
)  # fmt: skip
MODEL = "3D/3dmodel.model"
UFP_GCODE = ("/3D/model.gcode", "3D/model.gcode")
UFP_PICTURE = ("/Metadata/thumbnail.png", "Metadata/thumbnail.png")
PROJECTS = ("solid ", "ISO-10303-21", "{", "<?xml", "<svg", "%PDF")


def read(stream, *, filename=""):
    """The SlicedFigures of a binary stream that can seek. Raises UnreadableFile.

    What the file says is not believed: a figure that can't be is left out, and is a doubt. Its name
    only tells a print with resin from a file of no known kind.
    """
    try:
        return _read(stream)
    except UnreadableFile as refusal:
        if type(refusal) is UnreadableFile and filename.lower().endswith(RESIN_NAMES):
            raise _resin() from None
        raise


def _read(stream):
    stream.seek(0)
    start = stream.read(4096)
    if not start.strip():
        raise UnreadableFile(_("This file is empty."))
    if start.startswith(bgcode.MAGIC):
        return bgcode.read(stream)
    if start.startswith(ZIP):
        return _read_archive(stream)
    if start.startswith(RESIN) or start[4:].startswith(GOO):
        raise _resin()
    if start.startswith(GX):
        return _read_gx(stream)
    comments = read_comments(stream)
    stream.seek(0)
    if not gcode.is_gcode(stream.read(200_000)):
        raise _not_gcode(start)
    return gcode.read(comments)


def _read_archive(stream):
    with archives.opened(stream) as archive:
        names = set(archive.namelist())
        for name in UFP_GCODE:
            if name in names:
                return _read_ufp(archive, name)
        if MODEL in names or any(name.startswith("Metadata/") for name in names):
            return gcode_3mf.read(archive)
        is_sla = "config.ini" in names and any(name.endswith(".png") for name in names)
        if is_sla or any(name.lower().endswith(RESIN_NAMES) for name in names):
            raise _resin()
    raise UnreadableFile(_("This archive has no sliced plate in it."))


def _read_ufp(archive, name):
    found = gcode.read(Comments(comments_of(archives.beginning(archive, name, WINDOW))))
    plate, picture = found.plates[0], archives.picture(archive, *UFP_PICTURE)
    return found._replace(plates=(plate._replace(picture=picture or plate.picture),))


def _read_gx(stream):
    """FlashForge's own kind of file: a binary head, then G-code."""
    stream.seek(0)
    data = stream.read(WINDOW)
    place = data.find(b"\n;")
    return gcode.read(Comments(comments_of(data[max(place, 0) :], is_start=False)))


def _resin():
    return NotFilament(
        _("This is a print with resin, which Spoolbook does not count: it has no filament.")
    )


def _not_gcode(start):
    text = start.removeprefix(BOM_UTF8).decode("latin-1").lstrip()
    if text.startswith(PROJECTS):
        return NotSliced(
            _("This is a model or a document, not a sliced file. Slice it, and export the G-code.")
        )
    return UnreadableFile(
        _(
            "This is not a file of a known slicer. G-code (.gcode, .ufp, .gx), binary G-code "
            "(.bgcode) and sliced projects (.gcode.3mf) can be read."
        )
    )
