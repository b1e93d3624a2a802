"""Help and warnings on the admin's pages."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from inventory.models import Location
from inventory.services.spools import shelf
from production.models import PrinterSlot, ProductionRun, RunItem
from production.services import completion
from production.services.printing import slots
from production.services.runs import lifecycle
from production.services.runs.lines import NewMaterial
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_spool,
)
from tests.production.admin_forms import LIST, fields, page
from tests.production.completed_runs import printed_with
from tests.responses import text_of


@pytest.fixture
def at_admin(farm_client, operator):
    farm_client.force_login(operator)
    return farm_client


def spool_page(spool, verb=""):
    return f"/admin/inventory/spool/{spool.pk}/{verb or 'change'}/"


@pytest.mark.parametrize("verb", ["use", "waste"])
def test_a_page_that_nobody_has_filled_in_yet_complains_of_nothing(at_admin, verb):
    url = spool_page(a_spool(), verb)
    first = at_admin.get(url)
    assert "errornote" not in text_of(first)
    empty = text_of(at_admin.post(url, fields(first)))
    assert "Enter either what was taken, or what the scale shows after it." in empty
    assert "gross_after_grams." not in empty
    both = at_admin.post(url, fields(first) | {"grams": "1", "gross_after_grams": "5"})
    assert "Enter either" in text_of(both)


def test_a_new_run_begins_with_a_row_for_a_product(at_admin):
    form = fields(at_admin.get(f"{LIST}add/"))
    assert "The materials may be left out" in text_of(at_admin.get(f"{LIST}add/"))
    assert form["items-TOTAL_FORMS"] == "1"
    assert form["materials-TOTAL_FORMS"] == "0"
    product = a_product(grams=5)
    at_admin.post(f"{LIST}add/", form | {"items-0-product": product.pk, "items-0-quantity": "3"})
    assert RunItem.objects.get().quantity == 3
    run = ProductionRun.objects.get()
    assert "items-1-" not in text_of(at_admin.get(f"{LIST}{run.pk}/change/"))


def test_a_spool_says_where_it_is_and_can_be_opened_and_dried(at_admin, operator):
    spool, printer = a_spool(), a_printer(name="Alder")
    slots.load(spool, slot=PrinterSlot.objects.create(printer=printer, label="A1"), by=operator)
    assert "Alder A1" in text_of(at_admin.get(spool_page(spool)))
    for verb in ("open", "dry"):
        seen = at_admin.get(spool_page(spool, verb))
        at_admin.post(spool_page(spool, verb), fields(seen) | {"_do": "1"})
    spool.refresh_from_db()
    assert spool.opened_at
    assert spool.dried_at
    assert f"{spool_page(spool, 'open')}" not in text_of(at_admin.get(spool_page(spool)))


def test_what_was_changed_of_a_spool_is_one_touch_away(at_admin, operator):
    spool = shelf.describe(a_spool(), by=operator, lot_number="L-77")
    assert f"/admin/inventory/spool/{spool.pk}/history/" in text_of(at_admin.get(spool_page(spool)))
    history = text_of(at_admin.get(f"/admin/inventory/spool/{spool.pk}/history/"))
    assert "L-77" in history


def test_a_printer_says_first_what_it_does(at_admin, operator):
    printer = a_printer(name="Alder")
    url = f"/admin/production/printer/{printer.pk}/change/"
    assert '<span class="badge">Idle</span>' in text_of(at_admin.get(url))
    run = a_running_run((a_spool(), 5), printer=printer, planned_minutes=30)
    waiting = a_run((a_spool(), 5), printer=printer)
    text = text_of(at_admin.get(url))
    head = text[: text.index('id="printer_form"')]
    assert run.number in head
    assert "should end" in head
    assert "⚠ late" not in head
    assert waiting.number in head
    ProductionRun.objects.update(started_at=timezone.now() - timedelta(hours=3))
    assert "⚠ late" in text_of(at_admin.get(url))


def test_the_index_counts_printers_and_puts_what_ends_first_on_top(at_admin):
    for name, minutes in (("Alder", 90), ("Birch", 30), ("Cedar", None)):
        spool, printer = a_spool(), a_printer(name=name)
        a_running_run((spool, 5), printer=printer, planned_minutes=minutes)
    a_printer(name="Dogwood", needs_clearing=True)
    text = text_of(at_admin.get("/admin/"))
    assert "3 of 4 printers in use print; 1 bed to be cleared." in text
    board = text[text.index("In progress") : text.index("Blocked")]
    places = [board.index(name) for name in ("Birch", "Alder", "Cedar")]
    assert places == sorted(places)


def test_the_index_shows_the_first_of_what_is_blocked_and_off_plan(at_admin, monkeypatch):
    monkeypatch.setattr("production.admin.dashboard.MAX_ROWS", 1)
    a_little, a_lot = a_product("LITTLE", grams=10), a_product("LOT", grams=10)
    for product, grams in ((a_little, 13), (a_lot, 30)):
        printed_with(a_spool(), 10, grams, items=[(product, 1)])
    runs = [a_run((a_spool(), 5), printer=a_printer(needs_clearing=True)) for _ in range(2)]
    index = at_admin.get("/admin/")
    assert [row["product"] for row in index.context["alerts"]["rows"]] == [a_lot]
    assert [row["run"] for row in index.context["blocked"]["runs"]] == runs[:1]
    more = index.content.decode().split("and 1 more")
    assert len(more) == 3
    assert 'href="/admin/reports/alerts/"' in more[1][-200:]
    runs += [a_run((a_spool(), 5)) for _ in range(19)]
    for run in runs[:2]:
        lifecycle.cancel(run, by=None)
    assert "All 19 planned runs could start." in text_of(at_admin.get("/admin/"))
    a_run((a_spool(), 5))
    a_run(scheduled_at=timezone.now() + timedelta(days=1), printer=a_printer(needs_clearing=True))
    text = text_of(at_admin.get("/admin/"))
    assert re.search(r"The next 20 <a href=\S+status=planned.>planned runs</a> could start.", text)


def test_giving_up_a_run_is_not_called_like_leaving_the_page(at_admin):
    run = a_run((a_spool(), 5))
    assert 'value="Cancel the run"' in text_of(at_admin.get(page(run, "cancel")))


def test_a_wrong_address_leads_back(at_admin, viewer):
    answer = at_admin.get(f"{LIST}999999999/start/")
    assert answer.status_code == 404
    assert 'href="/"' in text_of(answer)
    at_admin.force_login(viewer)
    answer = at_admin.get("/admin/inventory/spool/receive/")
    assert answer.status_code == 403
    assert "Ask a manager." in text_of(answer)


def offered(client, answer, name):
    """What the page's autocomplete of a field offers."""
    tag = re.search(rf'<select name="{name}".*?>(.*?)</select>', text_of(answer), flags=re.S)
    data = dict(re.findall(r'data-([a-z-]+)="([^"]*)"', tag[0]))
    words = {each: data[each.replace("_", "-")] for each in ("app_label", "model_name")}
    words["field_name"] = data["field-name"]
    answer = client.get(f"{unescape(data['ajax--url'])}&{urlencode(words)}")
    return tag[1].count("<option"), {row["text"] for row in answer.json()["results"]}


