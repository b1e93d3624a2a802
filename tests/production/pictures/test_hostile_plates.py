"""Pictures in sliced files that are none, are damaged, or would take all memory: each breaks the
rule that its id names. The file is read, within bounds, with the pictures that can be read."""

import time
import tracemalloc
from io import BytesIO

import pytest
from PIL import Image

from production.pictures import PLATE, encode, encoding
from production.pictures.refusals import PictureTooLarge
from production.services.sliced_files import receiving
from production.slicing.sliced_file import MOST_PICTURES, FileTooLarge
from tests.production.pictures.samples import a_jpeg, file_of, halves, noise
from tests.production.pictures.test_hostile_pictures import (
    PROGRESSIVE,
    REFUSED,
    RUN_OF_QOI,
    TEXTS,
    a_png,
    a_qoi,
    resized,
)
from tests.production.slicing import samples

MIB = 1024 * 1024
MOST_SECONDS = 2  # of CPU, on a busy machine
MOST_MEMORY = 64 * MIB
GOOD = file_of(halves(90, 60), "PNG")
pytestmark = pytest.mark.usefixtures("farm")


def in_gcode(data):
    return samples.PRUSA.replace(samples.thumbnail(300, 200), samples.thumbnail(300, 200, data))


def in_project(data):
    return samples.project(1, more={"Metadata/plate_1.png": data})


def in_binary(data):
    picture = samples.block(5, samples.PNG, parameters=b"\0\0\xdc\0\x7c\0")
    assert picture in samples.binary()
    other = samples.block(5, data, parameters=b"\0\0\xdc\0\x7c\0")
    return samples.binary().replace(picture, other)


def in_ufp(data):
    members = {"/3D/model.gcode": samples.CURA, "/Metadata/thumbnail.png": data}
    return samples.archive(members)


KINDS = {"g-code": in_gcode, "project": in_project, "binary": in_binary, "ufp": in_ufp}


def read(data):
    """The pictures of a file that is read within bounds."""
    stream = BytesIO(data.encode() if isinstance(data, str) else data)
    began = time.process_time()
    tracemalloc.start()
    try:
        file = receiving.read_file(stream, filename="Hook")
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < MOST_SECONDS * max(1, len(file.pictures) / 4)
    assert file.columns["plates"][0]["slots"]
    return file.pictures


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_found_in_each_kind_of_file(kind):
    [picture] = read(KINDS[kind](GOOD)).values()
    assert (picture.width, picture.height) == (90, 60)


FILES = {rule: data for rule, (data, _code) in REFUSED.items() if 0 < len(data) < 300_000} | {
    "a-png-larger-than-any-slicer-draws": file_of(Image.new("RGB", (1100, 1100)), "PNG"),
    "a-jpeg-larger-than-any-slicer-draws": file_of(Image.new("L", (1100, 1100)), "JPEG"),
    "a-qoi-that-takes-too-long": a_qoi(370, 370, RUN_OF_QOI * 2300),
    "a-png-with-texts-that-are-bombs": a_png(60, 40, before=TEXTS),
    "a-progressive-jpeg-of-many-pixels": resized(PROGRESSIVE, 4000, 4000),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_breaks_a_rule_never_refuses_its_file(kind):
    """All rules in one test, for each kind of file."""
    for rule, data in FILES.items():
        assert not any(read(KINDS[kind](data)).values()), rule


def test_a_picture_that_is_packed_wrongly_never_refuses_its_file():
    """Its checksum in the archive is another."""
    data = in_project(GOOD)
    at = data.index(b"PK\3\4", data.index(b"Metadata/plate_1.gcode"))
    assert b"plate_1.png" in data[at : at + 60]
    crc = data[at + 14 : at + 18]
    assert data.count(crc) == 2
    assert read(data.replace(crc, b"\1\2\3\4")) == {}


@pytest.mark.parametrize("kind", ["project", "ufp"])
def test_a_member_that_unpacks_to_more_than_a_picture_is_none(kind):
    assert read(KINDS[kind](GOOD + bytes(80 * MIB))) == {}


def test_a_block_of_binary_g_code_that_is_too_large_for_a_picture_is_skipped():
    assert read(in_binary(GOOD + bytes(2 * MIB))) == {}
    small = samples.block(5, GOOD, parameters=bytes(6))
    data = in_binary(GOOD + bytes(2 * MIB))
    [picture] = read(data[:10] + small + data[10:]).values()
    assert picture.width == 90
    packed = samples.block(5, bytes(2 * MIB), parameters=bytes(6), compression=1)
    assert len(read(data[:10] + packed + small + data[10:])) == 1


def test_a_thousand_pictures_in_g_code_are_as_good_as_some():
    """The first ones count, within the beginning of the file."""
    many = "".join(samples.thumbnail(20 + n, 20, GOOD) for n in range(1000))
    text = samples.PRUSA.replace(samples.thumbnail(300, 200), many)
    [picture] = read(text).values()
    assert (picture.width, picture.height) == (90, 60)


def test_a_thousand_plates_have_pictures_as_far_as_a_file_may():
    plates = "".join(
        samples.SLICE_INFO.partition("<plate>")[2]
        .partition("</plate>")[0]
        .replace('key="index" value="1"', f'key="index" value="{number}"')
        .join(("<plate>", "</plate>"))
        for number in range(1, 1001)
    )
    shots = {f"Metadata/plate_{number}.png": GOOD for number in range(1, 1001)}
    more = {f"Metadata/plate_{number}.gcode": samples.BAMBU for number in range(1, 1001)}
    data = samples.project(slices=f"<config>{plates}</config>", more=shots | more)
    found = read(data)
    assert len(found) == MOST_PICTURES
    assert all(found.values())


def test_a_thousand_pictures_in_binary_g_code_are_refused_with_a_sentence():
    """No slicer writes so many blocks before the moves."""
    one = samples.block(5, GOOD, parameters=bytes(6))
    data = samples.binary()
    with pytest.raises(FileTooLarge):
        read(data[:10] + one * 1000 + data[10:])


def test_pictures_of_printers_displays_come_last():
    """PrusaSlicer writes QOI for them beside a PNG; decoding that takes a twentieth."""
    display = file_of(halves(110, 60), "QOI")
    text = samples.PRUSA.replace(
        samples.thumbnail(300, 200),
        samples.thumbnail(440, 240, display) + samples.thumbnail(90, 60, GOOD),
    )
    [picture] = read(text).values()
    assert picture.width == 90
    icon = samples.thumbnail(16, 16, file_of(halves(16, 16), "PNG"))
    text = samples.PRUSA.replace(
        samples.thumbnail(300, 200), samples.thumbnail(110, 60, display) + icon
    )
    [picture] = read(text).values()
    assert picture.width == 110


@pytest.mark.parametrize("size", [(1024, 1024), (640, 480), (40, 1000), (1, 1)], ids=str)
def test_what_is_kept_of_a_plate_is_small(size):
    data = file_of(noise(*size), "JPEG", quality=60)
    encoded = encode(data, PLATE)
    assert len(encoded.content) <= PLATE.size_bytes
    assert len(encoded.thumbnail) <= encoding.MOST_THUMBNAIL_BYTES
    assert max(encoded.width, encoded.height) <= PLATE.side


def test_a_photo_may_be_larger_than_a_plate():
    data = a_jpeg(1100, 1100)
    with pytest.raises(PictureTooLarge):
        encode(data, PLATE)
    assert encode(data).width == 1100
