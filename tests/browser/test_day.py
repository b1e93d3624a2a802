"""A worker's day on the floor, by hand, with the touches counted."""

import re
from decimal import Decimal

import pytest

from production.models import PrinterSlot
from production.services.completion.actuals import MaterialActual
from production.services.printing import midprint
from production.services.runs import lifecycle
from tests.browser.page_checks import PHONE, TABLET, Hand, finds, geometry, on_board
from tests.browser.sample_farm import grams
from tests.factories import a_filament, a_printer, a_product, a_run, a_running_run, a_spool


@pytest.fixture
def job(shop):
    """A printer of its own with a run that is ready to start, and a second spool to go on from."""
    filament = a_filament()
    printer = a_printer(f"Printer of {filament.name}")
    spool, other = a_spool(filament=filament, by=shop.otto), a_spool(filament=filament)
    PrinterSlot.objects.create(printer=printer, label="1", spool=spool)
    product = a_product(name="Cable clip", grams=10, material_type=filament.material_type)
    run = a_run((spool, 40), printer=printer, items=[(product, 4)], by=shop.otto)
    run.spool, run.other = spool, other
    return run


def spools_of_one(*grams):
    filament = a_filament()
    return [a_spool(each, filament=filament) for each in grams]


def status(run):
    return type(run).objects.get(pk=run.pk).status


BY_HAND = pytest.mark.parametrize(
    ("viewport", "script"), [(PHONE, True), (TABLET, False)], ids=["phone", "no script"]
)


@BY_HAND
def test_a_spool_is_found_and_weighed(visit, viewport, script):
    page = visit(viewport=viewport, java_script_enabled=script)
    weigh_and_undo(page, Hand(page), a_spool())


@BY_HAND
def test_a_run_is_started_and_its_spool_swapped(visit, job, viewport, script):
    page = visit(viewport=viewport, java_script_enabled=script)
    start_and_swap(page, Hand(page), job)


@BY_HAND
def test_figures_are_saved_and_a_run_completed_with_them(visit, job, shop, viewport, script):
    lifecycle.start(job, by=shop.otto)
    so_far = MaterialActual(line=job.materials.get().pk, actual_grams=Decimal(15))
    midprint.swap_spool(job, by=shop.otto, line=so_far.line, spool=job.other, so_far=so_far)
    page = visit(viewport=viewport, java_script_enabled=script)
    hand = Hand(page)
    hand.touch(on_board(page, job))
    save_draft(page, hand, script)
    complete_and_undo(page, hand, job)


def start_and_swap(page, hand, job):
    hand.touch(on_board(page, job))
    hand.button("Start")
    finds(page, f"Run {job.number} is in progress.")
    assert status(job) == "in_progress"
    assert hand.touches <= 3

    hand.touch(page.get_by_role("link", name="Swap this spool"))
    hand.touch(page.get_by_text("gave so many grams"))
    page.get_by_label("Grams, if it is not empty").fill("15")
    page.get_by_label("New spool").fill(job.other.code.lower())
    hand.button("Continue on this spool")
    finds(page, f"It goes on from spool {job.other.code}.")


def save_draft(page, hand, has_script):
    hand.link("Enter actuals")
    page.get_by_label("Good", exact=True).fill("3")
    page.get_by_label("Scrapped", exact=True).fill("1")
    hand.touch(page.locator(".reasons label").first)
    grams = page.get_by_label("Grams in the parts").last
    hint = page.locator(f"#{grams.get_attribute('id')}_helptext")
    assert hint.inner_text() == "as planned"
    grams.fill("24")
    assert hint.is_hidden() == has_script  # it is not, any more
    grams.fill("25")
    assert hint.is_visible()
    hand.button("Only save these figures for later")
    finds(page, "nothing is booked yet")


def weigh_and_undo(page, hand, spool):
    page.get_by_label("Scan or type a code").fill(spool.code.lower())
    hand.button("Go")
    hand.link("Weigh")
    page.get_by_label("The scale shows").fill("1170,5")
    hand.button("Save the weight")
    finds(page, "970.5 g are on the spool")
    assert grams(spool.transactions)[-1] == ("count", Decimal("-29.5"))

    hand.button("Undo")
    finds(page, "Taken back: the book of spool")
    assert spool.transactions.order_by("pk").last().kind == "reversal"


def complete_and_undo(page, hand, job):
    hand.link("home")
    hand.touch(on_board(page, job))
    hand.button("Complete with the saved figures")
    finds(page, f"Run {job.number} is completed: 40 g are booked.")
    assert status(job) == "completed"
    item = job.items.get()
    assert (item.good_count, item.scrapped_count) == (3, 1)
    assert item.scrap_reason is not None

    hand.button("Undo")
    finds(page, f"Taken back: run {job.number} is")
    assert status(job) == "in_progress"
    assert grams(job.transactions)[-2:] == [("reversal", Decimal(25)), ("reversal", Decimal(15))]


# --- Budgets -----------------------------------------------------------------------------------


def test_a_run_is_completed_as_planned_with_at_most_two(visit, shop):
    run = a_running_run((a_spool(), 40), printer=a_printer(), by=shop.otto)
    page = visit()
    hand = Hand(page)
    hand.touch(on_board(page, run))
    hand.button("Complete as planned")
    finds(page, "is completed: 40 g are booked.")
    assert hand.touches <= 2
    assert grams(run.transactions) == [("usage", Decimal(-40))]


