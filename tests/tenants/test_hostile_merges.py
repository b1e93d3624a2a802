"""What a restored file may say of merges: what taking them back would write is checked."""

from inventory.models import FilamentMerge, SpoolMerge
from inventory.services import filament_merging
from inventory.services.spools import merging
from production.models import BomLine
from tenants.farms import json_shapes
from tests.factories import a_filament, a_product, a_spool


def test_what_a_merge_puts_back_is_checked(farm, manager):
    spool, double = a_spool(900), a_spool(1000, lot_number="L-1")
    done = merging.merge(spool, double=double, reason="Booked twice", confirm=True, by=manager)
    assert json_shapes.malformed_table() is None
    assert done.before["target"]
    changes = {
        "target": {"remaining_grams": ["1", "2"]},
        "double": {"archived_at": "now"},
        "tags": [None],
        "doubles": {},
        "entries": ["1"],
    }
    for name, value in changes.items():
        SpoolMerge.objects.update(before=done.before | {name: value})
        assert json_shapes.malformed_table() == "inventory_spoolmerge", name


def test_what_a_merge_of_filaments_puts_back_is_checked(farm, manager):
    kept, double = a_filament("Kept"), a_filament("Double", article_number="D-1")
    a_spool(filament=double)
    product = a_product(grams="12.5")
    BomLine.objects.create(
        product=product,
        material_type=double.material_type,
        filament=double,
        grams_per_unit="2.5",
    )
    done = filament_merging.merge(kept, double=double, reason="Twice", confirm=True, by=manager)
    assert json_shapes.malformed_table() is None
    assert done.before["target"]
    [bill] = done.before["bills"]
    changes = {
        "target": {"diameter_mm": ["1", "2"]},
        "spools": ["1"],
        "bills": [bill | {"grams": "NaN"}],
        "lines": {},
    }
    for name, value in changes.items():
        FilamentMerge.objects.update(before=done.before | {name: value})
        assert json_shapes.malformed_table() == "inventory_filamentmerge", name
    FilamentMerge.objects.update(before=done.before | {"bills": [bill, bill | {"together": "x"}]})
    assert json_shapes.malformed_table() == "inventory_filamentmerge"
