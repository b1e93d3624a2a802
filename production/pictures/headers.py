"""How large a picture says it is, by the first bytes of its file: nothing is decoded.

The sizes bound what decoding takes, so they are read here and not by the decoder, some of which
take memory for all pixels as soon as they see a file.
"""

import struct
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from production.pictures.refusals import UnknownPictureFormat, damaged

JPEG, PNG, WEBP, QOI = "JPEG", "PNG", "WEBP", "QOI"  # as Pillow calls them
# What begins with these is told by its name.
OTHERS = {
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"%PDF": "PDF",
    b"<svg": "SVG",
    b"<?xm": "XML",
    b"8BPS": "Photoshop",
}
HEIC = (b"heic", b"heix", b"heif", b"hevc", b"mif1", b"msf1")
SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # SOF0 and those that differ in coding
PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
COEFFICIENT_BYTES, OF_TWO_COPIES = 2, Decimal(8)
WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD8)}
MOST_SEGMENTS = 2_000  # before the first scan of a JPEG: a camera writes about ten


class Header(NamedTuple):
    """``pixel_bytes`` is what decoding a pixel takes at least; 0 of a JPEG that is decoded row by
    row, at a fraction of its size. The decoder needs all coefficients of another one at once."""

    format: str
    width: int
    height: int
    pixel_bytes: Decimal = Decimal(0)

    @property
    def pixels(self):
        return self.width * self.height


def read_header(data):
    """Raises UnknownPictureFormat, DamagedPicture."""
    try:
        header = _read(data)
    except (struct.error, IndexError):
        raise damaged() from None
    if not (header.width and header.height):
        raise damaged()
    return header


def _read(data):
    if data.startswith(b"\xff\xd8\xff"):
        return _of_jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        if data[12:16] != b"IHDR":
            raise damaged()
        return Header(PNG, *struct.unpack_from(">II", data, 16), OF_TWO_COPIES)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return Header(WEBP, *_size_of_webp(data), 2 * OF_TWO_COPIES)
    if data.startswith(b"qoif"):
        return Header(QOI, *struct.unpack_from(">II", data, 4), OF_TWO_COPIES)
    raise _unknown(data)


def _size_of_webp(data):
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = data[24:27], data[27:30]
        if len(height) < 3:
            raise damaged()
        return 1 + int.from_bytes(width, "little"), 1 + int.from_bytes(height, "little")
    if kind == b"VP8L" and data[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise damaged()


def _of_jpeg(data):
    """From the frame and the first scan after it."""
    frame = None
    for marker, start in _segments(data):
        if marker in FRAMES and frame is None:
            frame = marker, start
        if marker == SOS and frame is not None:
            marker, begin = frame
            height, width, channels = struct.unpack_from(">HHB", data, begin + 1)
            is_by_row = marker not in PROGRESSIVE and data[start] >= channels
            taken = Decimal(0) if is_by_row else _coefficient_bytes(data, begin + 6, channels)
            return Header(JPEG, width, height, taken)
    raise damaged()


def _coefficient_bytes(data, at, channels):
    """Of a pixel, all channels together: colours have often a quarter of the pixels."""
    factors = [data[at + 3 * each + 1] for each in range(channels)]
    blocks = [(each >> 4) * (each & 15) for each in factors]
    if not blocks or 0 in blocks:
        raise damaged()
    return Decimal(COEFFICIENT_BYTES * sum(blocks)) / max(blocks)


def _segments(data):
    """Each ``(marker, where its contents begin)``."""
    at = 2
    for _segment in range(MOST_SEGMENTS):
        while data[at] == 0xFF and data[at + 1] == 0xFF:  # filled up
            at += 1
        marker = data[at + 1]
        if data[at] != 0xFF or marker in (0x00, SOI, EOI):
            raise damaged()
        at += 2
        if marker in WITHOUT_LENGTH:
            continue
        yield marker, at + 2
        (length,) = struct.unpack_from(">H", data, at)
        if length < 2:
            raise damaged()
        at += length


def _unknown(data):
    if data[4:8] == b"ftyp" and data[8:12] in HEIC:
        return UnknownPictureFormat(
            _(
                "HEIC is not read: on the phone choose JPEG (on an iPhone: Settings, Camera, "
                "Formats, Most Compatible), and take the picture again."
            )
        )
    name = next((OTHERS[each] for each in OTHERS if data.startswith(each)), None)
    if data[4:12] == b"ftypavif":
        name = "AVIF"
    if name is None:
        return UnknownPictureFormat(_("This is no picture: send JPEG, PNG, WebP or QOI."))
    detail = _("%(name)s is not read: send JPEG, PNG, WebP or QOI.")
    return UnknownPictureFormat(detail % {"name": name})
