"""Spools proposed for the slots of a sliced file, each with its reason, best first."""

from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import Spool
from inventory.services.spools import shelf
from production.services import completion
from production.services.printing import slots
from production.services.reports import demand
from production.services.runs import lifecycle
from production.services.runs.lines import NewMaterial
from production.services.sliced_files.matching import match
from production.services.sliced_files.proposals import WantedSlot
from tests.factories import (
    a_filament,
    a_manufacturer,
    a_material_type,
    a_printer,
    a_run,
    a_running_run,
    a_slot,
    a_spool,
)
from tests.queries import queries_of
from tests.shelf_rows import entries, many, named

pytestmark = pytest.mark.usefixtures("farm")

WHITE, RED, BLACK = "FFFFFF", "FF0000", "000000"


def wanted(slot=1, grams=100, **fields):
    fields = {"material": "PLA", "color_hex": WHITE} | fields
    return WantedSlot(slot, None if grams is None else Decimal(grams), **fields)


def of_color(color, grams=1000, *, kind=None, **fields):
    """A spool of a filament of its own."""
    filament = a_filament(material_type=kind or a_material_type(), color_hex=color)
    return a_spool(grams, filament=filament, **fields)


def proposed(*slots, **asked):
    """The proposals for the first slot."""
    return match(list(slots) or [wanted()], **asked)[0].proposals


def spools_of(proposals):
    return [each.spool for each in proposals]


def codes_of(proposal):
    return [reason.code for reason in proposal.reasons]


def blockers_of(matched):
    return [blocker.code for blocker in matched.blockers]


def loaded(spool, label="1", *, printer):
    slots.load(spool, slot=a_slot(label, printer=printer), by=None)
    return spool


def opened(spool):
    Spool.objects.filter(pk=spool.pk).update(opened_at=timezone.now())
    return spool


def test_the_nearest_colour_comes_first_and_its_distance_is_said():
    black, cream, white = of_color(BLACK), of_color("FFF8E0"), of_color(WHITE)
    found = proposed()
    assert spools_of(found) == [white, cream, black]
    assert [each.color_difference for each in found] == [0, Decimal("9.9"), 100]
    assert [codes_of(each)[2] for each in found] == ["color", "color", "another_color"]
    assert str(found[1].reasons[2].detail) == "The colour fits (difference 9.9)."


def test_another_colour_is_proposed_but_not_chosen_by_itself():
    of_color(BLACK)
    [found] = match([wanted()])
    assert len(found.proposals) == 1
    assert found.chosen is None
    assert blockers_of(found) == ["spools_missing"]


def test_what_is_loaded_comes_first_then_what_is_opened_then_the_smallest_that_suffices():
    printer, filament = a_printer(), a_filament(color_hex=WHITE)
    large, small, tiny = (a_spool(grams, filament=filament) for grams in (1000, 300, 50))
    open_one = opened(a_spool(900, filament=filament))
    here = loaded(a_spool(950, filament=filament), printer=printer)
    there = loaded(a_spool(200, filament=filament), printer=a_printer())
    [found] = match([wanted()], printer=printer, most=6)
    assert spools_of(found.proposals) == [here, open_one, small, large, there, tiny]
    assert found.chosen.spool == here
    first = [codes_of(each)[0] for each in found.proposals]
    assert first == ["loaded", "opened", "sealed", "sealed", "loaded_elsewhere", "sealed"]
    assert codes_of(found.proposals[-1])[-1] == "too_little"
    assert blockers_of(found) == []


def test_what_is_loaded_in_the_slot_of_the_file_comes_before_the_others():
    printer = a_printer()
    first = loaded(of_color(WHITE, 200), "A1", printer=printer)
    second = loaded(of_color(WHITE, 500), "A2", printer=printer)
    assert spools_of(proposed(printer=printer)) == [first, second]
    assert spools_of(proposed(wanted(2), printer=printer)) == [second, first]


