"""Which objects lie on a plate, and how many copies of each."""

import json
import re
from collections import Counter

from production.slicing.sliced_file import PlateObject

MOST_OBJECTS, LONGEST_NAME = 1000, 200
# ``Cube.stl id:0 copy 1``; for Klipper ``Cube.stl_id_0_copy_1``; for Marlin ``Cube (Instance 2)``.
INSTANCE = re.compile(r"( id:\d+ copy \d+|_id_\d+_copy_\d+| \(Instance \d+\))$", re.IGNORECASE)
PRINTING = re.compile(r"(?:start )?printing object (?P<instance>.+)")
# Commands of Klipper and of Marlin that name all objects before the first is printed.
DEFINED = (
    re.compile(r"EXCLUDE_OBJECT_DEFINE +(?:.* )?NAME=(?P<instance>'[^']+'|\"[^\"]+\"|\S+).*"),
    re.compile(r"M486 (?:S\d+ )?A(?P<instance>.+)"),
)
LAYERS = {"LAYER_CHANGE", "CHANGE_LAYER"}
SEQUENTIAL = {"complete_objects": "1", "print_sequence": "by object"}


def objects_of(comments):
    """``(objects, is_complete)``: the PlateObjects that G-code names, in their order, and whether
    no other can be where it was not read."""
    for line in comments.head:
        key, _equals, text = line.partition("=")
        if key.strip() == "objects_info" and (found := listed(text)):
            return found, True
    for pattern in DEFINED:
        if found := _instances(pattern, comments.head):
            return counted(found), True
    return counted(_instances(PRINTING, comments)), comments.is_whole or _has_first_layer(comments)


def listed(text):
    """The PlateObjects of ``{"objects": [{"name": "Cube.stl id:0 copy 0"}]}``; () of another."""
    try:
        return counted(str(each["name"]) for each in json.loads(text)["objects"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()


def counted(instances):
    """The PlateObjects of instances; without a number each is one."""
    names = Counter()
    for instance in list(instances)[:MOST_OBJECTS]:
        names[INSTANCE.sub("", instance).strip()[:LONGEST_NAME]] += 1
    return tuple(PlateObject(name, count) for name, count in names.items() if name)


def _instances(pattern, lines):
    """What a pattern finds, each once, in its order."""
    found = (pattern.fullmatch(line) for line in lines)
    return list(dict.fromkeys(each["instance"].strip("'\"") for each in found if each))


def _has_first_layer(comments):
    """Whether all of the first layer was read, and so each object began."""
    if any(comments.values.get(key) == value for key, value in SEQUENTIAL.items()):
        return False
    return sum(line in LAYERS for line in comments.head) > 1
