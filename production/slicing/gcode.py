"""G-code as text: which slicer wrote it, and so how it is read."""

from codecs import BOM_UTF8
from itertools import islice

from django.utils.translation import gettext as _

from production.slicing import bambu, cura, others, slic3r
from production.slicing.objects import objects_of
from production.slicing.sliced_file import Doubts, UnreadableFile

COMMANDS = (
    "G0",
    "G1",
    "G21",
    "G28",
    "G90",
    "G92",
    "M82",
    "M83",
    "M104",
    "M106",
    "M107",
    "M109",
    "M140",
    "M190",
)


def read(comments):
    """The SlicedFigures of comments of G-code. Raises UnreadableFile."""
    for dialect in (bambu, cura):
        if found := dialect.generator(comments):
            return _read(dialect, comments, *found)
    if found := others.generator(comments):
        return others.read(comments, *found)
    if found := slic3r.generator(comments):
        return _read(slic3r, comments, *found)
    raise UnreadableFile(
        _(
            "This G-code does not say which slicer wrote it. Export it with its comments: some "
            "programs that process G-code remove them."
        )
    )


def _read(dialect, comments, slicer, version):
    """What counts is which figures a file has: relatives write those of one another."""
    if dialect is not cura:
        values = comments.values
        has_lists = slic3r.GRAMS in values or slic3r.MM in values
        dialect = bambu if bambu.has_figures(values) and not has_lists else slic3r
    found = dialect.read(comments, slicer, version)
    return found if dialect is cura else _with_objects(found, comments)


def _with_objects(found, comments):
    objects, is_complete = objects_of(comments)
    doubts = Doubts()
    if objects and not is_complete:
        doubts.add_more_objects()
    plate = found.plates[0]._replace(objects=objects)
    return found._replace(plates=(plate,), doubts=(*found.doubts, *doubts))


def is_gcode(data):
    """Whether the beginning of a file is G-code."""
    lines = map(bytes.strip, data.removeprefix(BOM_UTF8).splitlines())
    text = list(islice(filter(None, lines), 2000))
    commands = tuple(each.encode() for each in COMMANDS)
    return any(line.startswith(b";") for line in text[:50]) or any(
        line.split(b" ")[0] in commands for line in text
    )
