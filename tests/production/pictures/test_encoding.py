"""A picture is encoded anew: upright, small enough, and without anything but what it shows."""

import pytest
from PIL import Image

from production.pictures import encode, encoding
from tests.production.pictures.samples import (
    BLUE,
    RED,
    a_jpeg,
    exif,
    file_of,
    halves,
    noise,
    opened,
)


def is_near(color, other):
    return all(abs(one - two) < 40 for one, two in zip(color[:3], other, strict=True))


def ends(image):
    """The colours above and below."""
    image = image.convert("RGB")
    middle = image.width // 2
    return image.getpixel((middle, 2)), image.getpixel((middle, image.height - 3))


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("JPEG", "RGB", {}),
        ("JPEG", "RGB", {"progressive": True}),
        ("JPEG", "CMYK", {}),
        ("JPEG", "L", {}),
        ("PNG", "RGBA", {}),
        ("PNG", "P", {}),
        ("PNG", "LA", {}),
        ("PNG", "I;16", {}),
        ("PNG", "1", {}),
        ("WEBP", "RGB", {}),
        ("WEBP", "RGBA", {"lossless": True}),
        ("QOI", "RGB", {}),
        ("QOI", "RGBA", {}),
    ],
    ids=lambda value: str(value),
)
def test_what_phones_and_slicers_write_is_read(kind, mode, options):
    image = Image.new(mode, (60, 40), 9_000) if mode == "I;16" else halves(mode=mode)
    encoded = encode(file_of(image, kind, **options))
    assert (encoded.width, encoded.height) == (60, 40)
    kept = opened(encoded.content)
    assert (kept.format, kept.size) == ("WEBP", (60, 40))
    if mode in ("RGB", "RGBA", "CMYK"):
        above, below = ends(kept)
        assert is_near(above, RED)
        assert is_near(below, BLUE)


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_stands_as_the_camera_was_held(turn):
    upright = halves()
    back = {value: key for key, value in {6: 8, 8: 6}.items()}.get(turn, turn)
    held = upright.transpose(encoding.TURNS[back]) if back in encoding.TURNS else upright
    encoded = encode(file_of(held, "JPEG", exif=exif(x274=turn), quality=95))
    assert (encoded.width, encoded.height) == (60, 40)
    above, below = ends(opened(encoded.content))
    assert is_near(above, RED)
    assert is_near(below, BLUE)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_is_kept_but_what_it_shows(kind):
    options = {"exif": exif(), "icc_profile": b"profile" * 20, "xmp": b"<x>secret</x>"}
    data = file_of(halves(), kind, **options) + b"trailing secret"
    assert b"Okapi" in data
    encoded = encode(data)
    for content in (encoded.content, encoded.thumbnail):
        assert not {b"EXIF", b"ICCP", b"XMP "} & {
            content[at : at + 4] for at in range(len(content))
        }
        assert b"Okapi" not in content
        assert b"secret" not in content
        assert opened(content).getexif() == {}


@pytest.mark.parametrize("size", [(3000, 2000), (1500, 3000), (60, 40)], ids=str)
def test_a_picture_is_shrunk_until_it_fits(size):
    encoded = encode(file_of(noise(*size), "JPEG"))
    assert len(encoded.content) <= encoding.PHOTO.size_bytes
    assert len(encoded.thumbnail) <= encoding.MOST_THUMBNAIL_BYTES
    assert max(encoded.width, encoded.height) <= min(max(size), encoding.PHOTO.side)
    ratio = encoded.width / encoded.height
    assert ratio == pytest.approx(size[0] / size[1], rel=0.02)
    assert max(opened(encoded.thumbnail).size) <= encoding.THUMBNAIL_SIDE


def test_what_is_transparent_stays_so():
    image = halves(mode="RGBA")
    image.putalpha(0)
    assert opened(encode(file_of(image, "PNG")).content).getextrema()[3] == (0, 0)


def test_a_line_is_a_picture_too():
    encoded = encode(file_of(Image.new("RGB", (5000, 1), RED), "PNG"))
    assert (encoded.width, encoded.height) == (encoding.PHOTO.side, 1)


def test_the_same_picture_is_the_same_bytes():
    assert encode(a_jpeg()).sha256 == encode(a_jpeg()).sha256
    assert encode(a_jpeg()).sha256 == encode(a_jpeg(exif=exif())).sha256


def test_the_first_picture_of_a_moving_one_is_kept():
    frames = [Image.new("RGB", (20, 20), color) for color in (RED, BLUE)]
    for kind in ("WEBP", "PNG"):
        data = file_of(frames[0], kind, save_all=True, append_images=frames[1:])
        assert is_near(opened(encode(data).content).convert("RGB").getpixel((5, 5)), RED)