def test_all_plates_have_to_come_out_of_what_is_available():
    filament = a_filament(color_hex=WHITE)
    reserved, free = (a_spool(1000, filament=filament) for _ in range(2))
    a_run((reserved, 750))
    [found] = match([wanted()], plates=3)
    assert found.needed_grams == 300
    assert spools_of(found.proposals) == [free, reserved]
    assert [each.is_enough for each in found.proposals] == [True, False]
    assert found.proposals[1].missing_grams == 50
    detail = found.proposals[1].reasons[-1].detail
    assert detail == "Only 250 g available, 300 g needed."
    assert match([wanted()], plates=2)[0].chosen.spool == reserved


def test_a_family_takes_its_members_and_a_member_only_itself():
    pla = a_material_type()
    matte = a_material_type("PLA MATTE", family=pla)
    plain, dull, _petg = (of_color(WHITE, kind=k) for k in (pla, matte, a_material_type("PETG")))
    found = proposed()
    assert spools_of(found) == [plain, dull]
    assert [codes_of(each)[1] for each in found] == ["material", "family"]
    assert spools_of(proposed(wanted(material="pla matte"))) == [dull]
    assert spools_of(proposed(wanted(material="PLA Galaxy"))) == [plain, dull]


def test_slicers_other_names_of_a_type_are_known_unless_the_farm_has_one():
    petg = of_color(WHITE, kind=a_material_type("PETG"))
    assert spools_of(proposed(wanted(material="PET"))) == [petg]
    pet = of_color(WHITE, kind=a_material_type("PET"))
    assert spools_of(proposed(wanted(material="PET"))) == [pet]


def test_a_material_that_the_farm_does_not_have_is_said():
    named_by = a_filament("PLA-X 7", material_type=a_material_type("SPECIAL"), color_hex=WHITE)
    spool, _other = a_spool(filament=named_by), of_color(WHITE)
    [found] = match([wanted(material="PPS", profile="Polyfil PLA-X 7 @MK4")])
    assert (found.material_type, spools_of(found.proposals)) == (None, [spool])
    assert blockers_of(found) == ["unknown_material"]
    [found] = match([wanted(material="PPS")])
    assert blockers_of(found) == ["unknown_material", "spools_missing", "stock_insufficient"]
    assert found.blockers[0].detail == "The farm has no material type “PPS”."


def test_where_the_file_names_no_material_what_is_loaded_is_proposed():
    printer = a_printer()
    here, _shelf = loaded(of_color(WHITE), printer=printer), of_color(WHITE)
    assert spools_of(proposed(wanted(material=""), printer=printer)) == [here]


def test_the_profile_decides_between_filaments_that_look_the_same():
    makers = [a_manufacturer(name) for name in ("Other", "Prusament")]
    one, two = (
        a_spool(grams, filament=a_filament("Snow", manufacturer=maker, color_hex=WHITE))
        for grams, maker in zip((200, 900), makers, strict=True)
    )
    assert spools_of(proposed()) == [one, two]
    found = proposed(wanted(profile="Prusament PLA @MK4S HF0.4"))
    assert spools_of(found) == [two, one]
    assert "profile" in codes_of(found[0])
    assert "profile" not in codes_of(found[1])
    assert spools_of(proposed(wanted(profile="PLA @MK4S"))) == [one, two]  # the material alone


def test_an_external_id_is_a_name_of_the_filament():
    of_color(WHITE, 200)
    filament = a_filament(color_hex=WHITE, external_id="polyfil_pla_white")
    spool = a_spool(filament=filament)
    assert spools_of(proposed(wanted(profile="Polyfil_PLA_White")))[0] == spool


