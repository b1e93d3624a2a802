"""Spools proposed for all planned runs together, and taken."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import Location, Spool
from inventory.services.spools import consumption
from production.models import Reason, RunEvent
from production.services import completion
from production.services.best_fit import reading, taking
from production.services.best_fit.proposals import best_fit
from production.services.completion.actuals import MaterialActual
from production.services.printing import midprint, slots
from production.services.requirements import fitting_spools
from production.services.runs import lifecycle, repeats
from production.services.runs import lines as line_services
from production.services.runs.lines import NewItem, NewMaterial
from production.services.undo import last_action
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_running_run,
    a_slot,
    a_spool,
    make_user,
)
from tests.production.sliced_files.sliced_runs import a_sliced_run
from tests.queries import fresh, queries_of, violations

pytestmark = pytest.mark.usefixtures("farm")


@pytest.fixture
def orange():
    return a_filament("Signal orange", color_hex="ff6600")


def a_run_of(filament, grams=200, *, order="", **fields):
    """A planned run whose line has no spool."""
    items = [NewItem(product=a_product(), quantity=1, order_reference=order)]
    line = NewMaterial(filament=filament, planned_grams=Decimal(grams))
    return lifecycle.create(by=None, items=items, materials=[line], **fields)


def proposed(**how):
    """``{run: [(spool, grams)]}``"""
    return {
        each.run: [(share.spool, share.grams) for share in each.shares]
        for each in best_fit(**how).proposals
    }


def codes(proposal):
    return [reason.code for reason in proposal.reasons]


def take_all(by=None):
    chosen = [(each.line, [share.spool for share in each.shares]) for each in best_fit().takeable]
    return taking.take(chosen, by=by)


def test_runs_are_planned_together(orange):
    small, large = a_spool(260, filament=orange), a_spool(700, filament=orange)
    a_spool(900)  # of another filament
    first, second = a_run_of(orange, 200), a_run_of(orange, 600)
    assert proposed() == {first: [(small, 200)], second: [(large, 600)]}


def test_what_is_reserved_stays_reserved(orange):
    spool = a_spool(500, filament=orange)
    taken = a_run_of(orange, 400)
    taking.take([(taken.materials.get(), [spool])], by=None)
    bare = a_run_of(orange, 200)
    assert proposed() == {bare: []}
    [missing] = best_fit().proposals
    assert codes(missing) == ["stock_insufficient"]
    detail = missing.reasons[0].detail
    assert detail == f"200 g of {orange} are needed, 100 g are still free for it."


def test_each_proposal_says_why(orange):
    printer = a_printer()
    loaded = a_spool(800, filament=orange, lot_number="L-7")
    slots.load(loaded, slot=a_slot(printer=printer), by=None)
    one = a_run_of(orange, 200, printer=printer, order="SO-1")
    other = a_run_of(orange, 580, printer=printer, order="so-1")
    first, second = best_fit().proposals
    assert codes(first) == ["loaded", "shared", "order_lot", "small_rest"]
    details = [each.reasons[1].detail for each in (first, second)]
    assert details == [f"Also for {run.number}." for run in (other, one)]
    assert "L-7" in first.reasons[2].detail
    assert first.shares[0].left_grams == 20
    assert first.reasons[-1].detail == "20 g are left of it."


def test_only_the_next_days_are_looked_at(orange):
    a_spool(1000, filament=orange)
    later = timezone.now() + timedelta(days=9)
    now, soon = a_run_of(orange), a_run_of(orange, planned_start_at=later)
    assert set(proposed()) == {now}
    assert set(proposed(days=10)) == {now, soon}


def test_a_long_run_takes_several_spools(orange):
    large, small = a_spool(1000, filament=orange), a_spool(600, filament=orange)
    run = a_run_of(orange, 1500)
    assert proposed() == {run: [(small, 600), (large, 900)]}
    [done] = take_all()
    lines = run.materials.order_by("pk")
    assert [(line.spool, line.planned_grams, line.reserved_grams) for line in lines] == [
        (small, 600, 600),
        (large, 900, 900),
    ]
    assert done.lines == list(lines)
    assert proposed() == {}


def test_no_printer_gets_what_another_prints_from(orange):
    spool = a_spool(900, filament=orange)
    a_running_run((spool, 100), printer=a_printer())
    run = a_run_of(orange, printer=a_printer(), planned_minutes=60)
    assert proposed() == {run: []}
    [missing] = best_fit().proposals
    detail = "are still free for it; spools with 800 g print elsewhere at that time."
    assert missing.reasons[0].detail.endswith(detail)


def test_a_spool_is_of_one_printer_at_a_time(orange):
    spools = {a_spool(900, filament=orange).pk for _ in range(2)}
    for _ in range(2):
        a_run_of(orange, printer=a_printer(), planned_minutes=60)
    found = proposed().values()
    assert {spool.pk for [(spool, _grams)] in found} == spools


def test_a_printer_gets_what_it_can_print():
    hard = a_material_type("PA-CF", is_abrasive=True, family=a_material_type("PA"))
    a_spool(900, filament=a_filament(material_type=hard))
    wanted = NewMaterial(material_type=hard.family, planned_grams=Decimal(100))
    lifecycle.create(by=None, materials=[wanted], printer=a_printer())
    able = lifecycle.create(
        by=None, materials=[wanted], printer=a_printer(has_hardened_nozzle=True)
    )
    found = {each.run: each for each in best_fit().proposals}
    assert [run for run, each in found.items() if each.shares] == [able]
    assert [codes(each) for each in found.values() if not each.shares] == [["nothing_suits"]]


def test_what_is_taken_is_reserved_and_undone(orange):
    by = make_user(role="manager")
    spool = a_spool(500, filament=orange)
    run = a_run_of(orange)
    [done] = take_all(by=by)
    assert (done.run, done.refusal) == (run, None)
    spool.refresh_from_db()
    assert spool.reserved_grams == 200
    event = run.events.order_by("-pk").first()
    assert (event.verb, event.from_status, event.to_status) == (
        "assign_spools", "planned", "planned",
    )  # fmt: skip
    last_action.undo(run, event=event.pk, by=by)
    spool.refresh_from_db()
    line = run.materials.get()
    assert (spool.reserved_grams, line.spool, line.reserved_grams) == (0, None, 0)


def test_what_one_press_took_is_undone_by_one(orange):
    by, spools = make_user(role="manager"), [a_spool(500, filament=orange) for _ in range(3)]
    runs = [a_run_of(orange, 400) for _ in range(3)]
    take_all(by=by)
    found = last_action.find(by=by)
    assert (found.text, found.about) == ("chose spools for 3 runs", "")
    lifecycle.update(runs[0], by=None, notes="by another since")
    last_action.undo_event("run", RunEvent.objects.get(pk=found.event), by=by)
    assert [fresh(run.materials.get()).spool is None for run in runs] == [False, True, True]
    assert sorted(fresh(spool).reserved_grams for spool in spools) == [0, 0, 400]
    assert violations() == []


def test_a_press_for_one_run_is_named_by_it(orange):
    a_spool(500, filament=orange)
    run, by = a_run_of(orange), make_user(role="manager")
    take_all(by=by)
    assert last_action.find(by=by).text == f"chose spools for run {run.number}"


def test_a_divided_line_is_whole_again_when_it_is_undone(orange):
    spools = [a_spool(1000, filament=orange), a_spool(600, filament=orange)]
    run, by = a_run_of(orange, 1500), make_user(role="manager")
    take_all(by=by)
    last_action.undo(run, event=run.events.order_by("-pk").first().pk, by=by)
    [line] = run.materials.all()
    assert (line.planned_grams, line.spool, line.reserved_grams) == (1500, None, 0)
    assert [fresh(spool).reserved_grams for spool in spools] == [0, 0]


def test_what_cannot_be_taken_any_more_is_left_out(orange):
    spool, other = a_spool(500, filament=orange), a_spool(500, filament=orange)
    gone, started, short, taken = (a_run_of(orange, 300) for _ in range(4))
    lines = {run.pk: run.materials.get() for run in (gone, started, short, taken)}
    lifecycle.delete(gone, by=None)
    lifecycle.start(started, by=None, spools={lines[started.pk].pk: other})
    chosen = [(lines[run.pk], [spool]) for run in (gone, started, taken, short)]
    done = taking.take(chosen, by=None)
    assert [each.refusal and each.refusal.code for each in done] == [
        "not_in_run", "invalid_run_status", None, "insufficient_inventory",
    ]  # fmt: skip
    spool.refresh_from_db()
    assert spool.reserved_grams == 300
    [again] = taking.take([(lines[taken.pk], [other])], by=None)
    assert again.refusal.code == "already_has_spool"


def test_a_spool_of_another_filament_is_refused(orange):
    run = a_run_of(orange)
    [done] = taking.take([(run.materials.get(), [a_spool(500)])], by=None)
    assert done.refusal.code == "incompatible_spool"


def test_queries_do_not_grow_with_runs_and_spools(orange):
    printer = a_printer()
    a_spool(900, filament=orange)
    a_run_of(orange, printer=printer, order="A")
    few = queries_of(best_fit)
    for _ in range(5):
        a_spool(900, filament=orange, lot_number="L")
        a_run_of(orange, printer=a_printer(), order="B")
    assert queries_of(best_fit) == few <= 12


def test_what_follows_is_gone_on_with_on_a_printer_of_one_slot(orange):
    printer = a_printer()
    slot = a_slot(printer=printer)
    large, small = a_spool(1000, filament=orange), a_spool(600, filament=orange)
    run = a_run_of(orange, 1500, printer=printer)
    take_all()
    lifecycle.start(run, by=None)
    first, second = run.materials.order_by("pk")
    assert fresh(slot).spool == first.spool == small
    [offered] = fitting_spools.following(run, [first])[first.pk]
    assert (offered.spool, offered.available_grams) == (large, 900)
    new = midprint.swap_spool(run, by=None, line=first.pk, spool=large, is_empty=True)
    assert (new, fresh(slot).spool) == (second, large)
    assert fresh(second).reserved_grams == 900
    completion.complete(run, by=None, as_planned=True)
    assert [fresh(spool).remaining_grams for spool in (small, large)] == [0, 100]
    assert violations() == []


def test_going_on_early_leaves_the_rest_to_what_follows_and_is_undone(orange):
    large, small = a_spool(1000, filament=orange), a_spool(600, filament=orange)
    run, by = a_run_of(orange, 1500, printer=a_printer()), make_user(role="manager")
    take_all(by=by)
    lifecycle.start(run, by=by)
    first, second = run.materials.order_by("pk")
    gave = MaterialActual(line=first.pk, actual_grams=Decimal(550))
    midprint.swap_spool(run, by=by, spool=large, so_far=gave)
    assert [fresh(line).reserved_grams for line in (first, second)] == [550, 950]
    last_action.undo(run, event=run.events.order_by("-pk").first().pk, by=by)
    assert [fresh(line).reserved_grams for line in (first, second)] == [600, 900]
    assert fresh(small).reserved_grams == 600
    assert violations() == []


def test_a_copy_asks_for_its_material_once(orange):
    a_spool(1000, filament=orange), a_spool(600, filament=orange)
    items = [NewItem(product=a_product(grams=150), quantity=10)]
    run = lifecycle.create(by=None, items=items)
    run.materials.update(filament=orange, material_type=None)
    take_all()
    assert run.materials.count() == 2
    [line] = repeats.copy(run, by=None).materials.all()
    assert (line.planned_grams, line.filament) == (1500, orange)


def test_runs_that_have_their_spools_leave_room_for_others(orange, monkeypatch):
    monkeypatch.setattr(reading, "MOST_RUNS", 2)
    spool = a_spool(1000, filament=orange)
    done = [a_run_of(orange, 10) for _ in range(3)]
    taking.take([(run.materials.get(), [spool]) for run in done], by=None)
    late = [a_run_of(orange, 10) for _ in range(3)]
    found = best_fit()
    assert [each.run for each in found.proposals] == late[:2]
    assert found.is_cut


def test_more_spools_than_can_be_taken_are_no_proposal_to_take(orange):
    for _ in range(taking.MOST_SPOOLS + 1):
        a_spool(60, filament=orange)
    a_run_of(orange, 60 * taking.MOST_SPOOLS + 1)
    [proposal] = best_fit().proposals
    assert len(proposal.shares) == taking.MOST_SPOOLS + 1
    assert not proposal.is_takeable


# --- Plans that change after they were divided -------------------------------------------------


def divided(filament, *, quantity=9, grams=100, sizes=(600, 500), copies=None):
    """A planned run of a product, or by a file, whose line several spools were taken for."""
    spools = [a_spool(size, filament=filament) for size in sizes]
    if copies:
        another = a_spool(2000, filament=filament)
        run = a_sliced_run((another, grams), copies=copies)
        run.materials.update(spool=None, filament=filament, reserved_grams=0)
        Spool.objects.filter(pk=another.pk).update(reserved_grams=0)
    else:
        items = [NewItem(product=a_product(grams=grams), quantity=quantity)]
        run = lifecycle.create(by=None, items=items)
        run.materials.update(filament=filament, material_type=None)
    taking.take([(run.materials.get(), spools)], by=None)
    return run


def parts(run):
    return [
        (line.spool.initial_grams, line.planned_total_grams, line.reserved_grams)
        for line in run.materials.order_by("pk")
    ]


def test_each_spool_of_several_is_reasoned_for(orange):
    rack = Location.objects.create(name="Rack 7")
    a_spool(1000, filament=orange), a_spool(600, filament=orange, location=rack)
    a_run_of(orange, 1500)
    [proposal] = best_fit().proposals
    first, second = (share.spool for share in proposal.shares)
    details = " ".join(each.detail for each in proposal.reasons)
    assert all(f"{each.code}: Sealed." in details for each in (first, second))
    assert details.count("From Rack 7.") == 1
    assert f"the print goes on from {second.code}." in details


def test_a_divided_plan_is_divided_anew_when_it_changes(orange):
    run = divided(orange)
    assert parts(run) == [(600, 600, 600), (500, 300, 300)]
    [item] = run.items.all()
    for quantity, expected in {
        10: [(600, 600, 600), (500, 400, 400)],
        11: [(600, 600, 600), (500, 500, 500)],
        7: [(600, 600, 600), (500, 100, 100)],
        4: [(600, 400, 400)],
    }.items():
        line_services.change_item(item, quantity=quantity, by=None)
        assert parts(run) == expected
    assert violations() == []


def test_a_plan_that_was_divided_by_choice_keeps_its_proportion(orange):
    run = divided(orange, sizes=(600, 500))
    for spool in Spool.objects.all():
        consumption.adjust(spool, grams=Decimal(1000), reason="counted", by=None)
    [item] = run.items.all()
    line_services.change_item(item, quantity=7, by=None)
    grams = [line.planned_total_grams for line in run.materials.order_by("pk")]
    assert sum(grams) == 700
    assert grams[0] == Decimal("466.666667")


def test_a_line_of_a_file_is_divided_and_starts_in_a_printer_of_one_slot(orange):
    run = divided(orange, copies=9)
    assert parts(run) == [(600, 600, 600), (500, 300, 300)]
    for count, expected in {
        10: [(600, 600, 600), (500, 400, 400)],
        5: [(600, 500, 500)],
    }.items():
        lifecycle.update(run, plate_count=count, by=None)
        assert parts(run) == expected
    lifecycle.update(run, plate_count=6, by=None)
    assert violations() == []


def test_a_run_by_a_file_starts_from_the_first_of_its_spools(orange):
    run = divided(orange, copies=9)
    printer = a_printer()
    lifecycle.update(run, printer=printer, by=None)
    first = run.materials.earliest("pk").spool
    slots.load(first, slot=a_slot(printer=printer), by=None)
    lifecycle.start(run, by=None, printer_cleared=True)
    assert parts(run) == [(600, 600, 600), (500, 300, 300)]


@pytest.mark.parametrize(
    ("percent", "grams"),
    [(40, [360, 0]), (80, [600, 120]), (Decimal("33.33"), [Decimal("299.97"), 0])],
)
def test_a_percent_takes_the_first_spool_before_the_next(orange, percent, grams):
    run = divided(orange)
    lifecycle.update(run, printer=a_printer(), by=None)
    lifecycle.start(run, by=None, printer_cleared=True)
    reason = Reason.objects.filter(kind="failure").first()
    completion.fail(run, by=None, reason=reason, progress_percent=Decimal(percent), confirm=True)
    taken = [line.actual_grams for line in run.materials.order_by("pk")]
    assert taken == list(map(Decimal, grams))
    assert violations() == []
