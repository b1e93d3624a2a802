"""A sliced file that several people plan by at once."""

from production.models import Product, ProductFile, ProductionRun
from production.services.sliced_files import planning
from production.services.sliced_files.figures import SlotChoice
from tests.factories import a_filament, a_material_type, a_sliced_file, a_spool
from tests.queries import violations

COUNT = 4


def test_a_new_product_is_made_once_and_a_spool_is_given_to_who_has_enough(in_threads):
    spool = a_spool(100, filament=a_filament(material_type=a_material_type("PLA")))
    file, choice = a_sliced_file(), SlotChoice(slot=1, spool=spool)
    results = in_threads(lambda _: planning.plan(file, by=None, slots=[choice]), COUNT)
    refused = [each for each in results if isinstance(each, Exception)]
    assert [each.code for each in refused] == ["insufficient_inventory"] * 2
    assert (ProductionRun.objects.count(), Product.objects.count()) == (2, 1)
    assert ProductFile.objects.count() == 1
    assert violations() == []


def test_several_files_that_make_the_same_make_one_product(in_threads):
    a_spool(100, filament=a_filament(material_type=a_material_type("PLA")))
    files = [a_sliced_file(f"Hook {number}.gcode") for number in range(COUNT)]
    results = in_threads(lambda number: planning.plan(files[number], by=None), COUNT)
    assert not [each for each in results if isinstance(each, Exception)]
    assert (ProductionRun.objects.count(), Product.objects.count()) == (COUNT, 1)