def test_what_was_taken_for_a_profile_in_other_files_is_no_better_than_a_near_colour():
    black, cream = of_color(BLACK), of_color("FFF8E0")
    learnt = wanted(profile="PLA @X", filament_id=black.filament_id, is_learnt=True)
    [found] = match([learnt])
    assert (found.chosen.spool, spools_of(found.proposals)) == (cream, [cream, black])
    [reason] = [each for each in found.proposals[1].reasons if each.code == "taken_before"]
    assert reason.detail == "Taken for the profile “PLA @X” in this colour the last time."
    [found] = match([learnt._replace(is_learnt=False)])  # for this very slot
    assert found.chosen.spool == black
    same = a_spool(filament=cream.filament)
    learnt = learnt._replace(filament_id=same.filament_id, color_hex=BLACK)
    assert match([learnt])[0].chosen.spool == black


def test_what_another_printer_prints_from_comes_after_others_and_is_not_chosen():
    alder, elm = a_printer("Alder"), a_printer("Elm")
    used, black = loaded(of_color(WHITE), printer=alder), of_color(BLACK)
    assert match([wanted()], printer=elm)[0].chosen.spool == used
    run = a_running_run((used, 100), printer=alder)
    [found] = match([wanted()], printer=elm)
    assert (found.chosen, spools_of(found.proposals)) == (None, [used, black])
    assert found.proposals[0].reasons[0] == ("printing_elsewhere", "Alder prints from it.")
    [found] = match([wanted()], printer=elm, by_hand={1: used})
    assert blockers_of(found) == ["printing_elsewhere"]
    assert match([wanted()], printer=alder)[0].chosen.spool == used
    white = of_color(WHITE, 500)
    assert spools_of(match([wanted()], printer=elm)[0].proposals) == [white, used, black]
    completion.complete(run, as_planned=True, by=None)
    assert blockers_of(match([wanted()], printer=elm, by_hand={1: used})[0]) == []


def test_what_was_taken_the_last_time_comes_first_and_its_lot_before_others():
    of_color(WHITE, 200)
    filament = a_filament(color_hex="F0F0F0")
    other, same = (a_spool(filament=filament, lot_number=lot) for lot in ("L-1", "L-2"))
    found = proposed(wanted(filament_id=filament.pk, lot_number="L-2"))
    assert spools_of(found)[:2] == [same, other]
    assert {"taken_before", "lot"} <= set(codes_of(found[0]))
    assert "lot" not in codes_of(found[1])


def test_a_spool_is_chosen_for_one_slot_and_as_many_slots_get_one_as_can():
    filament = a_filament(color_hex=WHITE)
    large, small = (a_spool(grams, filament=filament) for grams in (1000, 300))
    one, two = match([wanted(1, 250), wanted(2, 200)])
    assert (one.chosen.spool, two.chosen.spool) == (small, large)
    one, two = match([wanted(1, 200), wanted(2, 900)])
    assert (one.chosen.spool, two.chosen.spool) == (small, large)
    slots = [wanted(1, 200, color_hex=""), wanted(2, 300), wanted(3, 10)]
    assert [each.chosen and each.chosen.spool for each in match(slots)] == [None, small, large]


def test_a_slot_gives_up_its_spool_where_it_has_another():
    old = a_filament(color_hex=WHITE)
    a_spool(300, filament=a_filament(color_hex="FAFAFA"))
    only = a_spool(1000, filament=old)
    slots = [wanted(1, 200, filament_id=old.pk), wanted(2, 900)]
    first, second = match(slots)
    assert second.chosen.spool == only
    assert first.chosen.spool != only


def test_twins_in_the_printer_have_what_one_has_too_little_of():
    printer, filament = a_printer(), a_filament(color_hex=WHITE)
    one, two = (a_spool(80, filament=filament) for _ in range(2))
    for label, spool in (("1", one), ("2", two)):
        loaded(spool, label, printer=printer)
    [found] = match([wanted()], printer=printer)
    assert codes_of(found.proposals[0])[-1] == "twins_follow"
    assert found.chosen is None  # it can't be reserved on one spool
    [found] = match([wanted()], printer=printer, by_hand={1: one})
    assert (found.chosen.spool, blockers_of(found)) == (one, [])
    [found] = match([wanted(grams=170)], printer=printer, by_hand={1: one})
    assert blockers_of(found) == ["insufficient_inventory"]
    assert found.blockers[0].numbers["missing_grams"] == 90


