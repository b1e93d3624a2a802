"""Receives sliced files: each is read, and what was read is kept. The file itself is not."""

import hashlib

from django.utils import timezone

from production.models import SlicedFile
from production.services.sliced_files import contents
from production.slicing.reading import read
from tenants.operations.operation import operation

CHUNK_BYTES = 1024 * 1024


@operation("sliced_file.receive")
def receive(stream, *, filename, by, at=None, printer=None, sha256=None, size_bytes=None):
    """Read a sliced file and keep what it says; returns the SlicedFile.

    ``stream`` is binary and can seek. ``sha256`` and ``size_bytes`` are counted here where they
    were not counted when it arrived. Raises UnreadableFile.
    """
    figures = read(stream)
    if sha256 is None or size_bytes is None:
        sha256, size_bytes = measured(stream)
    return SlicedFile.objects.create(
        filename=contents.filename_of(filename),
        sha256=sha256,
        size_bytes=size_bytes,
        printer=printer,
        created_by=by,
        created_at=at or timezone.now(),
        **contents.as_row(figures),
    )


def measured(stream):
    """``(SHA-256 in hex, bytes)`` of a stream, piece by piece."""
    stream.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size
