"""A picture that was sent, as the one that is kept: WebP of at most 300 kB, and a thumbnail.

Nothing of the file that was sent is kept: no metadata, so no place where it was taken, and no
bytes that are no pixels. One picture is decoded at a time in a process, farm after farm, in about
128 MiB at most: the size is checked before (`headers`), a JPEG is decoded at the fraction of its
size that is needed.
"""

import hashlib
import math
import warnings
from contextlib import contextmanager
from decimal import Decimal
from io import BytesIO
from typing import NamedTuple

from django.db import connection
from django.utils.translation import gettext as _
from PIL import Image, JpegImagePlugin, PngImagePlugin, QoiImagePlugin, WebPImagePlugin

from production.pictures.headers import JPEG, QOI, read_header
from production.pictures.refusals import PictureTooLarge, damaged
from tenants.operations.refusals import Busy
from tenants.operations.text import format_number
from tenants.operations.turns import NoTurn, Turns

CONTENT_TYPE = "image/webp"
MOST_THUMBNAIL_BYTES, THUMBNAIL_SIDE = 8_000, 160
QUALITY = 75


class Bounds(NamedTuple):
    """Of a picture: how large it may be to be decoded, and how it is kept.

    ``pixels`` are of a JPEG that is decoded row by row, ``decoded_bytes`` of all pixels of any
    other file, ``qoi_pixels`` of what Pillow decodes in Python. ``side`` is the longer one in px,
    ``size_bytes`` those that are kept. ``effort`` is WebP's, from 0 to 6, ``reducing_gap``
    Pillow's: with less both are faster. ``wait_seconds`` are those until its turn.
    """

    pixels: int
    decoded_bytes: int
    qoi_pixels: int
    side: int
    size_bytes: int
    effort: int
    reducing_gap: float
    wait_seconds: float


# A camera of 50 MP has 50,300,000 pixels; a QOI of half a million takes a second.
PHOTO = Bounds(60_000_000, 56_000_000, 524_288, 1280, 300_000, 4, 3.0, wait_seconds=20)
# Slicers draw at most 640 × 480, relatives of Bambu Studio 512 × 512.
PLATE = Bounds(1_048_576, 8_388_608, 131_072, 640, 60_000, 0, 1.0, wait_seconds=5)
MOST_SCANS = 64  # of a JPEG, those of its previews included: about ten are usual
SCAN = b"\xff\xda"
ORIENTATION = 0x0112  # of EXIF: how the camera was held
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Without them Pillow loads all of its own at the first picture.
PLUGINS = JpegImagePlugin, PngImagePlugin, QoiImagePlugin, WebPImagePlugin
PLACES = 8
OF_PICTURES = "pictures"
_turns = Turns({OF_PICTURES: PLACES})
# Of pixels the bound is ours, and is checked before; metadata that are damaged are not wanted.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", module=r"PIL\.TiffImagePlugin")


class EncodedPicture(NamedTuple):
    """What is kept of a picture; ``sha256`` is that of ``content``."""

    content: bytes
    thumbnail: bytes
    width: int
    height: int

    @property
    def sha256(self):
        return hashlib.sha256(self.content).hexdigest()


def encode(data, bounds=PHOTO):
    """The picture in ``data``, bytes that anybody has sent, as it is kept.

    Takes up to a second: not within a transaction. Raises UnreadablePicture, Busy.
    """
    header = read_header(data)
    _check_size(header, bounds)
    if header.format == JPEG and data.count(SCAN) > MOST_SCANS:
        raise damaged()
    with _turn(bounds.wait_seconds):
        try:
            image = _decoded(data, header, bounds)
        except Exception as error:  # which ones a decoder raises is written nowhere
            raise damaged() from error
        thumbnail, _small = _fitting(image, THUMBNAIL_SIDE, MOST_THUMBNAIL_BYTES, bounds)
        content, smaller = _fitting(image, bounds.side, bounds.size_bytes, bounds)
        return EncodedPicture(content, thumbnail, *smaller.size)


@contextmanager
def _turn(seconds):
    """Raises Busy."""
    try:
        with _turns.turn(OF_PICTURES, connection.schema_name, timeout=seconds):
            yield
    except NoTurn:
        detail = _("Many pictures are being read at this moment: try again.")
        raise Busy(detail, retry_after_seconds=1) from None


def _check_size(header, bounds):
    """Raises PictureTooLarge."""
    most = bounds.pixels
    if header.pixel_bytes:
        most = int(bounds.decoded_bytes / header.pixel_bytes)
    if header.format == QOI:
        most = bounds.qoi_pixels
    if header.pixels > most:
        numbers = {"width": header.width, "height": header.height}
        figures = numbers | {"most": format_number(Decimal(most) / 1_000_000)}
        detail = _(
            "The picture has %(width)s × %(height)s pixels; of this kind at most %(most)s million "
            "are read: make it smaller, or send it as an ordinary JPEG."
        )
        raise PictureTooLarge(detail % figures, most_pixels=most, **numbers)


def _decoded(data, header, bounds):
    """The first picture of a file, upright, within its largest side, as RGB or RGBA."""
    image = Image.open(BytesIO(data), formats=[header.format])
    if image.size != (header.width, header.height):
        raise damaged()
    image.draft(None, (bounds.side, bounds.side))
    image.load()  # before its metadata, which of a PNG are behind the pixels
    turn = TURNS.get(_orientation(image))
    image = _shrunk(_in_plain_colors(image), bounds.side, bounds)
    image.info = {}
    return image if turn is None else image.transpose(turn)


def _orientation(image):
    try:
        return image.getexif().get(ORIENTATION)
    except Exception:  # metadata that can't be read are none
        return None


def _in_plain_colors(image):
    if image.mode in ("RGB", "RGBA"):
        return image
    if image.mode.startswith("I"):  # 16 bits
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _shrunk(image, side, bounds):
    """The picture, or a smaller one with sides of at most ``side`` px."""
    longer = max(image.size)
    if longer <= side:
        return image
    width, height = (max(1, each * side // longer) for each in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=bounds.reducing_gap)


def _fitting(image, side, most_bytes, bounds):
    """``(WebP of at most so many bytes, the picture that it is of)``."""
    while True:
        image = _shrunk(image, side, bounds)
        file = BytesIO()
        image.save(file, "WEBP", quality=QUALITY, method=bounds.effort)
        content = file.getvalue()
        if len(content) <= most_bytes:
            return content, image
        # As many bytes as pixels, about.
        side = int(max(image.size) * 0.95 * math.sqrt(most_bytes / len(content)))