def test_spools_are_looked_for_among_those_that_fit(at_admin, operator):
    spool, other, foreign = (
        a_spool(filament=a_filament(material_type=a_material_type(code)))
        for code in ("PLA", "PLA", "TPU")
    )
    run = a_running_run((spool, 5), printer=a_printer())
    page_of_swap = at_admin.get(page(run, "swap_spool"))
    options, found = offered(at_admin, page_of_swap, "spool")
    assert (options, found) == (0, {str(spool), str(other)})
    assert f"row={run.materials.get().pk}" in text_of(page_of_swap)
    assert str(foreign) not in text_of(page_of_swap)
    response = at_admin.post(page(run, "swap_spool"), fields(page_of_swap) | {"spool": other.pk})
    assert f'<option value="{other.pk}" selected>' in text_of(response)


def test_filaments_are_looked_for_when_spools_are_received(at_admin):
    filament = a_filament()
    options, found = offered(at_admin, at_admin.get("/admin/inventory/spool/receive/"), "filament")
    assert (options, found) == (0, {str(filament)})


def test_a_start_with_many_spools_on_the_shelf_has_a_short_page(at_admin):
    fitting = a_filament()
    wanted = [NewMaterial(filament=fitting, planned_grams=5)]
    run = lifecycle.create(by=None, materials=wanted, printer=a_printer())
    spools = [a_spool(filament=fitting) for _ in range(3)]
    a_spool()
    line = run.materials.get()
    options, found = offered(
        at_admin, at_admin.get(page(run, "start")), f"material-{line.pk}-spool"
    )
    assert (options, found) == (1, set(map(str, spools)))


