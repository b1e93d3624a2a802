"""Looks into the archive of a workbook before it is opened: strangers send it."""

import re
import zipfile
from contextlib import contextmanager
from io import BytesIO

from django.utils.translation import gettext as _

from inventory.services.tables.refusals import TableTooLarge, UnusableTable
from tenants.operations.archives import is_bounded

MEGABYTE = 1024**2
MAX_UNPACKED = 50 * MEGABYTE  # of all parts together
MAX_STRINGS = 20 * MEGABYTE  # which are read whole, and so are the others but the sheets
MAX_PART = 2 * MEGABYTE
MAX_PARTS = 1_000
# Tags of XML, which take time and memory: of all sheets, of the texts (four each), of another part.
MAX_TAGS, MAX_TAGS_OF_STRINGS, MAX_TAGS_OF_PART = 1_500_000, 400_000, 100_000
CHUNK = 1024**2
ARCHIVE, OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
TYPES, WORKBOOK, STRINGS = "[Content_Types].xml", "xl/workbook.xml", "xl/sharedStrings.xml"
SHEETS, ENDINGS = "xl/worksheets/", (".xml", ".rels")
STRINGS_TYPE = re.compile(rb"<Override[^>]*sharedStrings\+xml[^>]*>")


def is_workbook(content):
    """Whether the bytes are a workbook, or what may be taken for one: an old or another one."""
    return content.startswith((ARCHIVE, OLD))


def require_safe(content):
    """Raises UnusableTable or TableTooLarge, unless it is a workbook that can be opened; returns
    whether its sheets have formulas."""
    archive = _opened(content)
    parts = archive.infolist()
    if len(parts) > MAX_PARTS:
        raise _unusable(_("it has %(count)s parts") % {"count": len(parts)})
    if WORKBOOK not in {each.filename for each in parts}:
        message = _("This is no workbook of Excel (.xlsx): save it as one, or as “CSV UTF-8”.")
        raise UnusableTable(message)
    if any(each.flag_bits & 1 for each in parts):
        raise _locked()
    if not all(map(is_bounded, parts)):
        raise _unusable(_("it is packed in a way that no spreadsheet uses"))
    sizes = [(sum(each.file_size for each in parts), MAX_UNPACKED)]
    sizes += [(each.file_size, _most(each.filename)) for each in parts]
    for size, most in sizes:
        if size > most:
            message = _("A part of the workbook has %(size)s MB; at most %(most)s MB are read.")
            figures = {"size": -(-size // MEGABYTE), "most": most // MEGABYTE}
            raise TableTooLarge(message % figures, most_bytes=most)
    with reading():
        _require_few_tags(archive)
        found = STRINGS_TYPE.findall(archive.read(TYPES))
        if any(STRINGS.encode() not in each for each in found):
            raise _unusable(_("its texts are in an unusual place"))
        return any(_count(archive, each.filename, b"<f") for each in parts if _is_sheet(each))


def _require_few_tags(archive):
    names = [each.filename for each in archive.infolist()]
    tags = {name: _count(archive, name, b"<") for name in names if name.endswith(ENDINGS)}
    of_sheets = sum(count for name, count in tags.items() if name.startswith(SHEETS))
    others = {name: count for name, count in tags.items() if not name.startswith(SHEETS)}
    of_strings = others.pop(STRINGS, 0)
    most_of_others = max(others.values(), default=0)
    if (
        of_sheets > MAX_TAGS
        or of_strings > MAX_TAGS_OF_STRINGS
        or most_of_others > MAX_TAGS_OF_PART
    ):
        message = _("The workbook has too many cells, texts or styles: split it.")
        raise TableTooLarge(message)


def count_rows(content):
    """About how many rows all sheets have; 0 of what can't be opened."""
    try:
        require_safe(content)
        with reading():
            archive = _opened(content)
            sheets = filter(_is_sheet, archive.infolist())
            return sum(_count(archive, each.filename, b"<row") for each in sheets)
    except UnusableTable:
        return 0


@contextmanager
def reading():
    """What goes wrong while a workbook is read is a refusal: it may be anything."""
    try:
        yield
    except (UnusableTable, GeneratorExit):
        raise
    except Exception as error:
        raise _unusable(str(error) or type(error).__name__) from error


def _opened(content):
    if content.startswith(OLD):
        if ENCRYPTED in content:
            raise _locked()
        message = _("This is a workbook of an old kind (.xls): save it as .xlsx, or “CSV UTF-8”.")
        raise UnusableTable(message)
    with reading():
        return zipfile.ZipFile(BytesIO(content))


def _most(name):
    """The bytes that a part may have."""
    if name == STRINGS:
        return MAX_STRINGS
    is_read_whole = name.endswith(ENDINGS) and not name.startswith(SHEETS)
    return MAX_PART if is_read_whole else MAX_UNPACKED


def _is_sheet(part):
    return part.filename.startswith(SHEETS) and part.filename.endswith(".xml")


def _count(archive, name, mark):
    """How often a part has these bytes; a few at the borders of chunks may be missed."""
    with archive.open(name) as part:
        return sum(chunk.count(mark) for chunk in iter(lambda: part.read(CHUNK), b""))


def _locked():
    return UnusableTable(_("This workbook has a password: save it without one."))


def _unusable(problem):
    message = _("The workbook can't be read: %(problem)s. Save it again, or as “CSV UTF-8”.")
    return UnusableTable(message % {"problem": problem[:200]})
