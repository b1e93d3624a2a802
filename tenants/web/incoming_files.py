"""A file in the body of a request, and its name."""

import re
import unicodedata
from io import BufferedReader, RawIOBase
from urllib.parse import unquote

from django.core.files.uploadedfile import UploadedFile
from django.utils.http import parse_header_parameters

from tenants.operations.refusals import Invalid

FIELD = "file"  # of a form
CHUNK_BYTES = 1_048_576
MAX_NAME = 255
EXTENDED_NAME = re.compile(r";\s*filename\*\s*=\s*([\w-]+)'[\w-]*'([^;\s\"]+)", re.I | re.A)


class NoFile(Invalid):
    """Neither the body nor a part of the form is a file with a name."""

    code = "no_file"
    title = "There is no file in this request"


class IncomingFile(UploadedFile):
    """A file of which ``sha256`` and ``size`` are known, at ``offset`` of the body."""

    def __init__(self, body, offset, size, *, name, content_type, sha256):
        stream = BufferedReader(Part(body, offset, size))
        super().__init__(stream, clean_name(name), content_type, size)
        self.sha256 = sha256


class Part(RawIOBase):
    """So many bytes of a file from ``offset`` on, as a file of their own."""

    def __init__(self, file, offset, size):
        self._file, self._offset, self._size, self._place = file, offset, size, 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, place, whence=0):
        place += {0: 0, 1: self._place, 2: self._size}[whence]
        if place < 0:
            raise ValueError("A file begins at 0.")
        self._place = place
        return place

    def readinto(self, buffer):
        count = min(len(buffer), max(self._size - self._place, 0))
        self._file.seek(self._offset + self._place)
        count = self._file.readinto(memoryview(buffer)[:count])
        self._place += count
        return count


def clean_name(name):
    """The name of a file without folders, and without what is no text."""
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(letter for letter in name if not unicodedata.category(letter).startswith("C"))
    name = name.strip()[:MAX_NAME]
    return "" if name in (".", "..") else name


def file_name(disposition):
    """The name in a header ``Content-Disposition`` (RFC 6266), or "" where it has none."""
    if extended := EXTENDED_NAME.search(disposition):
        charset, name = extended.groups()
        if charset.lower() in ("utf-8", "iso-8859-1"):
            return unquote(name, encoding=charset, errors="replace")
    try:
        name = parse_header_parameters(disposition)[1].get("filename", "")
    except ValueError:
        return ""
    return as_utf8(name)


def as_utf8(text):
    """A header as its sender meant it: WSGI has each of its bytes as a letter."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text
