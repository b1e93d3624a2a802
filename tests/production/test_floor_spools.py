"""A spool on the floor: found by its label, looked at, weighed, loaded into a printer."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django_tenants.utils import tenant_context

from inventory.models import Spool
from inventory.services import shelf
from production.models import PrinterSlot
from tenants.accounts.models import FarmSettings
from tests.factories import PASSWORD, a_filament, a_printer, a_run, a_running_run, a_spool
from tests.production.touching import page, queries, said, touch


def at(spool, *verb):
    return "/".join(["/floor/spools", str(spool.pk), *verb, ""])


def labelled(code):
    spool = a_spool(filament=a_filament("Galaxy", color_name="Deep blue"))
    Spool.objects.filter(pk=spool.pk).update(code=code)
    return Spool.objects.get(pk=spool.pk)


# --- Labels ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/s/10AB10CDE", "/S/10AB10CDE", "/s/ioabiocde", "/S/LOAB10CDE/", "/s/10A-B10-CDE"]
)
def test_a_label_leads_to_its_spool_in_any_case(floor, path):
    spool = labelled("10AB10CDE")
    answer = floor.get(path)
    assert (answer.status_code, answer["Location"]) == (302, at(spool))


def test_a_label_leads_to_its_spool_after_signing_in(farm_client, operator):
    spool = labelled("10AB10CDE")
    answer = farm_client.get("/s/10AB10CDE")
    assert answer["Location"] == "/accounts/login/?next=/s/10AB10CDE"
    words = {"username": "otto", "password": PASSWORD, "next": "/s/10AB10CDE"}
    answer = farm_client.post(reverse("login"), words)
    assert farm_client.get(answer["Location"])["Location"] == at(spool)


def test_an_old_label_still_finds_its_spool(floor):
    spool = a_spool()
    shelf.relabel(spool, by=None)
    assert floor.get(f"/s/{spool.code}")["Location"] == at(spool)


def test_an_unknown_label_says_so(floor):
    assert "No spool of this farm has the label" in page(floor.get("/s/000000000"), 404)
    assert "was it mistyped?" in page(floor.get("/s/NOTACODE"), 404)


# --- Find --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["10ab10cde", "http://alpha.localhost/S/10AB10CDE", "10A B10 CDE"]
)
def test_a_spool_is_found_by_typing_or_scanning_its_code(floor, typed):
    spool = labelled("10AB10CDE")
    assert floor.get("/floor/find/", {"code": typed})["Location"] == at(spool)


def test_a_run_is_found_by_its_number(floor):
    run = a_run()
    answer = floor.get("/floor/find/", {"code": run.number.lower()})
    assert answer["Location"] == f"/floor/runs/{run.pk}/"


def test_the_beginning_of_a_code_shows_what_begins_so(floor):
    labelled("10AB10CDE")
    shown = page(floor.get("/floor/find/", {"code": "10a"}))
    assert "10A B10 CDE" in shown


def test_what_is_not_found_stays_typed(floor):
    shown = page(floor.get("/floor/find/", {"code": "<nothing>\0"}), 404)
    assert 'value="&lt;nothing&gt;"' in shown
    assert "was it mistyped?" in shown


# --- The spool ---------------------------------------------------------------------------------


def test_a_spool_says_what_it_is_what_is_on_it_and_what_claims_it(floor):
    spool = labelled("10AB10CDE")
    run = a_run((spool, "12.345"))
    PrinterSlot.objects.create(printer=a_printer("Elm"), label="A1", spool=spool)
    shown = page(floor.get(at(spool)))
    for words in ("Galaxy", "Deep blue", "10A B10 CDE", "1000 g", "987.66 g", "In Elm A1"):
        assert words in shown
    assert run.number in shown
    assert 'fill="#336699"' in shown


def test_the_pages_of_a_spool_ask_few_questions_however_much_happened_to_it(floor):
    spool = a_spool(filament=a_filament("Galaxy"))

    def asked():
        return [queries(floor, at(spool, *verb)) for verb in ([], ["weigh"], ["load"])]

    a_run((spool, 1))
    PrinterSlot.objects.create(printer=a_printer(), label="1", spool=a_spool())
    few = asked()
    for _ in range(6):
        a_run((spool, 1), printer=a_printer())
        PrinterSlot.objects.create(printer=a_printer(), label="1", spool=a_spool())
    assert asked() == few
    assert max(few) <= 12


# --- Weigh -------------------------------------------------------------------------------------


def test_a_spool_is_weighed_with_its_reel(floor, operator):
    spool = a_spool(1000, filament=a_filament("Galaxy"))
    form = page(floor.get(at(spool, "weigh")))
    assert 'data-tare="200' in form
    assert 'inputmode="decimal"' in form
    shown = said(floor, touch(floor, at(spool, "weigh"), gross_grams="1187,5"))
    assert "987.5 g are on the spool, −12.5 g against the book." in shown
    entry = spool.transactions.last()
    assert (entry.kind, entry.grams, entry.source) == ("count", Decimal("-12.5"), "floor")
    assert entry.performed_by == operator


def test_a_weight_hard_to_believe_is_asked_about_and_may_be_confirmed(floor):
    spool = a_spool(1000, filament=a_filament("Galaxy"))
    again = page(touch(floor, at(spool, "weigh"), gross_grams="400"), 409)
    assert 'value="400"' in again
    assert 'name="confirm"' in again
    assert 'id="id_gross_grams_error"' in again
    touch(floor, at(spool, "weigh"), gross_grams="400", confirm="on")
    assert Spool.objects.get().remaining_grams == 200


@pytest.mark.parametrize("typed", ["", "heavy", "-3", "1e99", "NaN"])
def test_what_is_no_weight_is_said_beside_the_field(floor, typed):
    spool = a_spool()
    again = page(touch(floor, at(spool, "weigh"), gross_grams=typed), 400)
    assert 'id="id_gross_grams_error"' in again
    assert spool.transactions.count() == 1


def test_an_unknown_reel_is_said(floor):
    spool = a_spool(filament=a_filament("Bare", tare_grams=None))
    again = page(touch(floor, at(spool, "weigh"), gross_grams="900"), 409)
    assert "empty reel" in again


def test_while_a_run_prints_the_weight_is_kept_for_its_completion(floor):
    spool = a_spool(1000, filament=a_filament("Galaxy"))
    run = a_running_run((spool, 40))
    assert f"Run {run.number} prints from it" in page(floor.get(at(spool, "weigh")))
    shown = said(floor, touch(floor, at(spool, "weigh"), gross_grams="1160"))
    assert f"Kept for run {run.number}" in shown
    assert run.materials.get().gross_after_grams == 1160
    assert 'value="1160"' in page(floor.get(f"/floor/runs/{run.pk}/complete/"))
    touch(floor, at(spool, "weigh"), gross_grams="1160", as_count="on")
    assert Spool.objects.get().remaining_grams == 960


def test_a_weight_sent_twice_is_counted_once(floor):
    spool = a_spool(1000)
    for _ in range(2):
        answer = touch(floor, at(spool, "weigh"), gross_grams="1190", idempotency_key="a-key")
        assert "990 g are on the spool" in said(floor, answer)
    assert spool.transactions.count() == 2


def test_a_key_that_was_used_for_other_figures_says_so(floor):
    spool = a_spool(1000)
    touch(floor, at(spool, "weigh"), gross_grams="1190", idempotency_key="a-key")
    again = page(touch(floor, at(spool, "weigh"), gross_grams="1180", idempotency_key="a-key"), 422)
    assert 'value="1180"' in again
    assert Spool.objects.get().remaining_grams == 990


# --- Load --------------------------------------------------------------------------------------


@pytest.fixture
def slot(farm):
    return PrinterSlot.objects.create(printer=a_printer("Elm"), label="A1")


def inside(slot):
    return PrinterSlot.objects.get(pk=slot.pk).spool


def test_a_spool_is_loaded_spool_first(floor, slot):
    spool = a_spool()
    assert f'value="{slot.pk}"' in page(floor.get(at(spool, "load")))
    shown = said(floor, touch(floor, at(spool, "load"), slot=slot.pk))
    assert f"Spool {spool.code} is in Elm A1." in shown
    assert inside(slot) == spool


def test_a_spool_is_loaded_printer_first(floor, slot):
    spool = a_spool()
    load = f"/floor/slots/{slot.pk}/load/"
    assert load in page(floor.get(f"/floor/printers/{slot.printer_id}/"))
    assert 'name="spool"' in page(floor.get(load))
    shown = said(floor, touch(floor, load, spool=spool.code.lower()))
    assert f"Spool {spool.code} is in Elm A1." in shown
    assert inside(slot) == spool


def test_an_unknown_code_is_said_beside_the_field(floor, slot):
    again = page(touch(floor, f"/floor/slots/{slot.pk}/load/", spool="000000000"), 400)
    assert "No spool of this farm has the label" in again
    assert 'value="000000000"' in again


def test_a_spool_is_taken_out(floor, slot):
    slot.spool = a_spool()
    slot.save()
    assert "Elm A1 is empty." in said(floor, touch(floor, f"/floor/slots/{slot.pk}/unload/"))
    assert inside(slot) is None


def test_a_spool_that_a_run_prints_from_is_not_taken_out(floor, slot):
    slot.spool = spool = a_spool()
    slot.save()
    run = a_running_run((spool, 1), printer=slot.printer)
    shown = said(floor, touch(floor, f"/floor/slots/{slot.pk}/unload/"))
    assert f"Run {run.number} prints from spool {spool.code}" in shown
    assert inside(slot) == spool


def test_the_page_of_a_printer_asks_few_questions_however_many_slots_it_has(floor, slot):
    path = f"/floor/printers/{slot.printer_id}/"

    def more(count):
        for _ in range(count):
            label = str(PrinterSlot.objects.count())
            PrinterSlot.objects.create(printer=slot.printer, label=label, spool=a_spool())
            a_run((a_spool(), 1), printer=slot.printer)
        return queries(floor, path)

    few = more(1)
    assert more(5) == few
    assert few <= 12


# --- Who ---------------------------------------------------------------------------------------


def test_a_viewer_looks_at_a_spool_and_does_nothing(farm_client, viewer, slot):
    farm_client.force_login(viewer)
    spool = a_spool()
    shown = page(farm_client.get(at(spool)))
    assert "Weigh" not in shown
    given = {"gross_grams": "1190", "slot": slot.pk, "spool": spool.code}
    for path in (at(spool, "weigh"), at(spool, "load"), f"/floor/slots/{slot.pk}/load/"):
        assert farm_client.get(path).status_code == 403
        assert touch(farm_client, path, **given).status_code == 403
    assert (spool.transactions.count(), inside(slot)) == (1, None)


def test_another_farms_spool_is_not_here(floor, other_farm):
    with tenant_context(other_farm):
        spool = a_spool()
    for path in (at(spool), at(spool, "weigh"), f"/s/{spool.code}"):
        assert spool.filament.name not in page(floor.get(path), 404)


def test_figures_are_in_the_locale_of_the_farm(floor):
    settings = FarmSettings.load()
    settings.locale = "de"
    settings.save()
    spool = a_spool("987.5")
    assert "987,5 g" in page(floor.get(at(spool)))
    settings.locale = "nowhere"
    settings.save()
    assert "987.5 g" in page(floor.get(at(spool)))


# --- Spool and printer, scanned one after the other ----------------------------------------------


def scan(client, page_seen, code):
    """Scan into the header of a page: it says which spool or printer that page is of."""
    form = page(client.get(page_seen)).partition('<form class="scan"')[2].partition("</form>")[0]
    seen = dict(re.findall(r'type="hidden" name="(\w+)" value="(\d+)"', form))
    return client.get("/floor/find/", {"code": code, **seen})


def test_a_spool_is_loaded_by_scanning_it_and_the_printer_in_either_order(floor, slot):
    PrinterSlot.objects.create(printer=a_printer("Oak"), label="1")
    for spool_first in (True, False):
        spool, printer = a_spool(), slot.printer
        pages = [at(spool), f"/floor/printers/{printer.pk}/"]
        codes = [printer.code, f"HTTP://ALPHA.LOCALHOST/S/{spool.code}"]
        which = 0 if spool_first else 1
        answer = scan(floor, pages[which], codes[which])
        assert answer["Location"] == f"{at(spool, 'load')}?printer={printer.pk}"
        shown = page(floor.get(answer["Location"]))
        assert re.findall(r'name="slot" value="(\d+)"', shown) == [str(slot.pk)]
        touch(floor, answer["Location"], slot=slot.pk)
        assert inside(slot) == spool


def test_a_spool_scanned_for_a_running_printer_leads_to_the_swap(floor, slot):
    slot.spool = old = a_spool()
    slot.save()
    run = a_running_run((old, 10), printer=slot.printer)
    new = a_spool(filament=old.filament)
    for seen in (f"/floor/printers/{slot.printer_id}/", f"/floor/runs/{run.pk}/"):
        shown = page(floor.get(scan(floor, seen, new.code)["Location"]))
        assert f"swap in {run.number}" in shown
        assert 'name="slot"' not in shown
    line = run.materials.get()
    swap = f"/floor/runs/{run.pk}/swap/{line.pk}/"
    assert f"{swap}?spool={new.code}" in shown
    assert f'value="{new.code}"' in page(floor.get(f"{swap}?spool={new.code}"))
    touch(floor, swap, spool=new.code, gave="grams", figure="4")
    assert inside(slot) == new


def test_other_scans_lead_to_what_was_scanned(floor, slot):
    spool, other = a_spool(), a_spool()
    assert scan(floor, at(spool), other.code)["Location"] == at(other)
    elm = f"/floor/printers/{slot.printer_id}/"
    assert scan(floor, elm, a_printer("Oak").code)["Location"] != elm
    for wrong in ("x", "", "9" * 20, "-1"):
        answer = floor.get("/floor/find/", {"code": spool.code, "printer": wrong})
        assert answer["Location"] == at(spool)
    assert "has no slots" in page(floor.get(f"{at(spool, 'load')}?printer=999999999"))


def test_a_viewer_who_scans_looks(farm_client, viewer, slot):
    farm_client.force_login(viewer)
    spool = a_spool()
    assert scan(farm_client, at(spool), slot.printer.code)["Location"].endswith(
        f"/floor/printers/{slot.printer_id}/"
    )


def test_a_sealed_spool_is_opened_by_loading_it(floor, slot):
    spool = a_spool()
    touch(floor, at(spool, "load"), slot=slot.pk)
    opened = Spool.objects.get(pk=spool.pk).opened_at
    assert opened is not None
    assert list(spool.events.values_list("verb", flat=True).order_by("pk")) == ["opened", "loaded"]
    touch(floor, f"/floor/slots/{slot.pk}/unload/")
    touch(floor, at(spool, "load"), slot=slot.pk)
    assert Spool.objects.get(pk=spool.pk).opened_at == opened
