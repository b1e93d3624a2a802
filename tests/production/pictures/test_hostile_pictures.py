"""Pictures that are none, are damaged, or would take all memory: each breaks the rule that its id
names, and is refused with a sentence, or read as the harmless part of it, within bounds."""

import random
import struct
import threading
import time
import zlib
from contextlib import suppress

import pytest
from PIL import Image

from production.pictures import UnreadablePicture, encode, encoding
from production.pictures.headers import read_header
from tenants.operations.refusals import Busy
from tests.budgets import SEED, budget
from tests.production.pictures.samples import a_jpeg, exif, file_of, halves, noise

MUTANTS = budget(300, 10_000)
MOST_SECONDS = 5
RUN_OF_QOI = b"\xfd"  # 62 pixels


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def a_png(width, height, data=None, *, color_type=2, before=b""):
    head = struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0)
    pixels = zlib.compress(bytes(1000)) if data is None else data
    parts = chunk(b"IHDR", head) + before + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def a_qoi(width, height, data=b""):
    return b"qoif" + struct.pack(">IIBB", width, height, 4, 0) + data + b"\0" * 7 + b"\1"


def a_webp(kind, data):
    part = kind + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(part) + 4) + b"WEBP" + part


def resized(jpeg, width, height):
    """A JPEG that says it has other sides."""
    at = next(at for at in range(len(jpeg)) if jpeg[at : at + 2] in (b"\xff\xc0", b"\xff\xc2"))
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def with_scans(jpeg, count):
    """A progressive JPEG whose last scan is there many times."""
    at = jpeg.rindex(b"\xff\xda")
    return jpeg[:at] + jpeg[at:-2] * count + b"\xff\xd9"


def in_two_scans():
    """A baseline JPEG of which a scan has one channel only: its decoder needs all of it."""
    jpeg = bytearray(resized(a_jpeg(), 7000, 7000))
    jpeg[jpeg.index(b"\xff\xda") + 4] = 1
    return bytes(jpeg)