def test_what_was_chosen_by_hand_counts_and_what_is_wrong_with_it_is_said():
    white, petg = of_color(WHITE), of_color(WHITE, 50, kind=a_material_type("PETG"))
    shelf.archive(petg, by=None, discard=False)
    [found] = match([wanted()], by_hand={1: petg})
    assert found.chosen.spool == petg
    assert spools_of(found.proposals) == [petg, white]
    codes = ["spool_archived", "incompatible_spool", "insufficient_inventory"]
    assert blockers_of(found) == codes
    assert codes_of(found.chosen)[1] == "another_material"
    other, taken = match([wanted(), wanted(2)], by_hand={2: white})
    assert (other.chosen, taken.chosen.spool) == (None, white)
    assert match([wanted()], by_hand={1: None})[0].chosen.spool == white


def test_what_the_printer_cannot_do_is_said():
    kind = a_material_type("PLA-CF", is_abrasive=True, nozzle_temp_min=280)
    of_color(WHITE, kind=kind)
    printer = a_printer(max_nozzle_temp=260)
    [found] = match([wanted(material="PLA-CF")], printer=printer)
    assert blockers_of(found) == ["limit_exceeded", "limit_exceeded"]
    assert {each.numbers["field"] for each in found.blockers} == {"printer"}


def test_another_diameter_does_not_suit():
    of_color(WHITE)
    thick = a_spool(filament=a_filament(color_hex=WHITE, diameter_mm=Decimal("2.85")))
    assert spools_of(proposed(wanted(diameter_mm=Decimal("2.9")))) == [thick]


def test_grams_that_the_file_does_not_say_are_not_taken_for_nothing():
    large, small = of_color(WHITE), of_color(WHITE, 200)
    [found] = match([wanted(grams=None)])
    assert found.needed_grams is None
    assert spools_of(found.proposals) == [large, small]
    assert [each.is_enough for each in found.proposals] == [None, None]
    assert codes_of(found.chosen)[-1] == "need_unknown"
    assert blockers_of(match([wanted(grams=None, material="PLA", color_hex=RED)])[0])


def test_the_codes_are_those_of_the_blockers_of_a_run_that_is_planned_so():
    spool = of_color(WHITE, 50)
    [found] = match([wanted()])
    line = NewMaterial(material_type=spool.filament.material_type, planned_grams=Decimal(100))
    run = lifecycle.create(by=None, items=[], materials=[line])
    assert blockers_of(found) == [each.code for each in demand.blockers([run])[run.pk]]


def test_it_asks_as_little_of_many_slots_and_spools():
    printer, kind = a_printer(), a_material_type()
    loaded(of_color(WHITE), printer=printer)
    few = queries_of(lambda: match([wanted()], printer=printer))
    reels = [a_filament(material_type=kind, color_hex=f"FFFF{255 - n:02X}") for n in range(40)]
    fields = {"initial_grams": 1000, "remaining_grams": 1000, "received_on": timezone.localdate()}
    rows = many(Spool, 400, filament=lambda n: reels[n % 40], code=named("S"), **fields)
    entries(400, spool=rows.__getitem__, kind="receipt", grams=1000, balance_grams=1000)
    for number in range(2, 17):
        loaded(a_spool(filament=reels[number]), str(number), printer=printer)
    slots = [wanted(number) for number in range(1, 17)]
    found = match(slots, printer=printer)
    assert queries_of(lambda: match(slots, printer=printer)) == few == 6
    assert len({each.chosen.spool.pk for each in found}) == 16
