"""The comments of G-code: what slicers write about a print, at its beginning and at its end."""

import base64
import binascii
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections import deque
from functools import cached_property
from itertools import islice

from django.utils.translation import gettext as _

from production.slicing.sliced_file import (
    LARGEST_PICTURE,
    MOST_PICTURES,
    SlicerPicture,
    UnreadableFile,
    best_of,
)

WINDOW = 1024 * 1024  # bytes that are read at the beginning, and at the end
MOST_LINES = 50_000  # of comments, at either end
LONGEST_LINE = 20_000  # characters that are kept; a list of 64 filaments has some hundred
# Between moves, with the commands that name objects: one pass is twice as fast.
COMMENT = re.compile(
    rb"[\r\n][ \t\v\f]*(;[^\r\n]*|(?:EXCLUDE_OBJECT_DEFINE |M486 (?:S[0-9]+ )?A)[^\r\n]*)"
)
ASSIGNED = re.compile(r"([^=:\s][^=:]{0,80}?)\s*([=:])\s*(.*)", re.DOTALL)
BEGIN = re.compile(
    r"(?:thumbnail|thumbnail_JPG|thumbnail_QOI) begin (\d{1,5})[x ](\d{1,5}) (\d{1,9}).*"
)
END = re.compile(r"thumbnail(_JPG|_QOI)? end")


class Comments:
    """Comments of the first and the last MiB, without their semicolons, and the commands that
    name objects.

    ``head`` and ``tail`` are lists of lines; of a short file all of them are in the head, and
    ``is_whole``. The lines of ``pictures``, which are most of some files' comments, are in neither.
    """

    def __init__(self, head, tail=(), *, is_whole=False):
        self.head, self.pictures = _without_pictures(head)
        self.tail, self.is_whole = tail, is_whole

    def __iter__(self):
        yield from self.head
        yield from self.tail

    @cached_property
    def values(self):
        """``{key: value}`` of lines such as ``key = value`` and ``key: value``, keys in lower case.
        What comes last counts: the figures of the whole print are at the end."""
        found = {}
        for line in self:
            if match := ASSIGNED.fullmatch(_cut(line)):
                found[match[1].lower()] = match[3].strip()
        return found

    def picture(self):
        """The best of the pictures at the beginning, or None."""
        return best_of(self.pictures)


def _without_pictures(lines):
    """``(the other lines, the first pictures)``. What begins as a picture and is none stays."""
    others, found, picture, size = [], [], None, None
    for line in lines:
        is_mark = line.startswith("thumbnail")
        if is_mark and (match := BEGIN.fullmatch(line)):
            others += picture or ()
            size, picture = (int(match[1]), int(match[2])), [line]
        elif picture is None:
            others.append(line)
        elif is_mark and END.fullmatch(line):
            if read := _picture(*size, "".join(picture[1:])):
                found.append(read)
            else:
                others += picture
            picture = None
        else:
            picture.append(line)
    return others + (picture or []), found[:MOST_PICTURES]


def _cut(line):
    """The line; of one that is too long its beginning, so that its last figure is none."""
    return line if len(line) < LONGEST_LINE else line[: LONGEST_LINE - 200] + "…"


def _picture(width, height, text):
    if len(text) > LARGEST_PICTURE * 4 // 3 + 4:
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return SlicerPicture(width, height, data) if data else None


def read_comments(stream):
    """The comments of a stream that can seek. Raises UnreadableFile."""
    size = stream.seek(0, 2)
    stream.seek(0)
    head = stream.read(WINDOW)
    if size <= len(head):
        return Comments(comments_of(head), is_whole=True)
    start = max(size - WINDOW, len(head))
    stream.seek(start)
    tail = stream.read(WINDOW)
    if start > len(head):  # a line that the window cuts off is none
        tail = tail[tail.find(b"\n") + 1 :] if b"\n" in tail else b""
        head = head[: head.rfind(b"\n") + 1]
        return Comments(comments_of(head), comments_of(tail, is_start=False))
    return Comments(comments_of(head + tail), is_whole=True)


def comments_of(data, *, is_start=True):
    """The comments in a piece of G-code, as text. Raises UnreadableFile."""
    if is_start:
        if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            raise UnreadableFile(
                _("This file is text in UTF-16. Save it as the slicer has exported it, in UTF-8.")
            )
        data = data.removeprefix(BOM_UTF8)
    lines = (found[1] for found in COMMENT.finditer(b"\n" + data))
    # Of the end of a file the last ones count.
    return [_text(line) for line in (islice if is_start else deque)(lines, MOST_LINES)]


def _text(line):
    line = line[: LONGEST_LINE * 4].removeprefix(b";")
    return line.decode("utf-8", "replace").replace("\0", "").strip()
