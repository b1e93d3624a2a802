"""Runs that are planned by a sliced file: what they make and take, and what the farm learns."""

from decimal import Decimal

import pytest

from inventory.services.ledger import InsufficientInventory
from production.models import Product, ProductAlias, ProductFile, ProductionRun
from production.services.requirements.claims import IncompatibleSpool
from production.services.sliced_files import figures, planning, proposing, requiring, run_fields
from production.services.sliced_files.figures import SlotChoice
from production.services.sliced_files.planning import PlateProduct
from tests.factories import (
    a_filament,
    a_file_slot,
    a_material_type,
    a_plate,
    a_printer,
    a_product,
    a_product_file,
    a_sliced_file,
    a_spool,
)
from tests.queries import fresh, violations
from tests.responses import done, refused

pytestmark = pytest.mark.usefixtures("farm")


def plan(file=None, **fields):
    return planning.plan(file or a_sliced_file(), by=None, **fields)


def grams_of(run):
    return [(line.planned_grams, line.planned_purge_grams) for line in run.materials.all()]


def doubt(code="total_differs", *, plate=1, slot=None):
    return {"plate": plate, "slot": slot, "code": code, "detail": "Look at it."}


def test_a_run_makes_and_takes_what_the_file_says():
    a_material_type("PLA")
    product = a_product("H-1", name="Hook", grams=9)
    printer = a_printer()
    file = a_sliced_file(plates=[a_plate(a_file_slot(1, "40", purge_grams="2.5"))])
    [run] = plan(file, copies=3, printer=printer, order_reference="SO-1")
    assert (run.printer, run.plate_count, run.plate_count_source) == (printer, 3, "file")
    assert (run.planned_minutes, run.planned_minutes_source) == (360, "file")
    assert (run.sliced_file, run.sliced_plates, run.sliced_seconds) == (file, [1], 7200)
    item = run.items.get()
    made = (item.product, item.quantity, item.sliced_quantity, item.order_reference)
    assert made == (product, 12, 4, "SO-1")
    line = run.materials.get()
    assert grams_of(run) == [(Decimal("112.5"), Decimal("7.5"))]
    assert (line.material_type.code, line.planned_source) == ("PLA", "file")
    assert (line.sliced_slot, line.sliced_grams, line.sliced_source) == (1, 40, "slicer")
    assert run.events.get().reason == ""
    assert violations() == []


def test_a_product_that_is_not_known_is_made_and_filled_in():
    kind = a_material_type("PLA")
    file = a_sliced_file(plates=[a_plate(a_file_slot(1, "42", purge_grams="2"))])
    [run] = plan(file)
    product = Product.objects.get()
    assert (product.sku, product.name, product.units_per_plate) == ("HOOK", "Hook", 4)
    assert (product.plate_minutes, product.plate_purge_grams) == (120, 2)
    bom = product.bom_lines.get()
    assert (bom.material_type, bom.grams_per_unit) == (kind, 10)
    assert run.items.get().product == product
    [again] = plan(a_sliced_file("Other.gcode", sha256=file.sha256, plates=file.plates))
    assert again.items.get().product == product


def test_a_product_owns_the_plate_and_a_newer_file_succeeds_it():
    a_material_type("PLA")
    product = a_product(name="Hook")
    first = a_sliced_file(printer_model="MK4", nozzle_mm="0.4")
    plan(first)
    owned = product.files.get()
    assert (owned.units, owned.seconds, owned.is_current, owned.is_shared) == (4, 7200, True, False)
    slot = owned.slots.get()
    assert (slot.slot, slot.grams, slot.material, slot.color_hex) == (1, 40, "PLA", "FF8000")
    plan(first)
    assert product.files.count() == 1
    newer = a_sliced_file(plates=[a_plate(seconds=60)], printer_model="MK4", nozzle_mm="0.4")
    plan(newer)
    newest = product.files.latest("pk")
    assert (newest.successor_of, newest.seconds, newest.is_current) == (owned, 60, True)
    assert not fresh(owned).is_current


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"filename": "HOOK.gcode"}, {}),
        ({"printer_model": "MK3"}, None),
        ({"nozzle_mm": "0.6"}, None),
        ({"filename": "Hooks.gcode"}, None),
    ],
    ids=["another case", "another model", "another nozzle", "another name"],
)
@pytest.mark.parametrize("objects", [(), [("Hook", 4)]], ids=["no objects", "objects"])
def test_what_is_proposed_as_succeeded_is_what_will_be(older, newer, objects):
    a_material_type("PLA")
    product, how = a_product(name="Hook"), {"printer_model": "MK4", "nozzle_mm": "0.4"}
    how["plates"] = [a_plate(objects=objects)]
    mine = [PlateProduct(plate=1, units=4, product=product)]
    plan(a_sliced_file(**how | older), products=mine)
    product.aliases.all().delete()
    file, owned = a_sliced_file(**how), product.files.get()
    [proposed] = proposing.propose(file)
    expected = None if newer is None else owned
    assert proposed.successor_of == expected
    assert expected or objects or proposed.reason == "filename"
    plan(file, products=mine)
    assert product.files.latest("pk").successor_of == expected
    assert fresh(owned).is_current is (expected is None)


