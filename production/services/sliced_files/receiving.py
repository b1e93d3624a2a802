"""Receives sliced files: each is read, and what was read is kept. The file itself is not.

What comes again, the same content under the same name for the same printer, or for none, is the
file that is there. No constraint says so: a printer that is deleted leaves its files without one.
"""

import hashlib

from django.db import connection
from django.utils import timezone

from production.models import SlicedFile
from production.services.sliced_files import contents
from production.slicing.reading import read
from tenants.operations.operation import operation

CHUNK_BYTES = 1024 * 1024
LOCK = "SELECT pg_advisory_xact_lock(hashtext('file ' || %s), hashtext(current_schema()))"


@operation("sliced_file.receive")
def receive(stream, *, filename, by, at=None, printer=None, sha256=None, size_bytes=None):
    """Read a sliced file and keep what it says; returns the SlicedFile, ``is_new`` unless the same
    one was received before under this name for this printer.

    ``stream`` is binary and can seek. ``sha256`` and ``size_bytes`` are counted here where they
    were not counted when it arrived. In one transaction, files come in the order of their hashes.
    Raises UnreadableFile.
    """
    if sha256 is None or size_bytes is None:
        sha256, size_bytes = measured(stream)
    same = {"filename": contents.filename_of(filename), "sha256": sha256, "printer": printer}
    if known := _known(same):
        return known
    columns = contents.as_row(read(stream, filename=filename))
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [sha256])
    if known := _known(same):  # somebody else sent it at this moment
        return known
    at = at or timezone.now()
    file = SlicedFile.objects.create(
        **same, **columns, size_bytes=size_bytes, created_by=by, created_at=at
    )
    file.is_new = True
    return file


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