PROGRESSIVE = a_jpeg(progressive=True)
TEXTS = b"".join(chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(900_000))) for _ in range(80))
LARGE, DAMAGED, UNKNOWN = "picture_too_large", "damaged_picture", "unknown_picture_format"
REFUSED = {
    "nothing": (b"", UNKNOWN),
    "one-byte": (b"\xff", UNKNOWN),
    "text": (b"Hello, this is no picture.", UNKNOWN),
    "html": (b"<html><script>alert(1)</script>", UNKNOWN),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", UNKNOWN),
    "svg-after-xml": (b"<?xml version='1.0'?><svg/>", UNKNOWN),
    "pdf": (b"%PDF-1.7", UNKNOWN),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0", UNKNOWN),
    "gif": (file_of(halves(), "GIF"), UNKNOWN),
    "bmp": (file_of(halves(), "BMP"), UNKNOWN),
    "tiff": (file_of(halves(), "TIFF"), UNKNOWN),
    "icon": (file_of(halves(), "ICO"), UNKNOWN),
    "heic-of-a-phone": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", UNKNOWN),
    "avif": (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", UNKNOWN),
    "zip": (b"PK\x03\x04", UNKNOWN),
    "executable": (b"\x7fELF", UNKNOWN),
    "jpeg-of-two-bytes": (b"\xff\xd8\xff", DAMAGED),
    "jpeg-cut-in-its-head": (a_jpeg()[:100], DAMAGED),
    "jpeg-cut-in-its-pixels": (file_of(noise(300, 300), "JPEG")[:-9_000], DAMAGED),
    "jpeg-without-a-frame": (b"\xff\xd8\xff\xda\0\x08\1\1\0\0\x3f\0" + bytes(50), DAMAGED),
    "jpeg-of-no-width": (resized(a_jpeg(), 0, 40), DAMAGED),
    "jpeg-segment-without-length": (b"\xff\xd8\xff\xe0\0\0" + a_jpeg()[2:], DAMAGED),
    "jpeg-of-segments-only": (b"\xff\xd8" + b"\xff\xe0\0\2" * 100_000, DAMAGED),
    "jpeg-of-fill-bytes-only": (b"\xff\xd8" + b"\xff" * 1_000_000, DAMAGED),
    "jpeg-of-more-pixels-than-any-camera": (resized(a_jpeg(), 65_000, 65_000), LARGE),
    "progressive-jpeg-that-is-held-as-a-whole": (resized(PROGRESSIVE, 6000, 6000), LARGE),
    "jpeg-in-several-scans": (in_two_scans(), LARGE),
    "jpeg-of-ten-thousand-scans": (with_scans(PROGRESSIVE, 10_000), DAMAGED),
    "jpeg-sampled-by-zero": (
        resized(PROGRESSIVE, 60, 40).replace(b"\1\x22\0", b"\1\0\0", 1),
        DAMAGED,
    ),
    "png-of-its-signature-only": (b"\x89PNG\r\n\x1a\n", DAMAGED),
    "png-without-a-head": (b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", b"") + bytes(40), DAMAGED),
    "png-of-no-height": (a_png(60, 0), DAMAGED),
    "png-bomb-of-many-pixels": (a_png(60_000, 60_000), LARGE),
    "png-bomb-of-one-long-line": (a_png(2**31 - 1, 1), LARGE),
    "png-with-fewer-pixels-than-it-says": (a_png(2000, 2000), DAMAGED),
    "png-whose-pixels-are-no-zlib": (a_png(60, 40, b"no zlib"), DAMAGED),
    "png-cut-in-its-pixels": (file_of(noise(300, 300), "PNG")[:20_000], DAMAGED),
    "png-with-a-wrong-checksum": (file_of(halves(), "PNG").replace(b"IHDR\0", b"IHDR\1"), LARGE),
    "png-of-a-color-type-that-is-none": (a_png(60, 40, color_type=7), DAMAGED),
    "png-with-texts-that-are-bombs": (a_png(60, 40, before=TEXTS), DAMAGED),
    "webp-of-its-signature-only": (b"RIFF\0\0\0\0WEBP", DAMAGED),
    "webp-of-a-part-that-is-none": (a_webp(b"ABCD", bytes(40)), DAMAGED),
    "webp-cut-in-its-size": (a_webp(b"VP8X", bytes(6))[:27], DAMAGED),
    "webp-bomb-by-its-canvas": (a_webp(b"VP8X", bytes(4) + b"\xff" * 6), LARGE),
    "webp-bomb-without-loss": (a_webp(b"VP8L", b"\x2f" + b"\xff" * 20), LARGE),
    "webp-cut-in-its-pixels": (file_of(noise(300, 300), "WEBP")[:4_000], DAMAGED),
    "webp-that-is-an-empty-canvas": (a_webp(b"VP8X", bytes(10) + bytes(20)), DAMAGED),
    "qoi-of-its-signature-only": (b"qoif", DAMAGED),
    "qoi-of-no-width": (a_qoi(0, 40), DAMAGED),
    "qoi-bomb-of-runs": (a_qoi(60_000, 60_000, RUN_OF_QOI * 10), LARGE),
    "qoi-that-is-too-slow-to-read": (a_qoi(1024, 1024, b"\0" * 1024**2), LARGE),
    "qoi-cut-in-its-pixels": (a_qoi(60, 40, RUN_OF_QOI), DAMAGED),
}


@pytest.mark.parametrize("rule", REFUSED)
def test_a_picture_that_breaks_a_rule_is_refused_with_a_sentence(rule):
    data, code = REFUSED[rule]
    began = time.process_time()
    with pytest.raises(UnreadablePicture) as refused:
        encode(data)
    assert time.process_time() - began < MOST_SECONDS
    assert refused.value.code == code
    assert refused.value.status == 400
    assert refused.value.detail.endswith((".", "!"))
    assert len(refused.value.detail) > 30


READ = {
    "metadata-that-cant-be-read": a_jpeg(exif=b"Exif\0\0" + b"MM\0*" + b"\xff" * 60),
    "turned-in-a-way-that-is-none": a_jpeg(exif=exif(x274=99)),
    "turned-by-a-text": a_jpeg(
        exif=b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\2\0\3\0\0\0ab\0\0" + bytes(8)
    ),
    "profile-that-is-none": a_jpeg(icc_profile=b"\xff" * 100),
    "a-program-behind-the-picture": a_jpeg() + b"<script>alert(1)</script>" * 100,
    "another-picture-behind-it": a_jpeg() + a_jpeg() * 50,
    "a-long-comment": a_jpeg(comment=b"x" * 60_000),
    "more-pixels-than-shown-of-a-camera": file_of(Image.new("L", (8160, 6144)), "JPEG"),
    "as-many-pixels-as-a-png-may-have": file_of(Image.new("RGB", (2640, 2640)), "PNG"),
    "of-one-pixel": file_of(Image.new("RGB", (1, 1)), "PNG"),
}


@pytest.mark.parametrize("what", READ)
def test_what_is_only_strange_is_read(what):
    encoded = encode(READ[what])
    assert 0 < len(encoded.content) <= encoding.PHOTO.size_bytes


@pytest.mark.parametrize("kind", ["JPEG", "progressive", "PNG", "WEBP", "QOI"])
def test_a_mutant_is_a_picture_or_is_refused(kind):
    chance = random.Random(f"{SEED} {kind}")
    options = {"progressive": True, "exif": exif()} if kind == "progressive" else {}
    form = "JPEG" if kind == "progressive" else kind
    original = file_of(noise(40, 30, "RGB"), form, **options)
    outcomes = set()
    for _ in range(MUTANTS // 5):
        mutant = bytearray(original)
        for _ in range(chance.choice([1, 1, 3, 20])):
            at = chance.randrange(min(len(mutant), chance.choice([40, 700, len(mutant)])))
            mutant[at] = chance.randrange(256)
        if chance.random() < 0.2:
            del mutant[chance.randrange(len(mutant)) :]
        try:
            outcomes.add(len(encode(bytes(mutant)).content) <= encoding.PHOTO.size_bytes)
        except UnreadablePicture as refusal:
            outcomes.add(refusal.code)
    assert outcomes - {True, LARGE, DAMAGED, UNKNOWN} == set()


def test_random_bytes_behind_a_head_are_no_size():
    chance = random.Random(SEED)
    for head in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"RIFF....WEBPVP8X", b"qoif"):
        for _ in range(MUTANTS):
            with suppress(UnreadablePicture):
                header = read_header(head + chance.randbytes(chance.randrange(60)))
                assert header.width > 0 < header.height


def test_one_picture_is_decoded_at_a_time(monkeypatch):
    """Who comes when all places are taken is told to try again."""
    begun, goes_on = threading.Event(), threading.Event()

    def decoded(data, header, bounds):
        begun.set()
        goes_on.wait(10)
        return halves()

    monkeypatch.setattr(encoding, "_decoded", decoded)
    first = threading.Thread(target=encode, args=[a_jpeg()])
    first.start()
    begun.wait(10)
    try:
        with pytest.raises(Busy, match="Many pictures"):
            encode(a_jpeg(), encoding.PHOTO._replace(wait_seconds=0.01))
    finally:
        goes_on.set()
        first.join()
    assert encode(a_jpeg()).width == 60