def test_a_file_that_came_before_succeeds_none():
    a_material_type("PLA")
    product, (first, second) = a_product(name="Hook"), [a_sliced_file() for _ in range(2)]
    plan(second)
    [proposed] = proposing.propose(first)
    assert proposed.successor_of is None
    plan(first)
    assert [row.is_current for row in product.files.all()] == [True, True]


def test_what_was_chosen_for_the_same_file_is_proposed_from_now_on():
    a_material_type("PLA")
    file, chosen = a_sliced_file(plates=[a_plate(objects=[("Wand", 2)])]), a_product("Z-1")
    plan(file, products=[PlateProduct(plate=1, units=5, product=chosen)])
    other = a_product("Z-2")
    [run] = plan(a_sliced_file(sha256=file.sha256, plates=file.plates))
    assert (run.items.get().product, run.items.get().quantity) == (chosen, 5)
    assert ProductAlias.objects.get().key == "wand"
    [run] = plan(a_sliced_file(plates=file.plates))
    assert (run.items.get().product, run.items.get().quantity) == (chosen, 2)
    plan(file, products=[PlateProduct(plate=1, units=1, product=other)])
    assert fresh(ProductAlias.objects.get()).product == other
    assert not ProductFile.objects.filter(sliced_file=file, product=chosen).exists()


def test_several_products_lie_on_a_plate():
    a_material_type("PLA")
    hook, gear = a_product(name="Hook", grams=5), a_product(name="Gear", grams=5)
    file = a_sliced_file(plates=[a_plate(objects=[("Hook.stl", 4), ("Gear", 1)])])
    [run] = plan(file, copies=2)
    made = {item.product: item.quantity for item in run.items.all()}
    assert made == {hook: 8, gear: 2}
    assert grams_of(run) == [(80, 0)]
    assert set(ProductFile.objects.values_list("is_shared", flat=True)) == {True}


def two_plates():
    slots = a_file_slot(1, "40"), a_file_slot(3, "5", material="PETG")
    return a_sliced_file(
        plates=[
            a_plate(slots[0], objects=[("Hook", 4)]),
            a_plate(*slots, index=2, seconds=3600, objects=[("Hook", 2)]),
        ]
    )


def test_plates_are_runs_of_their_own_or_one_run():
    a_material_type("PLA"), a_material_type("PETG")
    product, file = a_product(name="Hook"), two_plates()
    first, second = plan(file, copies=2)
    assert [run.plate_count for run in (first, second)] == [2, 2]
    assert grams_of(first) == [(80, 0)]
    assert grams_of(second) == [(80, 0), (10, 0)]
    [both] = plan(file, copies=2, is_one_run=True)
    assert (both.plate_count, both.sliced_plates, both.planned_minutes) == (4, [1, 2], 360)
    assert grams_of(both) == [(160, 0), (10, 0)]
    assert both.items.get().quantity == 12
    [one] = plan(file, plates=[2])
    assert (one.sliced_plates, one.items.get().quantity) == ([2], 2)
    assert product.files.count() == 2


def test_a_slot_of_two_materials_is_no_line_of_one_run():
    a_material_type("PLA"), a_material_type("PETG")
    plates = [
        a_plate(a_file_slot(1, material=kind), index=n) for n, kind in ((1, "PLA"), (2, "PETG"))
    ]
    file = a_sliced_file(plates=plates)
    with pytest.raises(run_fields.SlotsDiffer, match="plan a run for each plate"):
        plan(file, is_one_run=True)
    assert len(plan(file)) == 2


def test_the_purge_of_a_plate_is_of_what_it_takes_most_of():
    a_material_type("PLA"), a_material_type("PETG")
    slots = a_file_slot(1, "40"), a_file_slot(2, "5", material="PETG")
    [run] = plan(a_sliced_file(plates=[a_plate(*slots, purge_grams="3")]))
    assert grams_of(run) == [(37, 3), (5, 0)]