def test_a_run_fails_with_at_most_four(visit, shop):
    run = a_running_run((a_spool(), 40), printer=a_printer(), planned_minutes=60, by=shop.otto)
    page = visit()
    hand = Hand(page)
    hand.touch(on_board(page, run))
    hand.link("It failed")
    hand.touch(page.locator("label.choice").first)
    hand.button("It failed: book what it took")
    finds(page, "has failed")
    assert hand.touches <= 4
    assert status(run) == "failed"


def test_undo_lies_over_no_button_of_a_run(visit, shop):
    run = a_run((a_spool(), 40), printer=a_printer(), by=shop.otto)
    lifecycle.start(run, by=shop.otto, printer_cleared=True, confirm=True)
    page = visit(f"/floor/runs/{run.pk}/", viewport={"width": 390, "height": 844})
    assert page.get_by_role("button", name="Undo").is_visible()
    bar = page.locator(".undo").bounding_box()
    for button in page.locator("main :is(a.button, button.primary)").all():
        assert button.bounding_box()["y"] >= bar["y"] + bar["height"]


def test_what_must_be_chosen_is_shown_though_its_part_was_closed(visit, shop):
    """The browser has nothing to tell on its console: `visit` looks at that."""
    run = a_running_run((a_spool(), 40), printer=a_printer(), by=shop.otto)
    page = visit(f"/floor/runs/{run.pk}/fail/")
    page.get_by_role("button", name="It failed: book what it took").tap()
    page.locator(".reasons details[open]").wait_for()
    assert page.evaluate("document.activeElement.name") == "reason"


def test_a_spool_is_weighed_with_at_most_three(visit, shop):
    """From its label: scanning it opens its page."""
    spool = a_spool()
    page = visit(f"/S/{spool.code}")
    hand = Hand(page)
    hand.link("Weigh")
    page.locator("[name=gross_grams]:focus").wait_for()
    page.keyboard.type("1190")
    hand.button("Save the weight")
    finds(page, "990 g are on the spool")
    assert hand.touches <= 3


# --- What is refused ---------------------------------------------------------------------------


def test_a_refused_form_comes_back_with_what_was_typed(visit, shop):
    run = a_running_run((a_spool(), 40), by=shop.otto)
    page = visit(f"/floor/runs/{run.pk}/complete/")
    page.get_by_label("Grams in the parts").fill("390")
    page.get_by_role("button", name="Complete").click()
    finds(page, "Implausible: check it.")
    assert page.get_by_label("Grams in the parts").input_value() == "390"
    assert geometry(page) == []
    page.get_by_text("The figures are correct").tap()
    page.get_by_role("button", name="Complete").click()
    finds(page, "is completed: 390 g are booked.")


def test_a_form_that_is_refused_far_below_says_so_above_and_leads_there(visit, shop):
    page = visit(f"/floor/runs/{shop.sample.running.pk}/complete/")
    page.get_by_label("Minutes it printed").fill("long")
    page.get_by_role("button", name="Complete").click()
    finds(page, "something below is not right")
    assert geometry(page) == []
    page.get_by_role("link", name="Show: Minutes it printed").tap()
    page.wait_for_function("() => scrollY > 0")
    box = page.get_by_label("Minutes it printed").bounding_box()
    assert 0 <= box["y"] <= page.viewport_size["height"] - box["height"]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_spool_of_the_shelf_is_swapped_in_by_touching_it(visit, job, shop, script):
    run = a_running_run((job.spool, 30), by=shop.otto)
    page = visit(f"/floor/runs/{run.pk}/", java_script_enabled=script)
    hand = Hand(page)
    hand.link("Swap this spool")
    spelled = " ".join(re.findall("...", job.other.code))
    hand.touch(page.get_by_role("button").filter(has_text=spelled))
    finds(page, "Is it empty, or what did it give?")  # by the book there is a lot left on it
    hand.touch(page.get_by_text("is empty"))
    hand.touch(page.get_by_role("button").filter(has_text=spelled))
    finds(page, f"It goes on from spool {job.other.code}.")
    line = run.materials.order_by("pk").first()
    assert (line.spool, line.actual_grams) == (job.spool, 1000)


def test_a_spool_that_runs_out_by_the_book_is_swapped_with_two_touches(visit, shop):
    spool, other = spools_of_one(20, 1000)
    run = a_running_run((spool, 20), by=shop.otto)
    page = visit(f"/floor/runs/{run.pk}/")
    hand = Hand(page)
    hand.link("Swap this spool")
    hand.touch(page.locator("main button.choice").first)
    finds(page, f"It goes on from spool {other.code}.")
    assert hand.touches == 2


def test_figures_are_shown_while_they_are_typed(visit, shop):
    page = visit(f"/floor/spools/{a_spool().pk}/weigh/")
    page.get_by_label("The scale shows").fill("1187,5")
    assert page.locator("[data-net]").text_content() == "987.5"
    assert page.locator("[data-off]").text_content() == "−12.5"


def test_what_is_scrapped_is_not_good(visit, shop):
    page = visit(f"/floor/runs/{shop.sample.running.pk}/complete/")
    assert not page.get_by_text("Why scrapped").first.is_visible()
    page.get_by_role("button", name="Scrapped +").first.tap()
    assert page.get_by_label("Good", exact=True).first.input_value() == "3"
    assert page.get_by_text("Why scrapped").first.is_visible()
