"""What people see of a run that is planned by a sliced file."""

from production.models import ProductionRun
from production.paper import traveller
from production.services.runs import lines
from production.services.sliced_files import planning
from tests import pdf
from tests.factories import a_file_slot, a_material_type, a_plate, a_product, a_sliced_file
from tests.production.floor_helpers import page
from tests.responses import text_of


def test_a_manager_sees_what_is_as_sliced_and_that_a_plan_is_older(farm_client, manager):
    a_material_type("PLA"), a_material_type("TPU")
    a_product(name="Hook", grams=9)
    slots = a_file_slot(1, "40"), a_file_slot(2, "3", material="TPU")
    [run] = planning.plan(a_sliced_file(plates=[a_plate(*slots)]), by=None)
    farm_client.force_login(manager)
    address = f"/admin/production/productionrun/{run.pk}/change/"
    shown = text_of(farm_client.get(address))
    assert "Planned by the sliced file Hook.gcode, plates 1." in shown
    assert "As sliced, in no bill of materials of its products: TPU." in shown
    assert "The plan is older" not in shown
    lines.change_item(run.items.get(), by=None, quantity=5)
    assert "The plan is older than what the run makes or prints" in text_of(
        farm_client.get(address)
    )
    floor = text_of(farm_client.get(f"/floor/runs/{run.pk}/"))
    assert "The plan is older than what the run makes or prints." in floor


def test_who_prints_it_sees_which_file_and_plates(floor):
    a_material_type("PLA")
    plates = [a_plate(a_file_slot(3), index=index) for index in (1, 2)]
    [both] = planning.plan(a_sliced_file(plates=plates), by=None, copies=2, is_one_run=True)
    shown = page(floor.get(f"/floor/runs/{both.pk}/"))
    there = f"/floor/sliced-files/{both.sliced_file_id}/"
    for text in ("Hook.gcode", "plates 1, 2", "2 times", there):
        assert text in shown
    runs = ProductionRun.objects.filter(pk=both.pk).for_paper()
    given = {"farm": "alpha.localhost", "farm_name": "Alpha", "printed_at": both.created_at}
    [paper] = pdf.texts(traveller.pdf(list(runs), **given))
    assert "Hook.gcode, plates 1, 2" in paper
    assert "3" in paper.split("Load")[1].split()[:20]
