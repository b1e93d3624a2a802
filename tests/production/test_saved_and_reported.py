"""A figure that was saved while a run prints is of that moment: what is reported later is added."""

from decimal import Decimal

import pytest

from production.services import completion, explanation
from production.services.completion.actuals import MaterialActual
from production.services.printing import midprint, slots, weighing
from production.services.printing.slots import SpoolPrinting
from production.services.runs import lifecycle, lines
from production.services.undo import last_action
from tests.factories import (
    a_printer,
    a_running_run,
    a_slot,
    spools_of_one,
)
from tests.production.floor_helpers import at, page, touch
from tests.queries import SAVEPOINT, fresh, queries_of, violations
from tests.reporting import report

ZERO = Decimal(0)


def typed(spool, grams):
    grams = Decimal(grams)
    return MaterialActual(spool=spool.pk, actual_grams=grams, actual_purge_grams=ZERO)


def save(run, spool, grams):
    midprint.save_actuals(run, by=None, materials=[typed(spool, grams)])


def weigh(spool, net):
    """As if it were on the scale; returns the Weighing."""
    return weighing.weigh(spool, gross_grams=net + spool.tare(), by=None)


def booked(run):
    """``(actual, its source, reported)`` of the run's only line, and the balance of its spool."""
    line = fresh(run).materials.get()
    assert violations() == []
    spool = fresh(line.spool)
    figures = line.actual_total_grams, line.actual_source, line.metered_grams
    return *figures, spool.remaining_grams, spool.live_grams


def complete(run, **how):
    completion.complete(run, by=None, **how)
    return booked(run)


def test_what_is_reported_after_a_weight_is_added(spool, run, token):
    report(spool, token, 60)
    assert weigh(spool, 930).line.metered_before_grams == 60
    report(spool, token, 25)
    assert complete(run) == (95, "weighed", 85, 905, 905)


def test_what_is_reported_after_a_draft_is_added(spool, run, token):
    report(spool, token, 60)
    save(run, spool, 62)
    report(spool, token, 35)
    assert complete(run) == (97, "typed", 95, 903, 903)


def test_a_report_after_a_draft_is_one_statement(spool, run, token):
    report(spool, token, 60)
    save(run, spool, 62)
    assert queries_of(lambda: report(spool, token, 35)) == 1 + SAVEPOINT
    assert complete(run) == (97, "typed", 95, 903, 903)


def test_a_spool_of_which_a_draft_was_saved_is_printed_from(operator):
    one, other = spools_of_one(2, 1000)
    slot = a_slot(printer=a_printer())
    run = a_running_run((one, 100), printer=slot.printer)
    line = run.materials.get()
    save(run, one, 62)
    with pytest.raises(SpoolPrinting, match=f"Run {run.number} prints from spool"):
        slots.load(other, slot=slot, by=operator)
    assert slots.line_printing(fresh(slot)) == line
    midprint.swap_spool(run, by=operator, spool=other, line=line.pk)
    assert slots.line_printing(fresh(slot)).spool == other


def test_a_draft_that_is_saved_again_is_of_that_moment(spool, run, token, operator):
    save(run, spool, 10)
    report(spool, token, 60)
    lines.change_material(run.materials.get(), by=operator, actual_grams=Decimal(61))
    report(spool, token, 30)
    assert complete(run) == (91, "typed", 90, 909, 909)


def test_a_weight_after_a_draft_replaces_it(spool, run, token):
    report(spool, token, 60)
    save(run, spool, 40)
    assert weigh(spool, 930).entry is None
    report(spool, token, 30)
    assert complete(run) == (100, "weighed", 90, 900, 900)


def test_what_is_given_with_the_completion_is_of_the_whole_print(spool, run, token):
    save(run, spool, 10)
    report(spool, token, 95)
    assert complete(run, materials=[typed(spool, 97)]) == (97, "typed", 95, 903, 903)


def test_what_is_saved_of_a_finished_print_is_of_the_whole(spool, run, token):
    report(spool, token, 60)
    complete(run, confirm=True)
    completion.revert(run, by=None)
    save(run, spool, 97)
    report(spool, token, 35)
    assert complete(run) == (97, "typed", 95, 903, 903)


def test_what_is_given_back_was_not_reported_since(spool, run, token):
    report(spool, token, 60)
    save(run, spool, 62)
    report(spool, token, -10)
    report(spool, token, 25)
    assert complete(run, confirm=True)[:3] == (87, "typed", 75)


def test_undo_and_completing_again_book_the_same(spool, run, token, operator):
    report(spool, token, 60)
    weigh(spool, 930)
    report(spool, token, 25)
    for _ in range(2):
        completion.complete(run, by=operator)
        assert booked(run)[:1] == (95,)
        last_action.undo(run, event=run.events.last().pk, by=operator)
    report(spool, token, 5)
    assert complete(run) == (100, "weighed", 90, 900, 900)


@pytest.mark.parametrize(("is_printing", "expected"), [(True, 105), (False, 95)])
def test_a_print_that_goes_on_after_a_revert_adds_to_what_was_booked(
    spool, run, token, is_printing, expected
):
    report(spool, token, 60)
    weigh(spool, 930)
    report(spool, token, 25)
    complete(run)
    completion.revert(run, by=None, is_printing=is_printing)
    report(spool, token, 10)
    assert complete(run, confirm=True)[:1] == (expected,)


