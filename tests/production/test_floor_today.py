"""The floor's first page: what each printer does, what is next, what blocks it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape

from production.models import Printer, PrinterSlot, ProductionRun
from production.services import completion
from production.services.completion.actuals import MaterialActual
from production.services.printing import midprint, weighing
from production.templatetags import board
from tenants.accounts.models import FarmSettings
from tenants.accounts.services import change_settings
from tests.factories import a_filament, a_printer, a_product, a_run, a_running_run, a_spool
from tests.production.floor_helpers import a_bare_run, page, page_after, queries, touch

TODAY, QUEUE, SCREEN = "/floor/", "/floor/queue/", "/floor/screen/"


@pytest.fixture(autouse=True)
def _cards_are_filled_in_as_they_would_be_rendered(monkeypatch):
    fill = board.fill

    def compared(template, values, **shape):
        filled = fill(template, values, **shape)
        assert filled == render_to_string(template, shape | values)
        return filled

    monkeypatch.setattr(board, "fill", compared)


def test_the_floor_is_for_those_who_sign_in(farm_client):
    answer = farm_client.get(TODAY)
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/floor/"


def seen(browser, path=TODAY):
    """The page from its main part on, and whether words on it are in order."""
    text = page(browser.get(path)).partition("<main")[2]
    return text, lambda *words: [*words] == sorted(words, key=text.index)


def test_a_printer_shows_what_runs_on_it_and_the_time_left(floor):
    elm, hook = a_printer("Elm"), a_product(name="Wall hook")
    spool = a_spool()
    PrinterSlot.objects.create(printer=elm, label="1", spool=spool)
    PrinterSlot.objects.create(printer=elm, label="2")
    run = a_running_run((spool, 100), printer=elm, items=[(hook, 4)], planned_minutes=90)
    text, has_order = seen(floor)
    assert f"/floor/runs/{run.pk}/" in text
    assert has_order("Printing, next", "Elm", "4 parts", "Wall hook")
    assert "1 h 29 min left" in text or "1 h 30 min left" in text
    assert text.count("<svg") == 2  # what it prints from, and the empty slot
    assert "<title>Empty slot</title>" in text


def test_a_print_that_ends_on_another_day_says_on_which(floor):
    run = a_running_run((a_spool(), 1), printer=a_printer("Elm"), planned_minutes=60 * 72)
    ends = (run.started_at + timedelta(days=3)).astimezone(ZoneInfo("Europe/Berlin"))
    text = floor.get(TODAY).content.decode()
    assert f"until {ends.day} {ends:%b %Y, %H:%M}" in text


def test_of_many_products_a_card_names_the_first(floor):
    items = [(a_product(name=f"Part {number}"), 2) for number in range(9)]
    run = a_running_run((a_spool(), 1), printer=a_printer("Elm"), items=items)
    text = floor.get(TODAY).content.decode()
    assert "2&nbsp;×&nbsp;Part 2, 9 products in all" in text
    assert "Part 3" not in text
    assert "2&nbsp;×&nbsp;Part 8" in floor.get(f"/floor/runs/{run.pk}/").content.decode()


def test_names_are_written_as_they_are_whatever_they_look_like(floor):
    name = "<b>\"x'</b> & %s %(name)s {} {{ x }}"
    product = a_product(name=name, grams=5)
    for number, minutes in enumerate((None, 0, 90)):
        printer, spool = a_printer(f"{number} {name}"), a_spool(filament=a_filament(name))
        PrinterSlot.objects.create(printer=printer, label="1", spool=spool)
        a_running_run((spool, 100), printer=printer, items=[(product, 2)], planned_minutes=minutes)
    weighing.weigh(spool, gross_grams=260, by=None, as_count=True, confirm=True)
    a_bare_run(product, printer=a_printer(name))
    a_run((a_spool(), 1), printer=a_printer(f"Free {name}"), items=[(product, 1)])
    a_printer(f"Clear {name}", needs_clearing=True)
    text = page(floor.get(TODAY))
    assert text.count(f"{escape(name)}</h3>") == 6
    assert text.count(f"{escape(name)}</p>") == 4
    assert name not in text
    assert "<b>&quot;" not in text


def test_what_prints_is_in_the_order_of_its_end(floor):
    for name, minutes in (("Elm", 90), ("Oak", None), ("Fir", 30)):
        a_running_run((a_spool(), 1), printer=a_printer(name), planned_minutes=minutes)
    _, has_order = seen(floor)
    assert has_order("Printing, next", "Fir", "Elm", "Oak", "since")


def test_the_queue_marks_what_is_overdue_by_the_farms_calendar(floor):
    change_settings(FarmSettings.load(), by=None, timezone="Pacific/Kiritimati")
    today = timezone.localdate(timezone=ZoneInfo("Pacific/Kiritimati"))
    for days in (-1, 0):
        a_run((a_spool(), 1), due_on=today + timedelta(days=days))
    text = floor.get(QUEUE).content.decode()
    assert f"overdue since {date_format(today - timedelta(days=1))}" in text
    assert f"due {date_format(today)}" in text
    assert text.count("overdue") == 1


def test_the_queue_has_the_runs_of_all_printers_and_what_blocks_them(floor):
    elm, spool = a_printer("Elm"), a_spool()
    a_running_run((a_spool(), 1), printer=elm)
    first, second = a_run((spool, 1), printer=elm), a_run((spool, 1))
    text, has_order = seen(floor, QUEUE)
    assert has_order(first.number, "Elm is busy with run", second.number)


# --- Who needs somebody ------------------------------------------------------------------------


def test_printers_that_need_somebody_come_first_by_urgency(floor):
    """A spool runs dry, a bed is to be cleared, prints are over, spools are to be chosen."""
    hook = a_product(name="Wall hook", grams=5)
    dry = a_spool()
    a_running_run((dry, 100), printer=a_printer("Elm"), planned_minutes=100)
    weighing.weigh(dry, gross_grams=260, by=None, as_count=True, confirm=True)
    over = a_running_run((a_spool(), 1), printer=a_printer("Fir"), planned_minutes=0)
    blocked = a_bare_run(hook, printer=a_printer("Ash"))
    elsewhere = a_running_run((a_spool(), 1), items=[(hook, 3)])
    ProductionRun.objects.filter(pk=elsewhere.pk).update(finished_at=timezone.now())
    a_printer("Oak", needs_clearing=True)
    a_running_run((a_spool(), 1), printer=a_printer("Yew"), planned_minutes=90)
    a_printer("Box")
    text, has_order = seen(floor)
    order = ["<b>5</b> need somebody", "<b>1</b> printing", "<b>1</b> free"]
    order += [">Elm<", "Runs dry", "40 g short of", "Swap the spool", ">Oak<", "The bed is clear"]
    order += [">Fir<", "should have ended", "Complete as planned", "No printer", "3 parts, printed"]
    order += [">Ash<", "No spool yet for", "Choose spools", "Printing, next", ">Yew<"]
    order += ["h-free", ">Box<"]
    assert has_order(*order)
    assert f"/floor/runs/{over.pk}/complete-as-planned/" in text
    assert f"/floor/runs/{blocked.pk}/" in text


def test_a_print_that_is_over_is_completed_with_one_touch(floor):
    run = a_running_run((a_spool(), 40), printer=a_printer("Elm"), planned_minutes=0)
    midprint.save_actuals(run, by=None, actual_minutes=5)
    assert "Complete as planned" in seen(floor)[0]
    line = run.materials.get()
    actual = MaterialActual(spool=line.spool_id, actual_grams=41)
    midprint.save_actuals(run, by=None, materials=[actual])
    assert "Complete with the saved figures" in seen(floor)[0]
    answer = touch(floor, f"/floor/runs/{run.pk}/complete-as-planned/")
    assert "is completed: 41 g are booked" in page_after(floor, answer)


def test_a_bed_shows_what_lies_on_it_and_what_is_next(floor):
    elm, hook, box = a_printer("Elm"), a_product(name="Wall hook"), a_product(name="Box")
    for product in (box, hook):
        run = a_running_run((a_spool(), 1), printer=elm, items=[(product, 2)])
        completion.complete(run, by=None, as_planned=True)
        Printer.objects.update(needs_clearing=False)
    Printer.objects.update(needs_clearing=True)
    a_run((a_spool(), 1), printer=elm, items=[(box, 6)])
    text, has_order = seen(floor)
    assert has_order("To clear", "Wall hook", "Printed", "Next:", "6&nbsp;×&nbsp;Box")
    assert text.count(">Box<") == 0


def test_a_free_printer_shows_what_is_next(floor):
    elm, hook = a_printer("Elm"), a_product(name="Wall hook")
    run = a_run((a_spool(), 1), printer=elm, items=[(hook, 4)])
    PrinterSlot.objects.create(printer=a_printer("Fir"), label="1")
    a_printer("Oak")
    text, has_order = seen(floor)
    assert has_order(
        "Elm", "Next:", "4&nbsp;×&nbsp;Wall hook", "Fir", "No spool loaded", "Oak", "Nothing pl"
    )
    assert f"/floor/runs/{run.pk}/" in text


def test_a_bed_is_cleared_with_one_touch(floor):
    elm = a_printer("Elm", needs_clearing=True)
    assert "To clear" in floor.get(TODAY).content.decode()
    answer = touch(floor, f"/floor/printers/{elm.pk}/clear/")
    assert (answer.status_code, answer["Location"]) == (303, TODAY)
    assert Printer.objects.get().needs_clearing is False
    assert "Elm is clear." in floor.get(TODAY).content.decode()


def test_a_viewer_looks_and_clears_nothing(farm_client, viewer):
    farm_client.force_login(viewer)
    elm = a_printer("Elm", needs_clearing=True)
    assert "The bed is clear" not in farm_client.get(TODAY).content.decode()
    answer = touch(farm_client, f"/floor/printers/{elm.pk}/clear/")
    assert answer.status_code == 403
    assert Printer.objects.get().needs_clearing is True


def test_a_screen_shows_the_same_and_nothing_to_touch_but_what_leads_on(farm_client, viewer):
    farm_client.force_login(viewer)
    run = a_running_run((a_spool(), 1), printer=a_printer("Elm"), planned_minutes=0)
    a_printer("Oak", needs_clearing=True)
    text = page(farm_client.get(SCREEN))
    assert f"/floor/runs/{run.pk}/" in text
    assert 'data-refresh="60"' in text
    assert "<form" not in text
    assert "floor-offline.js" in text


@pytest.mark.parametrize("path", [TODAY, QUEUE])
def test_the_board_and_the_queue_ask_at_most_fourteen_questions_however_much_there_is(floor, path):
    def a_farm_more():
        printer, other, hook = a_printer(), a_printer(needs_clearing=True), a_product(grams=5)
        spool = a_spool()
        PrinterSlot.objects.create(printer=printer, label="1", spool=spool)
        PrinterSlot.objects.create(printer=other, label="1", spool=a_spool())
        a_running_run((spool, 10), printer=printer, items=[(hook, 1)])
        a_bare_run(hook, printer=printer)
        a_bare_run(hook, printer=a_printer())
        a_run((a_spool(), 10), printer=other, items=[(hook, 2)])
        a_run()

    a_farm_more()
    few = queries(floor, path)
    for _ in range(4):
        a_farm_more()
    assert queries(floor, path) == few
    assert few <= 14


def test_a_page_is_english_by_the_clock_and_in_the_formats_of_the_farm(floor, farm):
    change_settings(FarmSettings.load(), by=None, locale="de")
    run = a_running_run((a_spool(), 1), printer=a_printer("Elm"))
    text = floor.get(TODAY).content.decode()
    assert '<html lang="en-gb">' in text
    assert ">Today<" in text  # Django itself would say Heute
    assert 'class="name" lang="de"' in text
    assert 'data-locale="de"' in text
    here = run.started_at.astimezone(ZoneInfo("Europe/Berlin"))
    assert f"since {here:%H:%M}" in text
