"""Pictures to send."""

from io import BytesIO

from PIL import Image

RED, BLUE = (200, 30, 30), (30, 30, 200)
AT_HOME = {0x010F: "Okapi", 0x8825: {1: "N", 2: (50.0, 5.0, 0.0)}}  # maker, and GPS


def halves(width=60, height=40, mode="RGB"):
    """Red above, blue below."""
    image = Image.new("RGB", (width, height), BLUE)
    image.paste(RED, (0, 0, width, height // 2))
    return image.convert(mode)


def noise(width, height, mode="RGB"):
    return Image.effect_noise((width, height), 90).convert(mode)


def file_of(image, kind="JPEG", **options):
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def a_jpeg(width=60, height=40, **options):
    return file_of(halves(width, height), "JPEG", **options)


def opened(data):
    image = Image.open(BytesIO(bytes(data)))
    image.load()
    return image


def exif(**values):
    """EXIF of a phone: who made it, where it was, how it was held."""
    made = Image.Exif()
    for tag, value in {**AT_HOME, **{int(name[1:]): each for name, each in values.items()}}.items():
        if isinstance(value, dict):
            made.get_ifd(tag).update(value)
        else:
            made[tag] = value
    return made.tobytes()
