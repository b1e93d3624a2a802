"""What people see of a run that is planned by a sliced file."""

from production.services.runs import lines
from production.services.sliced_files import planning
from tests.factories import a_file_slot, a_material_type, a_plate, a_product, a_sliced_file
from tests.responses import text_of


def test_a_manager_sees_what_is_as_sliced_and_that_a_plan_is_older(farm_client, manager):
    a_material_type("PLA"), a_material_type("TPU")
    a_product(name="Hook", grams=9)
    slots = a_file_slot(1, "40"), a_file_slot(2, "3", material="TPU")
    [run] = planning.plan(a_sliced_file(plates=[a_plate(*slots)]), by=None)
    farm_client.force_login(manager)
    address = f"/admin/production/productionrun/{run.pk}/change/"
    page = text_of(farm_client.get(address))
    assert "Planned by the sliced file Hook.gcode, plates 1." in page
    assert "As sliced, in no bill of materials of its products: TPU." in page
    assert "The plan is older" not in page
    lines.change_item(run.items.get(), by=None, quantity=5)
    assert "The plan is older than what the run makes or prints" in text_of(
        farm_client.get(address)
    )
    floor = text_of(farm_client.get(f"/floor/runs/{run.pk}/"))
    assert "The plan is older than what the run makes or prints." in floor
