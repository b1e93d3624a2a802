"""While a run prints: figures for the next shift, a plate that failed; the completion begins with
them."""

import pytest

from production.models import ProductionRun, Reason
from production.services import completion
from production.services.completion.actuals import CountsExceedQuantity
from production.services.printing import midprint
from production.services.run_state import InvalidRunStatus, NotInRun
from production.services.undo import last_action
from tenants.operations.refusals import Invalid
from tests.factories import a_product, a_run, a_running_run, a_spool
from tests.production.floor_helpers import at, page, page_after, queries, touch
from tests.queries import violations

HOOK = {"name": "Hook", "units_per_plate": 4}


@pytest.fixture
def run(farm):
    return a_running_run((a_spool(1000), 40), items=[(a_product(**HOOK), 12)], plate_count=3)


def counts(run):
    return run.items.values_list("good_count", "scrapped_count", "scrap_reason__code").get()


# --- A failed plate ------------------------------------------------------------------------------


def test_the_page_of_a_swap_begins_with_what_is_made(floor):
    run = a_running_run((a_spool(), 10), items=[(a_product(name="Cable clip"), 4)])
    text = page(floor.get(at(run, "swap", run.materials.get().pk)))
    assert "Cable clip</h1>" in text


def test_a_failed_plate_is_noted_with_two_touches_and_fills_the_completion(floor, run):
    form = page(floor.get(at(run, "plate")))
    item = run.items.get()
    assert f'name="item-{item.pk}-scrapped_count" value="4"' in form
    reason = Reason.objects.get(kind="scrap", code="adhesion")
    field = {f"item__{item.pk}__scrapped_count": "4"}
    text = page_after(floor, touch(floor, at(run, "plate"), reason=reason.pk, **field))
    assert "8 good, 4 scrapped so far" in text
    assert counts(run) == (8, 4, "adhesion")
    touch(floor, at(run, "plate"), **field)
    assert counts(run) == (4, 8, "adhesion")
    filled = page(floor.get(at(run, "complete")))
    assert f'name="item-{item.pk}-good_count" value="4"' in filled
    touch(floor, at(run, "complete-as-planned"))
    assert counts(run) == (4, 8, "adhesion")
    assert ProductionRun.objects.get().status == "completed"
    assert violations() == []


def test_a_failed_plate_can_be_taken_back(floor, operator, run):
    item = run.items.get()
    touch(floor, at(run, "plate"), **{f"item__{item.pk}__scrapped_count": "3"})
    last_action.undo(run, event=last_action.find(by=operator).event, by=operator)
    assert counts(run) == (None, None, None)


def test_no_more_parts_fail_than_there_are_and_some_do(run):
    item = run.items.get()
    midprint.note_plate(run, scrapped={item.pk: 10}, by=None)
    for scrapped, refusal in (
        ({item.pk: 3}, CountsExceedQuantity),
        ({item.pk: 0}, Invalid),
        ({}, Invalid),
        ({item.pk + 9: 1}, NotInRun),
    ):
        with pytest.raises(refusal):
            midprint.note_plate(run, scrapped=scrapped, by=None)
    assert counts(run) == (2, 10, None)


def test_what_can_not_be_stays_typed(floor, run):
    item = run.items.get()
    for typed in ("13", "", "x", "-1"):
        field = {f"item__{item.pk}__scrapped_count": typed}
        again = page(touch(floor, at(run, "plate"), **field), 400)
        assert f'value="{typed}"' in again or not typed
        assert 'role="alert"' in again
    assert counts(run) == (None, None, None)


@pytest.mark.usefixtures("farm")
def test_only_a_running_run_has_plates_that_fail():
    planned = a_run(items=[(a_product(), 2)])
    running = a_running_run(items=[(a_product(), 2)])
    completed = completion.complete(running, by=None, as_planned=True).run
    for run in (planned, completed):
        with pytest.raises(InvalidRunStatus):
            midprint.note_plate(run, scrapped={run.items.get().pk: 1}, by=None)


# --- Figures for the next shift ------------------------------------------------------------------


def test_figures_are_noted_at_a_shift_change_and_fill_the_completion(floor, operator, run):
    item, line = run.items.get(), run.materials.get()
    page(floor.get(at(run, "note")))
    fields = {
        "progress_percent": "60",
        "actual_minutes": "90",
        f"item__{item.pk}__good_count": "7",
        f"item__{item.pk}__scrapped_count": "1",
        f"material__{line.pk}__actual_grams": "40",  # as the page showed it
        f"material__{line.pk}__gross_after_grams": "1176,5",
    }
    assert "nothing is booked yet" in page_after(floor, touch(floor, at(run, "note"), **fields))
    saved = ProductionRun.objects.get()
    assert (saved.progress_percent, saved.actual_minutes) == (60, 90)
    assert counts(run) == (7, 1, None)
    filled = page(floor.get(at(run, "complete")))
    for value in ("7", "1176.5", "90"):
        assert f'value="{value}"' in filled
    assert run.materials.get().spool.remaining_grams == 1000
    last_action.undo(run, event=last_action.find(by=operator).event, by=operator)
    assert counts(run) == (None, None, None)
    assert ProductionRun.objects.get().progress_percent is None


def test_only_what_was_touched_is_noted(floor, run):
    item = run.items.get()
    line = run.materials.get()
    fields = {f"item__{item.pk}__good_count": "12", f"item__{item.pk}__scrapped_count": "0"}
    fields[f"material__{line.pk}__actual_grams"] = "40"
    touch(floor, at(run, "note"), progress_percent="", actual_minutes="", **fields)
    assert counts(run) == (None, None, None)
    assert ProductionRun.objects.get().progress_percent is None


def test_a_figure_that_can_not_be_keeps_the_rest_typed(floor, run):
    item, line = run.items.get(), run.materials.get()
    fields = {f"item__{item.pk}__good_count": "13", f"material__{line.pk}__actual_grams": "7"}
    again = page(touch(floor, at(run, "note"), progress_percent="55", **fields), 400)
    assert 'value="55"' in again
    assert ProductionRun.objects.get().progress_percent is None


def test_who_looks_notes_nothing(farm_client, viewer, run):
    farm_client.force_login(viewer)
    text = page(farm_client.get(at(run)))
    assert "A plate failed" not in text
    for verb in ("note", "plate"):
        assert farm_client.get(at(run, verb)).status_code == 403
        assert touch(farm_client, at(run, verb)).status_code == 403


def test_the_pages_ask_few_questions_however_large_the_run_is(floor):
    def queries_of_pages(size):
        takes = [(a_spool(), 10) for _ in range(size)]
        run = a_running_run(*takes, items=[(a_product(), 2) for _ in range(size)])
        return [queries(floor, at(run, *verb)) for verb in ([], ["note"], ["plate"])]

    few = queries_of_pages(1)
    assert queries_of_pages(6) == few
    assert max(few) <= 12
