"""Forms with files, read without copying the files.

Django's parser copies each file to another, which takes a second for a long one.
"""

import hashlib
import re

from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _

from tenants.operations.refusals import Invalid
from tenants.web.incoming_files import (
    CHUNK_BYTES,
    FIELD,
    MAX_NAME,
    IncomingFile,
    NoFile,
    as_utf8,
    clean_name,
    file_name,
)

MAX_FILES, MAX_FIELDS, MAX_HEAD_BYTES = 100, 1_000, 8_192
MAX_FIELD_BYTES = 1_048_576  # of all fields together: one may be a photo that was encoded already
MAX_LINE_BYTES = 128  # after a delimiter
BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")  # RFC 2046, 5.1.1


class UnreadableForm(Invalid):
    code = "unreadable_form"
    title = "The form with the file can’t be read"


def read(request):
    """``(fields, files)`` of a form in parts: QueryDict and MultiValueDict. Raises UnreadableForm,
    NoFile, IncompleteBody, BodyNotStored."""
    boundary = request.content_params.get("boundary", "")
    if not BOUNDARY.fullmatch(boundary):
        raise UnreadableForm(_("The boundary in its Content-Type is missing or can’t be read."))
    form = _Form(request.incoming_body.stored(), b"--" + boundary.encode())
    form.read()
    return form.fields, form.files


class _Form:
    """Reads the parts of a form; the file stays where it is."""

    def __init__(self, body, delimiter):
        self.fields, self.files = QueryDict(mutable=True), MultiValueDict()
        self._body, self._delimiter = body, delimiter
        self._scan = _Scan(body)
        self._count, self._field_bytes = 0, 0

    def read(self):
        self._scan.skip_to(self._delimiter, bool)  # what comes before the first part is nothing
        while not self._is_last():
            self._count += 1
            if self._count > MAX_FILES + MAX_FIELDS:
                raise _too_many()
            self._read_part(self._head())

    def _is_last(self):
        rest = self._collected(b"\r\n", MAX_LINE_BYTES, is_end_allowed=True)
        if rest.startswith(b"--"):
            return True
        if rest.strip(b" \t"):
            raise _broken()
        return False

    def _head(self):
        """``(name, filename or None, content type)`` of a part."""
        lines = self._collected(b"\r\n\r\n", MAX_HEAD_BYTES).split(b"\r\n")
        named = {
            name.strip().lower(): value.strip().decode("latin-1")
            for name, _colon, value in (line.partition(b":") for line in lines)
        }
        coding = named.get(b"content-transfer-encoding", "binary").lower()
        if coding not in ("binary", "8bit", "7bit"):
            raise UnreadableForm(_("Its parts are encoded: send them as they are."))
        disposition = named.get(b"content-disposition", "")
        try:
            given = parse_header_parameters(disposition)[1]
        except ValueError:
            raise _broken() from None
        if not disposition.lower().startswith("form-data") or "name" not in given:
            raise _broken()
        is_file = "filename" in given
        filename = file_name(disposition) if is_file else None
        return as_utf8(given["name"]), filename, named.get(b"content-type", "")

    def _read_part(self, head):
        name, filename, content_type = head
        mark = b"\r\n" + self._delimiter
        if filename is None:
            if len(self.fields) >= MAX_FIELDS:
                raise _too_many()
            value = self._collected(mark, MAX_FIELD_BYTES - self._field_bytes)
            self._field_bytes += len(value)
            self.fields.appendlist(name, value.decode(errors="replace").replace("\0", ""))
            return
        offset, digest = self._scan.place, hashlib.sha256()
        if not self._scan.skip_to(mark, digest.update):
            raise _broken()
        size = self._scan.place - len(mark) - offset
        if size or filename:  # else a field for a file, left empty
            self._add_file(name, filename, offset, size, content_type, digest)

    def _add_file(self, name, filename, offset, size, content_type, digest):
        if name != FIELD:
            raise NoFile(_("A form sends a file as the field %(name)s.") % {"name": FIELD})
        if not clean_name(filename):
            raise NoFile(_("A file in the form has no name."))
        if len(self.files.getlist(FIELD)) >= MAX_FILES:
            raise _too_many()
        kind, sha256 = content_type[:MAX_NAME], digest.hexdigest()
        file = IncomingFile(
            self._body, offset, size, name=filename, content_type=kind, sha256=sha256
        )
        self.files.appendlist(FIELD, file)

    def _collected(self, mark, most, *, is_end_allowed=False):
        """The bytes before ``mark``, of which there are at most so many."""
        parts, size = [], 0

        def take(part):
            nonlocal size
            size += len(part)
            if size > most:
                raise _broken()
            parts.append(bytes(part))

        if not self._scan.skip_to(mark, take) and not is_end_allowed:
            raise _broken()
        return b"".join(parts)


class _Scan:
    """Goes once through a file, chunk by chunk; ``place`` is how far it has come."""

    def __init__(self, file):
        self._file, self._buffer = file, bytearray(CHUNK_BYTES)
        self._start = self._end = 0  # of what is in the buffer, and was not given yet
        self.place = 0

    def skip_to(self, mark, take):
        """Give what comes before ``mark`` to ``take``, in pieces that are valid for the call, and
        go on after it; False where the file ends without it."""
        while True:
            found = self._buffer.find(mark[:1], self._start, self._end)  # the fast way: most
            found = self._buffer.find(mark, found, self._end) if found >= 0 else found  # have none
            if found >= 0:
                self._give(found, take)
                self._start += len(mark)
                self.place += len(mark)
                return True
            # The last bytes may be the beginning of the mark.
            self._give(max(self._end - len(mark) + 1, self._start), take)
            if not self._fill():
                self._give(self._end, take)
                return False

    def _give(self, until, take):
        if until > self._start:
            with memoryview(self._buffer) as buffer, buffer[self._start : until] as part:
                take(part)
            self.place += until - self._start
            self._start = until

    def _fill(self):
        over = self._end - self._start
        self._buffer[:over] = self._buffer[self._start : self._end]
        with memoryview(self._buffer) as buffer, buffer[over:] as room:
            count = self._file.readinto(room)
        self._start, self._end = 0, over + count
        return count


def _too_many():
    most = {"files": MAX_FILES, "fields": MAX_FIELDS}
    return UnreadableForm(_("It has more than %(files)s files or %(fields)s fields.") % most)


def _broken():
    return UnreadableForm(_("One of its parts is broken or has no end: send it again."))
