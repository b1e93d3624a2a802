"""Names that slicers give to objects and files, made comparable with those of products."""

import re

from production.services.sliced_files.contents import clean

EXTENSIONS = re.compile(
    r"(\.(stl|step|stp|obj|3mf|amf|gcode|gco|g|bgcode|ufp|gx))+$", re.IGNORECASE
)
COPY = re.compile(r"(\s*\(\d+\)|\s+copy(\s*\d+)?|\s+instance \d+)$", re.IGNORECASE)
SEPARATORS = re.compile(r"[\s_\-–+]+")
# What slicers and people call anything: it says nothing about what it is.
GENERIC = re.compile(
    r"(plate|untitled|unnamed|model|object|part|body|mesh|file|print|project|shape|group"
    r"|assembly|noname|default|test)?( ?\d+)?"
)


def key_of(name):
    """A name as it is compared: without extension, number of a copy, case and separators."""
    text, before = clean(name, 255), None
    while text != before:
        before = text
        text = COPY.sub("", EXTENSIONS.sub("", text)).rstrip()
    return SEPARATORS.sub(" ", text).strip().casefold()[:255]


def is_generic(key):
    return GENERIC.fullmatch(key) is not None


def keys_of_file(filename):
    """The keys that a file's name may stand for, longest first: slicers append what they know,
    as in ``Hook_0.4n_0.2mm_PLA_MK4_1h2m.gcode``."""
    words = key_of(filename).split(" ")
    keys = [" ".join(words[:count]) for count in range(len(words), 0, -1)]
    return [key for key in keys if not is_generic(key)]


def title_of(name):
    """What a new product of this name is called."""
    text = clean(COPY.sub("", EXTENSIONS.sub("", clean(name, 255))), 200)
    return re.sub(r"_+", " ", text).strip() or "Part"