def test_printers_are_found_by_what_they_do_and_where_they_are(at_admin):
    hall = Location.objects.create(name="Hall B")
    busy, dirty = a_printer(name="Busy"), a_printer(name="Dirty", needs_clearing=True)
    a_printer(name="Free", location=hall)
    a_running_run((a_spool(), 5), printer=busy)

    def found(query):
        text = at_admin.get(f"/admin/production/printer/?{query}").context["cl"].result_list
        return {printer.name for printer in text}

    assert found("now=printing") == {busy.name}
    assert found("now=clear") == {dirty.name}
    assert found("now=idle") == {"Free"}
    assert found(f"location={hall.pk}") == {"Free"}


def test_a_correction_begins_with_what_stands_in_the_book(at_admin, operator):
    run = a_running_run((a_spool(), 5), printer=a_printer(), planned_minutes=30)
    done = completion.complete(run, by=operator, as_planned=True, actual_minutes=33).run
    url = page(done, "correct")
    text = at_admin.get(url)
    assert fields(text)["actual_minutes"] == "33"
    assert "Left empty: unchanged." in text_of(text)
    seen = at_admin.post(url, fields(text) | {"actual_minutes": "34"})
    at_admin.post(url, fields(seen) | {"_do": "1"})
    corrected = ProductionRun.objects.get()
    assert (corrected.actual_minutes, corrected.finished_at) == (34, done.finished_at)


def test_who_may_not_take_a_verb_back_is_not_offered_to(farm_client, operator, manager):
    run = a_running_run((a_spool(), 5), printer=a_printer())
    done = completion.complete(run, by=manager, as_planned=True).run

    def offered_to(user):
        farm_client.force_login(user)
        text = farm_client.get(f"{LIST}{done.pk}/change/")
        return {button["verb"].name for button in text.context["buttons"]}

    assert offered_to(manager) - offered_to(operator) == {"correct", "reassign", "revert"}
    completion.revert(done, by=manager)
    mine = completion.complete(done, by=operator, as_planned=True).run
    assert offered_to(operator) >= {"correct", "reassign", "revert"}, mine


def test_each_cell_of_a_list_knows_the_heading_of_its_column(at_admin):
    a_running_run((a_spool(), 10))
    text = text_of(at_admin.get(LIST))
    headings = re.findall(r'<div class="text">(?:<a [^>]+>|<span>)([^<]+)</', text)
    cells = re.findall(r'<t[dh](?: data-label="([^"]+)")? class="(?:field|action)', text)
    assert len(headings) > 5
    assert cells == ["", *headings]


def test_the_best_spool_of_a_material_comes_first_with_its_reasons(at_admin):
    filament = a_filament()
    large, small, little = (a_spool(grams, filament=filament) for grams in (900, 300, 20))
    other = a_spool(1000)
    wanted = [NewMaterial(filament=filament, planned_grams=200)]
    run = lifecycle.create(by=None, materials=wanted, printer=a_printer())
    text = text_of(at_admin.get(f"/admin/production/productionrun/{run.pk}/change/"))
    [address] = re.findall(r'name="materials-0-spool".*?data-ajax--url="([^"]+)"', text)
    words = {"app_label": "production", "model_name": "runmaterial", "field_name": "spool"}
    rows = at_admin.get(f"{unescape(address)}&{urlencode(words)}").json()["results"]
    assert [row["id"] for row in rows] == [str(each.pk) for each in (small, large, little, other)]
    assert rows[0]["note"] == "Sealed. 300 g available, 200 g needed."
    assert rows[3]["note"] == "1000 g left, 1000 g available"
    for wrong in ("0", "x", "9" * 18):
        assert at_admin.get("/admin/autocomplete/", words | {"row": wrong}).status_code == 200
