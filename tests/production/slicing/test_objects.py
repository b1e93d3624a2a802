"""Which objects a file names, and whether others may be where it was not read."""

import io
import json

import pytest

from production.slicing.reading import read
from tests.production.slicing import samples

MOVE = "G1 X10.123 Y20.456 E0.0123\n"
MIDDLE = MOVE * 120_000  # 3 MB, most of which is not read
LAYERS = ";LAYER_CHANGE\n" + MOVE + ";LAYER_CHANGE\n"


def objects(text):
    """``(objects, codes of doubts)`` of the only plate."""
    file = read(io.BytesIO(text.encode() if isinstance(text, str) else text))
    return list(file.plates[0].objects), [doubt.code for doubt in file.doubts]


@pytest.mark.parametrize(
    ("commands", "named"),
    [
        (
            "EXCLUDE_OBJECT_DEFINE NAME=Gear.stl_id_0_copy_0 CENTER=10,10 POLYGON=[[0,0]]\n"
            "EXCLUDE_OBJECT_DEFINE NAME=Gear.stl_id_0_copy_1 CENTER=90,10 POLYGON=[[0,0]]\n"
            "EXCLUDE_OBJECT_DEFINE NAME='Axle.stl_id_1_copy_0'\n",
            [("Gear.stl", 2), ("Axle.stl", 1)],
        ),
        ("M486 S0\nM486 AGear\nM486 S1\nM486 AGear (Instance 2)\n", [("Gear", 2)]),
        ('M486 S0 A"Gear id:0 copy 0"\nM486 S1 A"Axle id:1 copy 0"\n', [("Gear", 1), ("Axle", 1)]),
    ],
    ids=["Klipper", "Marlin", "RepRapFirmware"],
)
def test_commands_name_all_objects_at_the_beginning(commands, named):
    text = samples.PRUSA.replace("objects_info", "no_info").replace("G28\n", commands + MIDDLE, 1)
    assert objects(text) == (named, [])


def test_binary_gcode_lists_its_objects():
    info = json.dumps({"objects": [{"name": f"Hook.stl id:0 copy {copy}"} for copy in (0, 1)]})
    data = samples.binary(printed=f"objects_info={info}\n" + samples.BINARY_PRINT)
    assert objects(data) == ([("Hook.stl", 2)], [])


@pytest.mark.parametrize(
    ("layers", "settings", "codes"),
    [
        (LAYERS, "", []),
        ("", "", ["more_objects"]),
        (LAYERS, "; complete_objects = 1\n", ["more_objects"]),
        (LAYERS, "; print_sequence = by object\n", ["more_objects"]),
    ],
    ids=["by layer", "a first layer without end", "PrusaSlicer by object", "OrcaSlicer by object"],
)
def test_labels_are_of_all_objects_where_the_first_layer_was_read(layers, settings, codes):
    text = samples.ORCA.replace("; EXECUTABLE_BLOCK_END", layers + MIDDLE) + settings
    assert objects(text) == ([("Gear", 2), ("Axle", 1)], codes)


def test_a_file_that_is_read_as_a_whole_has_all_of_them():
    text = samples.ORCA + "; complete_objects = 1\n"
    assert objects(text) == ([("Gear", 2), ("Axle", 1)], [])


def test_a_copy_of_a_mesh_is_the_same_object():
    more = ";MESH:Hook.stl(1)\n;MESH:Part(2)\n"
    text = samples.CURA.replace(";MESH:NONMESH\n", more + ";MESH:NONMESH\n")
    assert objects(text)[0] == [("Hook.stl", 2), ("Part(2)", 1)]


@pytest.mark.parametrize(
    ("more", "is_doubtful"),
    [
        (";LAYER:1\n" + MIDDLE, False),
        (MIDDLE, True),
        (";LAYER:1\n" + MIDDLE + ";SETTING_3 print_sequence = one_\n;SETTING_3 at_a_time\n", True),
    ],
    ids=["by layer", "a first layer without end", "one at a time"],
)
def test_meshes_are_all_where_the_first_layer_was_read(more, is_doubtful):
    text = samples.CURA.replace(";TIME_ELAPSED", more + ";TIME_ELAPSED")
    found, codes = objects(text)
    assert found == [("Hook.stl", 1)]
    assert ("more_objects" in codes) is is_doubtful
