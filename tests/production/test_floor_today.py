"""The floor's first page: what each printer does, what is next, what blocks it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from production.models import Printer, PrinterSlot
from tenants.accounts.models import FarmSettings
from tenants.accounts.services import change_settings
from tests.factories import a_filament, a_printer, a_product, a_run, a_running_run, a_spool
from tests.production.floor_helpers import a_bare_run, queries, touch

TODAY = "/floor/"


def test_the_floor_is_for_those_who_sign_in(farm_client):
    answer = farm_client.get(TODAY)
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/floor/"


def test_a_printer_shows_what_runs_on_it_and_the_time_left(floor):
    elm, hook = a_printer("Elm"), a_product(name="Wall hook")
    run = a_running_run((a_spool(), 100), printer=elm, items=[(hook, 4)], planned_minutes=90)
    page = floor.get(TODAY).content.decode()
    assert f"/floor/runs/{run.pk}/" in page
    assert "4 × Wall hook" in page
    assert "1 h 29 min left" in page or "1 h 30 min left" in page


def test_a_print_that_ends_on_another_day_says_on_which(floor):
    run = a_running_run((a_spool(), 1), printer=a_printer("Elm"), planned_minutes=60 * 72)
    ends = (run.started_at + timedelta(days=3)).astimezone(ZoneInfo("Europe/Berlin"))
    text = floor.get(TODAY).content.decode()
    assert f"until {ends:%d/%m/%Y %H:%M}" in text


def test_of_many_products_a_card_names_the_first(floor):
    items = [(a_product(name=f"Part {number}"), 2) for number in range(9)]
    run = a_running_run((a_spool(), 1), printer=a_printer("Elm"), items=items)
    text = floor.get(TODAY).content.decode()
    assert "2 × Part 2, 9 products in all" in text
    assert "Part 3" not in text
    assert "2 × Part 8" in floor.get(f"/floor/runs/{run.pk}/").content.decode()


def test_what_is_overdue_by_the_farms_calendar_is_marked(floor):
    change_settings(FarmSettings.load(), by=None, timezone="Pacific/Kiritimati")
    today = timezone.localdate(timezone=ZoneInfo("Pacific/Kiritimati"))
    for days in (-1, 0):
        a_run((a_spool(), 1), due_on=today + timedelta(days=days))
    text = floor.get(TODAY).content.decode()
    assert f"overdue since {today - timedelta(days=1):%d/%m/%Y}" in text
    assert f"due {today:%d/%m/%Y}" in text
    assert text.count("overdue") == 1


def test_a_run_that_takes_longer_than_planned_says_so(floor):
    a_running_run((a_spool(), 1), printer=a_printer("Elm"), planned_minutes=0)
    assert "should have ended" in floor.get(TODAY).content.decode()


def test_the_next_run_of_a_printer_says_what_blocks_it(floor):
    filament = a_filament("Galaxy")
    elm = a_printer("Elm")
    a_running_run((a_spool(), 1), printer=elm)
    a_run((a_spool(filament=filament), 100), printer=elm)
    page = floor.get(TODAY).content.decode()
    assert "Elm is busy with run" in page


def test_the_rest_of_a_printers_runs_is_in_the_queue(floor):
    elm, spool = a_printer("Elm"), a_spool()
    first, second = a_run((spool, 1), printer=elm), a_run((spool, 1), printer=elm)
    page = floor.get(TODAY).content.decode()
    assert page.index(first.number) < page.index("Queue") < page.index(second.number)


def test_a_run_without_a_printer_is_completed_from_here_as_well(floor):
    run = a_running_run((a_spool(), 1))
    page = floor.get(TODAY).content.decode()
    assert page.index("To complete") < page.index(run.number)


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


def test_today_asks_at_most_thirteen_questions_however_much_there_is(floor):
    def a_farm_more():
        printer, hook = a_printer(), a_product(grams=5)
        spool = a_spool()
        PrinterSlot.objects.create(printer=printer, label="1", spool=spool)
        a_running_run((spool, 10), printer=printer, items=[(hook, 1)])
        a_bare_run(hook, printer=printer)
        a_run((a_spool(), 10), printer=printer, items=[(hook, 2)])
        a_run()

    a_farm_more()
    few = queries(floor, TODAY)
    for _ in range(8):
        a_farm_more()
    assert queries(floor, TODAY) == few
    assert few <= 13


def test_a_page_is_english_by_the_clock_and_in_the_formats_of_the_farm(floor, farm):
    change_settings(FarmSettings.load(), by=None, locale="de")
    run = a_running_run((a_spool(), 1), printer=a_printer("Elm"))
    text = floor.get(TODAY).content.decode()
    assert '<html lang="en-gb">' in text
    assert ">Today<" in text  # Django itself would say Heute
    assert 'data-locale="de"' in text
    here = run.started_at.astimezone(ZoneInfo("Europe/Berlin"))
    assert f"since {here:%H:%M}" in text
