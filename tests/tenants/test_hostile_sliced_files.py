"""What was read of sliced files is checked where a farm is restored from a file."""

import pytest

from production.models import SlicedFile
from tenants.farms import json_shapes
from tests.factories import a_file_slot, a_plate, a_sliced_file

PLATE = a_plate(a_file_slot(purge_grams="1.5", length_mm="9"))
MALFORMED_PLATES = {
    "no list": {},
    "no plate": [1],
    "no index": [{name: PLATE[name] for name in PLATE if name != "index"}],
    "seconds as text": [PLATE | {"seconds": "1"}],
    "purge that is no number": [PLATE | {"purge_grams": "1e9"}],
    "slots that are no list": [PLATE | {"slots": {}}],
    "grams that are no number": [PLATE | {"slots": [a_file_slot(1, "NaN")]}],
    "a length as a number": [PLATE | {"slots": [a_file_slot(length_mm=9)]}],
    "a slot as text": [PLATE | {"slots": [a_file_slot("1")]}],
    "a count as text": [PLATE | {"objects": [{"name": "Hook", "count": "1"}]}],
}


@pytest.mark.parametrize("plates", MALFORMED_PLATES.values(), ids=MALFORMED_PLATES)
def test_what_was_read_is_checked(farm, plates):
    doubts = [{"plate": 1, "slot": None, "code": "a", "detail": ""}]
    file = a_sliced_file(plates=[PLATE], doubts=doubts)
    assert json_shapes.malformed_table() is None
    SlicedFile.objects.filter(pk=file.pk).update(plates=plates)
    assert json_shapes.malformed_table() == "production_slicedfile"