# --- Doubts ----------------------------------------------------------------------------------


def test_doubtful_figures_are_confirmed_or_typed():
    a_material_type("PLA")
    file = a_sliced_file(doubts=[doubt()])
    with pytest.raises(figures.DoubtfulFigures) as caught:
        plan(file)
    assert caught.value.numbers["doubts"] == file.doubts
    assert not ProductionRun.objects.exists()
    assert not Product.objects.exists()
    [confirmed] = plan(file, confirm=True)
    assert confirmed.events.get().reason == "Doubtful, and confirmed: Look at it."
    [typed] = plan(file, slots=[SlotChoice(slot=1, grams=Decimal(41))])
    assert grams_of(typed) == [(41, 0)]
    assert typed.materials.get().sliced_source == "typed"
    assert typed.events.get().reason == ""


def test_an_unknown_time_is_typed_or_confirmed_and_stays_unknown():
    a_material_type("PLA")
    file = a_sliced_file(plates=[a_plate(seconds=None)], doubts=[doubt("no_time")])
    with pytest.raises(figures.DoubtfulFigures):
        plan(file)
    [unknown] = plan(file, confirm=True, products=[])
    assert unknown.planned_minutes is None
    [typed] = plan(file, seconds={1: 600}, copies=2)
    assert (typed.planned_minutes, typed.planned_minutes_source) == (20, "file")


def test_unknown_grams_are_never_zero():
    a_material_type("PLA")
    file = a_sliced_file(plates=[a_plate(a_file_slot(1, None))], doubts=[doubt("no_grams", slot=1)])
    with pytest.raises(figures.GramsUnknown) as caught:
        plan(file, confirm=True)
    assert caught.value.numbers["unknown"] == [{"plate": 1, "slot": 1}]
    [run] = plan(file, slots=[SlotChoice(slot=1, plate=1, grams=Decimal("7.5"))])
    assert grams_of(run) == [(Decimal("7.5"), 0)]


def test_a_length_is_weighed_with_the_density_of_our_filament():
    spool = a_spool(filament=a_filament(density_g_cm3=Decimal("1.30")))
    slot = a_file_slot(1, None, length_mm="1000", material="")
    file = a_sliced_file(plates=[a_plate(slot)], doubts=[doubt("no_grams", slot=1)])
    [run] = plan(file, slots=[SlotChoice(slot=1, spool=spool)])
    line = run.materials.get()
    # pi / 4 · 1.75² mm² · 1000 mm · 1.30 g/cm³
    assert (line.planned_grams, line.sliced_source) == (Decimal("3.126866"), "derived")
    assert fresh(spool).reserved_grams == line.planned_grams


def test_a_slot_that_the_file_lacks_can_be_typed():
    kind = a_material_type("PLA")
    file = a_sliced_file(plates=[a_plate()], doubts=[doubt("no_material")])
    file.plates[0]["slots"] = []
    file.save()
    choice = SlotChoice(slot=1, plate=1, grams=Decimal(12), material_type=kind)
    [run] = plan(file, slots=[choice])
    assert grams_of(run) == [(12, 0)]
    [of_bill] = plan(file, confirm=True)
    assert of_bill.materials.get().planned_source == "bill"


# --- What it requires --------------------------------------------------------------------------


def test_a_bill_says_which_filament_is_meant_and_a_spool_is_reserved():
    filament = a_filament(material_type=a_material_type("PLA"))
    product = a_product(name="Hook")
    product.bom_lines.create(
        material_type=filament.material_type, filament=filament, grams_per_unit=9
    )
    [run] = plan()
    assert run.materials.get().filament == filament
    spool = a_spool(filament=filament)
    [run] = plan(slots=[SlotChoice(slot=1, spool=spool)])
    assert (run.materials.get().spool, fresh(spool).reserved_grams) == (spool, 40)


def test_what_no_bill_asks_for_is_planned_as_sliced():
    a_material_type("PLA"), a_material_type("TPU")
    a_product(name="Hook", grams=9)
    slots = a_file_slot(1, "40"), a_file_slot(2, "3", material="TPU")
    [run] = plan(a_sliced_file(plates=[a_plate(*slots)]))
    assert grams_of(run) == [(40, 0), (3, 0)]
    assert run.events.get().reason == "As sliced, in no bill of materials: TPU."


def test_a_material_that_the_farm_lacks_has_to_be_named():
    file = a_sliced_file(plates=[a_plate(a_file_slot(material="XYZ"))])
    with pytest.raises(requiring.UnknownMaterial):
        plan(file)
    [run] = plan(file, slots=[SlotChoice(slot=1, material_type=a_material_type("PLA"))])
    assert run.materials.get().material_type.code == "PLA"


