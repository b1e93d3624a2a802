"""Which objects lie on a plate, and how many copies of each."""

import json
import re
from collections import Counter

from production.slicing.sliced_file import PlateObject

MOST_OBJECTS, LONGEST_NAME = 1000, 200
INSTANCE = re.compile(r"(?P<name>.*\S)\s*id:\d+ copy \d+")
PRINTING = re.compile(r"(?:start )?printing object (?P<instance>.+)")


def objects_of(comments):
    """``(name, count)`` of the objects that G-code names, in their order."""
    for line in comments.head:
        key, _equals, text = line.partition("=")
        if key.strip() == "objects_info" and (found := _listed(text)):
            return counted(found)
    instances = {}
    for line in comments:
        if found := PRINTING.fullmatch(line):
            instances[found["instance"]] = None
    return counted(instances)


def counted(instances):
    """The objects of instances such as ``Cube.stl id:0 copy 1``; without a number each is one."""
    names = Counter()
    for instance in list(instances)[:MOST_OBJECTS]:
        found = INSTANCE.fullmatch(instance)
        names[(found["name"] if found else instance).strip()[:LONGEST_NAME]] += 1
    return tuple(PlateObject(name, count) for name, count in names.items() if name)


def _listed(text):
    try:
        objects = json.loads(text)["objects"]
        return [str(each["name"]) for each in objects]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []
