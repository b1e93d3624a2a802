"""A run on the floor: started, swapped, taken back; how it ends is in `test_floor_ending`."""

import re

import pytest
from django.utils import timezone

from inventory.models import Spool
from production.models import Printer, PrinterSlot
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_spool,
)
from tests.production.floor_helpers import (
    a_bare_run,
    at,
    entries,
    page,
    page_after,
    queries,
    touch,
    undo,
)
from tests.queries import fresh

# --- Start -------------------------------------------------------------------------------------


def test_a_run_starts_from_the_spool_in_the_printer_with_one_touch(floor, galaxy, operator):
    elm, spool = a_printer("Elm"), a_spool(filament=galaxy)
    PrinterSlot.objects.create(printer=elm, label="1", spool=spool)
    run = a_bare_run(a_product(grams=10), printer=elm)
    line = run.materials.get()
    form = page(floor.get(at(run)))
    assert f'value="{spool.code}"' in form
    answer = touch(floor, at(run, "start"), **{f"material-{line.pk}-spool": spool.code})
    assert f"Run {run.number} is in progress." in page_after(floor, answer)
    assert (fresh(run).status, fresh(line).spool) == ("in_progress", spool)
    assert run.events.last().by == operator


def test_a_typed_label_names_the_spool_in_any_case_with_look_alikes(floor, galaxy):
    spool = a_spool(filament=galaxy)
    Spool.objects.filter(pk=spool.pk).update(code="10AB10CDE")
    run = a_bare_run(a_product(grams=10))
    line = run.materials.get()
    touch(floor, at(run, "start"), **{f"material-{line.pk}-spool": "iOab-loc de"})
    assert fresh(line).spool_id == spool.pk


def test_a_start_offers_the_spools_that_fit_and_what_is_typed_counts_before_them(floor, galaxy):
    elm, hook = a_printer("Elm"), a_product(grams=5, material_type=galaxy.material_type)
    sealed, opened, loaded = (a_spool(grams, filament=galaxy) for grams in (900, 100, 50))
    Spool.objects.filter(pk=opened.pk).update(opened_at=timezone.now())
    PrinterSlot.objects.create(printer=elm, label="1", spool=loaded)
    a_spool(filament=a_filament(material_type=a_material_type("PETG")))
    run, other = a_bare_run(hook, printer=elm), a_bare_run(hook)
    offered = re.findall(r'type="radio"[^>]* value="(\w+)"( checked)?', page(floor.get(at(run))))
    assert offered == [(loaded.code, " checked"), (opened.code, ""), (sealed.code, "")]
    assert "Elm 1" in page(floor.get(at(run)))
    for each, given, taken in (
        (run, ["", ""], loaded),
        (other, [opened.code, sealed.code], sealed),
    ):
        line = each.materials.get()
        touch(floor, at(each, "start"), **{f"material-{line.pk}-spool": given})
        line.refresh_from_db()
        assert line.spool == taken


def test_without_a_spool_the_start_asks_for_it_beside_the_line(floor):
    run = a_bare_run(a_product(grams=10))
    line = run.materials.get()
    again = page(touch(floor, at(run, "start"), **{f"material-{line.pk}-spool": ""}), 409)
    assert f'id="id_material-{line.pk}-spool_error"' in again
    assert "Which spool? Scan or type its code." in again
    assert fresh(run).status == "planned"


def test_an_unknown_label_is_said_beside_the_line_and_stays_typed(floor):
    run = a_bare_run(a_product(grams=10))
    line = run.materials.get()
    again = page(touch(floor, at(run, "start"), **{f"material-{line.pk}-spool": "NOCODE"}), 400)
    assert 'value="NOCODE"' in again
    assert "is not a spool code; was it mistyped?" in again


def test_a_bed_with_parts_on_it_is_cleared_by_saying_so(floor):
    elm = a_printer("Elm", needs_clearing=True)
    run = a_run(printer=elm)
    assert "The bed is clear" in page(floor.get(at(run)))
    again = page(touch(floor, at(run, "start")), 409)
    assert "Clear the bed, then confirm it here." in again
    touch(floor, at(run, "start"), printer_cleared="on")
    assert fresh(run).status == "in_progress"
    assert Printer.objects.get().needs_clearing is False


def test_a_wrong_material_is_refused_and_a_manager_may_go_on(farm_client, operator, manager):
    petg = a_filament("Slate", material_type=a_material_type("PETG"))
    spool = a_spool(filament=petg)
    run = a_bare_run(a_product(grams=10))
    given = {f"material-{run.materials.get().pk}-spool": spool.code}
    farm_client.force_login(operator)
    refused = page(touch(farm_client, at(run, "start"), **given), 409)
    assert "Not this spool: see the message above." in refused
    assert "Override, because" not in refused
    farm_client.force_login(manager)
    assert "Override, because" in page(touch(farm_client, at(run, "start"), **given), 409)
    touch(farm_client, at(run, "start"), **given, override_reason="It is a test print")
    assert fresh(run).status == "in_progress"


# --- Swap --------------------------------------------------------------------------------------


def test_a_spool_that_ran_out_is_swapped_in_the_run_and_in_the_printer(floor, galaxy):
    elm, low, full = a_printer("Elm"), a_spool(100, filament=galaxy), a_spool(filament=galaxy)
    slot = PrinterSlot.objects.create(printer=elm, label="1", spool=low)
    run = a_running_run((low, 90), printer=elm)
    line = run.materials.get()
    form = page(floor.get(at(run, "swap", line.pk)))
    assert full.code[:3] in form
    given = {"gave": "grams", "figure": "60", "spool": full.code}
    text = page_after(floor, touch(floor, at(run, "swap", line.pk), **given))
    assert f"It goes on from spool {full.code}." in text
    rest = "o plan of its own: it takes what is left of the planned grams"
    assert [each in text for each in ("90 g planned", f"N{rest}", ">0 g planned")] == [1, 1, 0]
    assert f"N{rest}; 1000 g remaining" in page(floor.get(at(run, "complete")))
    assert fresh(slot).spool == full
    assert (fresh(line).actual_grams, fresh(full).reserved_grams) == (60, 30)
    assert [event.verb for event in full.events.all()] == ["opened", "loaded"]
    assert [event.verb for event in low.events.all()] == ["unloaded"]


def test_a_swap_asks_what_the_old_spool_gave(floor, galaxy):
    low, full = a_spool(100, filament=galaxy), a_spool(filament=galaxy)
    run = a_running_run((low, 90))
    path = at(run, "swap", run.materials.get().pk)
    again = page(touch(floor, path, gave="weighed", figure="", spool=full.code), 400)
    assert "How many grams?" in again
    assert f'value="{full.code}"' in again
    assert run.materials.count() == 1


def test_a_swap_to_another_material_is_refused_beside_the_spool(floor, galaxy):
    run = a_running_run((a_spool(100, filament=galaxy), 90))
    other = a_spool(filament=a_filament("Moss"))
    path = at(run, "swap", run.materials.get().pk)
    again = page(touch(floor, path, gave="empty", spool=other.code), 409)
    assert "Not this spool: see the message above." in again
    assert run.materials.count() == 1


# --- Undo --------------------------------------------------------------------------------------


def test_a_completion_is_undone_from_the_bar(floor, galaxy):
    run = a_running_run((a_spool(filament=galaxy), 40))
    touch(floor, at(run, "complete-as-planned"))
    event = run.events.last()
    assert f'name="event" value="{event.pk}"' in page(floor.get("/floor/"))
    assert "Taken back" in page_after(floor, undo(floor, run, event=event.pk))
    assert fresh(run).status == "in_progress"
    assert [kind for kind, _ in entries(run)] == ["usage", "reversal"]
    assert 'class="undo"' not in page(floor.get("/floor/"))


def test_a_start_is_undone_from_the_bar(floor):
    run = a_run()
    touch(floor, at(run, "start"))
    undo(floor, run, event=run.events.last().pk)
    assert fresh(run).status == "planned"


def test_what_was_done_since_is_not_undone_by_an_old_bar(floor):
    run = a_run()
    touch(floor, at(run, "start"))
    event = run.events.last()
    touch(floor, at(run, "complete-as-planned"))
    assert "Something else was done" in page_after(floor, undo(floor, run, event=event.pk))
    assert fresh(run).status == "completed"


def test_nobody_undoes_what_another_did(floor, manager):
    run = a_running_run(by=manager)
    assert 'class="undo"' not in page(floor.get("/floor/"))
    page_after(floor, undo(floor, run, event=run.events.last().pk))
    assert fresh(run).status == "in_progress"


# --- Who, and what it costs --------------------------------------------------------------------


@pytest.mark.parametrize(
    "verb", ["start", "complete", "complete-as-planned", "fail", "cancel", "undo"]
)
def test_a_viewer_sees_a_run_and_does_nothing(farm_client, viewer, verb):
    farm_client.force_login(viewer)
    run = a_run() if verb == "start" else a_running_run()
    before = fresh(run).status
    assert '<button type="submit" class="primary"' not in page(farm_client.get(at(run)))
    assert touch(farm_client, at(run, verb), idempotency_key="mine").status_code == 403
    assert fresh(run).status == before


def test_a_run_that_is_not_there_says_so(floor):
    gone = page(floor.get("/floor/runs/999999999/"), 404)
    assert "Not found" in gone
    assert "It was removed, or belongs to another farm." in gone


@pytest.mark.parametrize("verb", ["", "complete", "fail", "cancel"])
def test_the_pages_of_a_running_run_ask_few_questions_however_large_it_is(floor, hook, verb):
    def of(size):
        takes = [(a_spool(), 10) for _ in range(size)]
        run = a_running_run(*takes, items=[(hook, 1)] * size)
        return queries(floor, at(run, verb) if verb else at(run))

    small = of(1)
    assert of(6) == small
    assert small <= 13  # the farm's look-up included


def test_the_page_of_a_planned_run_asks_few_questions(floor):
    def of(size):
        products = [
            a_product(grams=5, material_type=a_material_type(f"M{number}"))
            for number in range(size)
        ]
        run = a_bare_run(*products, printer=a_printer())
        return queries(floor, at(run))

    small = of(1)
    assert of(6) == small
    assert small <= 15  # the farm's look-up included
