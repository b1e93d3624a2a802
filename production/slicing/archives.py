"""Zip archives that strangers send: bounded before they are opened, read piece by piece."""

import struct
import zipfile
import zlib
from contextlib import contextmanager

from django.utils.translation import gettext as _

from production.slicing.sliced_file import LARGEST_PICTURE, DamagedFile, SlicerPicture, too_large
from tenants.operations.archives import is_bounded

MOST_MEMBERS, LARGEST_DIRECTORY = 5_000, 4 * 1024 * 1024
END, LARGEST_END = b"PK\5\6", 22 + 65_535
LOCATOR, END64 = b"PK\6\7", b"PK\6\6"
# What `zipfile` raises; RuntimeError where a member has a password.
BROKEN = zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, struct.error, RuntimeError


@contextmanager
def opened(stream):
    """The ZipFile of a stream that can seek. Raises DamagedFile, FileTooLarge."""
    _check_directory(stream)
    with _refused():
        archive = zipfile.ZipFile(stream)
    with archive:
        if len(archive.infolist()) > MOST_MEMBERS:
            raise too_large(_("The directory"))
        yield archive


@contextmanager
def _refused():
    """Errors of an archive that is none are refusals."""
    try:
        yield
    except (NotImplementedError, OverflowError):
        raise _unknown_method() from None
    except BROKEN:
        raise DamagedFile(
            _("This archive can't be read: it is damaged or incomplete, or has a password.")
        ) from None


def _unknown_method():
    return DamagedFile(_("This archive is packed in a way that no slicer uses."))


def contents(archive, name, *, most):
    """All of a member; None where there is none. Raises FileTooLarge beyond ``most`` bytes."""
    data = beginning(archive, name, most + 1)
    if data is not None and len(data) > most:
        raise too_large(name.rpartition("/")[2])
    return data


def beginning(archive, name, most):
    """The first bytes of a member; None where there is none."""
    if name not in archive.NameToInfo:
        return None
    if not is_bounded(archive.NameToInfo[name]):
        raise _unknown_method()
    with _refused(), archive.open(name) as member:
        return member.read(most)


def picture(archive, *names):
    """The first of these members that is there, as a SlicerPicture; None where there is none, or
    none that can be read."""
    name = next((each for each in names if each in archive.NameToInfo), None)
    try:
        data = name and beginning(archive, name, LARGEST_PICTURE + 1)
    except DamagedFile:  # the figures are elsewhere
        return None
    return SlicerPicture(0, 0, data) if data and len(data) <= LARGEST_PICTURE else None


def _check_directory(stream):
    """Refuse a directory that is too large to be read, as `zipfile` reads all of it."""
    size = stream.seek(0, 2)
    stream.seek(max(size - LARGEST_END - 20, 0))
    tail = stream.read()
    place = tail.rfind(END)
    if place < 0 or len(tail) - place < 22:
        raise DamagedFile(_("This archive has no end: it is incomplete. Upload it again."))
    members, directory = struct.unpack("<HI", tail[place + 10 : place + 16])
    if tail[max(place - 20, 0) : place].startswith(LOCATOR):
        members, directory = _of_64(stream, tail[place - 20 : place])
    if members > MOST_MEMBERS or directory > LARGEST_DIRECTORY:
        raise too_large(_("The directory"))
    stream.seek(0)


def _of_64(stream, locator):
    (offset,) = struct.unpack("<Q", locator[8:16])
    size = stream.seek(0, 2)
    if offset + 56 > size:
        raise DamagedFile(_("This archive can't be read: it is damaged or incomplete."))
    stream.seek(offset)
    record = stream.read(56)
    if not record.startswith(END64):
        raise DamagedFile(_("This archive can't be read: it is damaged or incomplete."))
    members, directory = struct.unpack("<QQ", record[32:48])
    return members, directory
