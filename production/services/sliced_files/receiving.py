"""Receives sliced files: each is read, and what was read is kept. The file itself is not.

What comes again, the same content under the same name for the same printer, or for none, is the
file that is there. No constraint says so: a printer that is deleted leaves its files without one.
"""

import hashlib
from dataclasses import dataclass, field

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from production.models import SlicedFile
from production.pictures import EncodedPicture
from production.services import pictures
from production.services.sliced_files import contents
from production.slicing.reading import read
from tenants.operations.operation import operation
from tenants.operations.refusals import Busy

CHUNK_BYTES = 1024 * 1024
LOCK = "SELECT pg_advisory_xact_lock(hashtext('file ' || %s), hashtext(current_schema()))"
MOST_PICTURES = 100  # of all files that are read for one request


@dataclass(frozen=True)
class ReadFile:
    """What was read of a file that came: the row of the same one that was received before, or the
    columns of a new row, and the pictures of its plates by their indexes, None where one can't be
    read. ``same`` is what makes it the same file."""

    same: dict
    known: SlicedFile | None = None
    columns: dict = field(default_factory=dict)
    pictures: dict[int, EncodedPicture | None] = field(default_factory=dict)

    @property
    def sha256(self):
        return self.same["sha256"]


def read_file(
    stream, *, filename, printer=None, sha256=None, size_bytes=None, most_pictures=MOST_PICTURES
):
    """Read a sliced file, unless the same was received before; returns the ReadFile.

    ``stream`` is binary and can seek. ``sha256`` and ``size_bytes`` are counted here where they
    were not counted when it arrived. Its pictures take a while: not within a transaction. Raises
    UnreadableFile.
    """
    if sha256 is None or size_bytes is None:
        sha256, size_bytes = measured(stream)
    same = {"filename": contents.filename_of(filename), "sha256": sha256, "printer": printer}
    if known := _known(same):
        return ReadFile(same, known)
    figures = read(stream, filename=filename)
    columns = contents.as_row(figures) | {"size_bytes": size_bytes}
    encoded = pictures.encoded_plates(figures.plates, most=most_pictures)
    return ReadFile(same, None, columns, encoded)


@operation("sliced_file.receive")
def receive(file, *, by, at=None):
    """Keep what was read of a file, a ReadFile; returns the SlicedFile, ``is_new`` unless the same
    one was received before under this name for this printer. In one transaction, files come in the
    order of their hashes. Raises Busy."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [file.sha256])
    if known := _known(file.same):  # perhaps somebody else sent it at this moment
        return known
    if file.known is not None:
        raise Busy(_("The file that was there was removed at this very moment: send it again."))
    at = at or timezone.now()
    row = SlicedFile.objects.create(**file.same, **file.columns, created_by=by, created_at=at)
    pictures.keep_plates(row, file.pictures, at=at)
    row.is_new = True
    return row


def _known(same):
    return SlicedFile.objects.filter(**same).order_by("pk").last()


def measured(stream):
    """``(SHA-256 in hex, bytes)`` of a stream, piece by piece."""
    stream.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size