def test_a_spool_that_does_not_fit_or_suffice_is_refused_and_nothing_is_learnt():
    a_material_type("PLA")
    wrong = a_spool(filament=a_filament(material_type=a_material_type("PETG")))
    with pytest.raises(IncompatibleSpool):
        plan(slots=[SlotChoice(slot=1, spool=wrong)])
    with pytest.raises(InsufficientInventory):
        plan(slots=[SlotChoice(slot=1, spool=a_spool(10))])
    assert not ProductionRun.objects.exists()


@pytest.mark.parametrize("plates", [[], [2], [1, 1]], ids=["none", "another", "twice"])
def test_plates_are_those_of_the_file(plates):
    with pytest.raises(figures.UnknownPlate):
        plan(plates=plates)
    with pytest.raises(figures.UnknownPlate):
        plan(products=[PlateProduct(plate=2, units=1, name="Hook")])


# --- Over the API ------------------------------------------------------------------------------


def test_a_run_is_planned_over_the_api(api):
    spool = a_spool(filament=a_filament(material_type=a_material_type("PLA")))
    file, product = a_sliced_file(), a_product("H-9")
    path = f"/api/v1/sliced-files/{file.pk}/plan/"
    body = {
        "copies": 2,
        "products": [{"product_sku": "h-9", "units": 3}],
        "slots": [{"slot": 1, "spool_code": spool.code}],
        "printer": a_printer().pk,
        "notes": "By the file",
    }
    [run] = done(api.post(path, body), 201)["runs"]
    assert (run["sliced_file"], run["plate_count"], run["notes"]) == (file.pk, 2, "By the file")
    [item], [line] = run["items"], run["materials"]
    assert (item["product"], item["quantity"], item["sliced_quantity"]) == (product.pk, 6, 3)
    assert (line["spool"], line["planned_source"], line["sliced_slot"]) == (spool.pk, "file", 1)
    [owned] = done(api.get(f"/api/v1/products/{product.pk}/files/"))["results"]
    assert (owned["sliced_file"], owned["units"]) == (file.pk, 3)
    assert owned["slots"][0]["grams"] == "40.000000"
    assert done(api.get(f"/api/v1/products/{product.pk}/aliases/"))["results"][0]["name"] == "Hook"


def test_doubts_are_told_over_the_api(api):
    a_material_type("PLA")
    file = a_sliced_file(doubts=[doubt()])
    path = f"/api/v1/sliced-files/{file.pk}/plan/"
    answer = refused(api.post(path, {}), 409, "doubtful_figures")
    assert answer["doubts"] == [doubt()]
    done(api.post(path, {"confirm": True}), 201)
    body = {"slots": [{"slot": 1, "grams": "40", "purge_grams": "41"}]}
    assert "slots" in str(refused(api.post(path, body), 400, "invalid")["errors"])
    refused(api.post(path, {"products": [{"units": 1}]}), 400, "invalid")


def test_a_product_that_is_used_no_more_is_not_planned_by_its_file(api):
    a_material_type("PLA")
    product = a_product(name="Old", is_active=False)
    file = a_product_file(product).sliced_file
    path = f"/api/v1/sliced-files/{file.pk}/plan/"
    refused(api.post(path, {"products": [{"product": product.pk}]}), 409, "product_inactive")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"plates": [1, 2, 1]}, "plates.2"),
        ({"slots": [{"slot": 1, "grams": 5}, {"slot": 1, "grams": 6}]}, "slots.1"),
        ({"slots": [{"slot": 1, "plate": 2}, {"slot": 1}, {"slot": 1, "plate": 2}]}, "slots.2"),
        ({"seconds": [{"plate": 1, "seconds": 5}, {"seconds": 6}]}, "seconds.1"),
        ({"products": [{"product_sku": "A"}, {"product_sku": "a", "units": 2}]}, "products.1"),
        (
            {"products": [{"name": "New"}, {"plate": 2, "name": "new"}, {"name": "NEW"}]},
            "products.2",
        ),
    ],
    ids=["plates", "slots", "slots of a plate", "seconds", "products", "new products"],
)
def test_what_is_named_twice_is_refused_where_it_is(api, body, place):
    a_product("A")
    file = a_sliced_file(plates=[a_plate(index=index) for index in (1, 2)])
    answer = refused(api.post(f"/api/v1/sliced-files/{file.pk}/plan/", body), 400, "invalid")
    assert list(answer["errors"]) == [place]
    assert not ProductionRun.objects.exists()