def test_a_correction_adds_nothing_again(spool, run, token):
    report(spool, token, 60)
    save(run, spool, 62)
    report(spool, token, 35)
    complete(run)
    completion.correct(run, by=None, actual_minutes=Decimal(7))
    assert booked(run)[0] == 97


def test_cancelling_wastes_it_with_what_was_reported_since(spool, run, token):
    report(spool, token, 20)
    save(run, spool, 22)
    report(spool, token, 8)
    lifecycle.cancel(run, by=None)
    assert booked(run) == (30, "typed", 28, 970, 970)


def test_a_swap_takes_the_draft_with_what_was_reported_since(token, operator):
    old, new = spools_of_one(2, 1000)
    slot = a_slot(printer=a_printer())
    run = a_running_run((old, 100), printer=slot.printer)
    report(old, token, 40)
    save(run, old, 42)
    report(old, token, 10)
    line = run.materials.get()
    midprint.swap_spool(run, by=operator, spool=new, line=line.pk)
    report(old, token, 1)  # it was on its way
    report(new, token, 46)
    completion.complete(run, by=operator)
    found = run.materials.order_by("pk").values_list("actual_grams", "actual_source")
    assert list(found) == [(52, "typed"), (46, "metered")]
    assert violations() == []


def test_a_spool_that_was_swapped_out_as_reported_has_one_figure(token, operator):
    old, new = spools_of_one(2, 1000)
    run = a_running_run((old, 100), printer=a_printer())
    report(old, token, Decimal("50.5"))
    line = run.materials.get()
    midprint.swap_spool(run, by=operator, spool=new, line=line.pk)
    report(old, token, Decimal("1.5"))
    line.refresh_from_db()
    assert (line.actual_total_grams, line.metered_grams, line.reserved_grams) == (52, 52, 0)
    report(old, token, Decimal("-2"))
    line.refresh_from_db()
    assert (line.actual_total_grams, line.metered_grams) == (50, 50)
    assert violations() == []


def test_the_difference_is_told_once_it_is_over(floor, api, spool, run, token):
    report(spool, token, 60)
    weigh(spool, 930)
    report(spool, token, 25)
    complete(run)
    told = (
        f"Of spool {spool.code} 85 g were reported, 95 g booked: 70 weighed and 25 reported since."
    )
    assert told in explanation.of_run(fresh(run)).as_dict()["sentence"]
    text = page(floor.get(at(run)))
    assert told in text
    assert "85 g were reported" in text.split("Materials")[1]
    assert told in api.get(f"/api/v1/production-runs/{run.pk}/explanation/").content.decode()


# -- on the floor ----------------------------------------------------------------------------------


def label(floor, run):
    text = page(floor.get(at(run)))
    return text.split('id="books" data-live>')[1].split("</span>")[0]


def test_the_button_says_what_it_books(floor, spool, run, token):
    assert label(floor, run) == "Complete as planned"
    report(spool, token, 60)
    assert label(floor, run) == "Complete with what was reported: 60 g"
    weigh(spool, 930)
    assert label(floor, run) == "Complete with the saved figures: 70 g"
    report(spool, token, 25)
    assert label(floor, run) == "Complete with the saved figures: 95 g"
    text = page(floor.get(at(run)))
    assert f"95 g of {spool.code}: weighed, and 25 g reported since." in text
    assert touch(floor, at(run, "complete-as-planned")).status_code == 303
    assert booked(run)[0] == 95


def test_it_says_what_it_books_as_planned(floor, token):
    first, second = spools_of_one(2, 1000)
    run = a_running_run((first, 60), (second, 40), printer=a_printer())
    report(first, token, 58)
    assert label(floor, run) == "Complete with what was reported: 58 g, and 40 g as planned"
    text = page(floor.get(at(run)))
    assert f"Of {second.code} nothing was reported or saved: 40 g, as planned." in text
    save(run, first, 59)
    assert label(floor, run) == "Complete with the saved figures: 59 g, and 40 g as planned"
    touch(floor, at(run, "complete-as-planned"))
    actuals = run.materials.order_by("pk").values_list("actual_grams", flat=True)
    assert list(actuals) == [59, 40]


def test_one_that_would_be_asked_about_says_no_figure(floor, spool, run):
    midprint.save_actuals(
        run,
        by=None,
        materials=[MaterialActual(spool=spool.pk, gross_after_grams=Decimal(9000))],
    )
    assert label(floor, run) == "Complete with the saved figures"


def test_the_forms_begin_with_the_sum(floor, spool, run, token):
    report(spool, token, 60)
    save(run, spool, 62)
    report(spool, token, 35)
    text = page(floor.get(at(run, "complete")))
    assert "typed, with 35 g reported since" in text
    assert 'value="97"' in text


def test_swapping_offers_what_was_saved_and_reported_since(floor, token):
    old, new = spools_of_one(2, 1000)
    run = a_running_run((old, 100), printer=a_printer())
    save(run, old, 42)
    report(old, token, 10)
    line = run.materials.get()
    text = page(floor.get(at(run, "swap", line.pk)))
    assert "gave 52 g, by what was saved, and reported since" in text


def test_the_board_says_it_too(floor, spool, token):
    run = a_running_run((spool, 100), printer=a_printer("Elm"), planned_minutes=0)
    save(run, spool, 42)
    report(spool, token, 10)
    assert "Complete with the saved figures: 52 g" in page(floor.get("/floor/"))
