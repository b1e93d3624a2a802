"""Prusa's binary G-code: blocks, of which those with metadata come before the moves.

https://github.com/prusa3d/libbgcode/blob/main/doc/specifications.md
"""

import re
import struct
import zlib
from io import SEEK_CUR

from django.utils.translation import gettext as _

from production.slicing import slic3r
from production.slicing.objects import listed
from production.slicing.sliced_file import (
    LARGEST_PICTURE,
    DamagedFile,
    Doubts,
    SlicerPicture,
    UnreadableFile,
    best_of,
    too_large,
)

MAGIC = b"GCDE"
FILE_METADATA, GCODE, SLICER_METADATA, PRINTER_METADATA, PRINT_METADATA, THUMBNAIL = range(6)
METADATA = (FILE_METADATA, SLICER_METADATA, PRINTER_METADATA, PRINT_METADATA)
MOST_BLOCKS, LARGEST_BLOCK = 32, 1024 * 1024
PLAIN, DEFLATE = 0, 1
CRC32 = 1


def read(stream):
    """The SlicedFigures of a stream that can seek. Raises UnreadableFile."""
    stream.seek(0)
    magic, version, checksum = struct.unpack("<4sIH", _exactly(stream, 10))
    if magic != MAGIC or version != 1 or checksum not in (0, CRC32):
        raise UnreadableFile(_("This version of binary G-code is not known."))
    texts, pictures = {}, []
    for kind, data in _blocks(stream, has_crc=checksum == CRC32):
        if kind == THUMBNAIL:
            pictures.append(data)
        else:
            texts.setdefault(kind, data)
    values = _values(texts.get(SLICER_METADATA, ""))
    of_printer, of_print = (_values(texts.get(k, "")) for k in (PRINTER_METADATA, PRINT_METADATA))
    values |= of_printer | of_print
    producer = _values(texts.get(FILE_METADATA, "")).get("producer", "")
    slicer, version = slic3r.named(producer) or (producer[:60] or "PrusaSlicer", "")
    found = slic3r.of_values(values, slicer, version, picture=best_of(pictures))
    plate = found.plates[0]._replace(objects=listed(values.get("objects_info", "")))
    doubts = (*found.doubts, *_differing(of_printer, of_print))
    return found._replace(plates=(plate,), doubts=doubts)


def _differing(of_printer, of_print):
    """The Doubts of figures that two blocks have, not alike."""
    doubts = Doubts()
    for key in (slic3r.GRAMS, slic3r.MM, slic3r.TIME):
        found = [each[key] for each in (of_printer, of_print) if key in each]
        if len({re.sub(r"\s", "", text) for text in found}) > 1:
            detail = _("Two parts of this file say of “%(key)s” %(first)s and %(second)s.")
            texts = {"first": found[0][:40], "second": found[1][:40]}
            doubts.add("figures_differ", detail % {"key": key, **texts})
    return doubts


def _blocks(stream, *, has_crc):
    """``(kind, text or SlicerPicture)`` up to the first block of moves."""
    for _number in range(MOST_BLOCKS):
        header = stream.read(8)
        if not header:
            raise DamagedFile(_("This file has no moves: upload it again."))
        header += _exactly(stream, 8 - len(header))
        kind, compression, size = struct.unpack("<HHI", header)
        if kind == GCODE:
            return
        if kind not in METADATA and kind != THUMBNAIL:
            raise DamagedFile(_("This file has a block of an unknown kind."))
        if kind == THUMBNAIL and size > LARGEST_PICTURE:
            _skip(stream, compression, size, has_crc=has_crc)
            continue
        parameters, data = _block(stream, header, has_crc=has_crc)
        if kind != THUMBNAIL:
            yield kind, _plain(data, compression, size).decode("utf-8", "replace")
        elif compression == PLAIN and len(data) <= LARGEST_PICTURE:
            _format, width, height = struct.unpack("<HHH", parameters)
            yield kind, SlicerPicture(width, height, data)
    raise too_large(_("The head"))


def _block(stream, header, *, has_crc):
    """``(parameters, data)`` of a block that begins with the header."""
    kind, compression, size = struct.unpack("<HHI", header)
    stored = size
    if compression != PLAIN:
        header += _exactly(stream, 4)
        (stored,) = struct.unpack("<I", header[8:])
    if max(stored, size) > LARGEST_BLOCK:
        raise too_large(_("A block"))
    parameters = _exactly(stream, 6 if kind == THUMBNAIL else 2)
    data = _exactly(stream, stored)
    if has_crc:
        (crc,) = struct.unpack("<I", _exactly(stream, 4))
        if crc != zlib.crc32(header + parameters + data):
            raise DamagedFile(_("A checksum of this file is wrong: upload it again."))
    return parameters, data


def _skip(stream, compression, size, *, has_crc):
    """Skip the rest of a picture, without a look at it."""
    if compression != PLAIN:
        (size,) = struct.unpack("<I", _exactly(stream, 4))
    stream.seek(6 + size + (4 if has_crc else 0), SEEK_CUR)


def _plain(data, compression, size):
    if compression == PLAIN:
        return data
    if compression != DEFLATE:
        raise UnreadableFile(
            _("The metadata of this file are compressed in a way that is not known.")
        )
    unpacking = zlib.decompressobj()
    try:
        found = unpacking.decompress(data, size + 1)
    except zlib.error:
        raise DamagedFile(_("A block of this file can't be unpacked: upload it again.")) from None
    if len(found) != size:
        raise DamagedFile(_("A block of this file is not as long as it says."))
    return found


def _values(text):
    pairs = (line.partition("=") for line in text.replace("\0", "").splitlines())
    return {key.strip().lower(): value.strip() for key, equals, value in pairs if equals}


def _exactly(stream, count):
    data = stream.read(count)
    if len(data) != count:
        raise DamagedFile(_("This file ends in the middle of a block: upload it again."))
    return data
