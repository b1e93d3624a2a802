"""A spool on the floor goes into a printer and out of it: chosen, typed or scanned."""

import re

import pytest

from inventory.models import Spool
from inventory.services.spools import shelf
from production.models import PrinterSlot
from production.services.printing import slots
from tests.factories import a_printer, a_run, a_running_run, a_slot, a_spool
from tests.production.floor_helpers import at, page, page_after, queries, touch


@pytest.fixture
def slot(farm):
    return PrinterSlot.objects.create(printer=a_printer("Elm"), label="A1")


def inside(slot):
    return PrinterSlot.objects.get(pk=slot.pk).spool


# --- Load --------------------------------------------------------------------------------------


def test_a_spool_is_loaded_spool_first(floor, slot):
    spool = a_spool()
    assert f'value="{slot.pk}"' in page(floor.get(at(spool, "load")))
    text = page_after(floor, touch(floor, at(spool, "load"), slot=slot.pk))
    assert f"Spool {spool.code} is in Elm A1." in text
    assert inside(slot) == spool


def test_a_spool_is_loaded_printer_first(floor, slot):
    spool = a_spool()
    load = f"/floor/slots/{slot.pk}/load/"
    assert load in page(floor.get(f"/floor/printers/{slot.printer_id}/"))
    assert 'name="spool"' in page(floor.get(load))
    text = page_after(floor, touch(floor, load, spool=spool.code.lower()))
    assert f"Spool {spool.code} is in Elm A1." in text
    assert inside(slot) == spool


def test_an_unknown_code_is_said_beside_the_field(floor, slot):
    again = page(touch(floor, f"/floor/slots/{slot.pk}/load/", spool="000000000"), 400)
    assert "No spool of this farm has the label" in again
    assert 'value="000000000"' in again


def test_a_sealed_spool_is_opened_by_loading_it(floor, slot):
    spool = a_spool()
    touch(floor, at(spool, "load"), slot=slot.pk)
    opened = Spool.objects.get(pk=spool.pk).opened_at
    assert opened is not None
    assert list(spool.events.values_list("verb", flat=True).order_by("pk")) == ["opened", "loaded"]
    touch(floor, f"/floor/slots/{slot.pk}/unload/")
    touch(floor, at(spool, "load"), slot=slot.pk)
    assert Spool.objects.get(pk=spool.pk).opened_at == opened


def test_a_spool_is_taken_out(floor, slot):
    slot.spool = a_spool()
    slot.save()
    assert "Elm A1 is empty." in page_after(floor, touch(floor, f"/floor/slots/{slot.pk}/unload/"))
    assert inside(slot) is None


def test_a_spool_that_a_run_prints_from_is_not_taken_out(floor, slot):
    slot.spool = spool = a_spool()
    slot.save()
    run = a_running_run((spool, 1), printer=slot.printer)
    text = page(touch(floor, f"/floor/slots/{slot.pk}/unload/"), 409)
    assert f"Run {run.number} prints from spool {spool.code}" in text
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
    assert few <= 14


# --- Spool and printer, scanned one after the other --------------------------------------------


def scan(client, page_seen, code):
    """Scan into the header of a page of a spool, a printer or a slot."""
    form = page(client.get(page_seen)).partition('<form class="scan"')[2].partition("</form>")[0]
    seen = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', form))
    if "/floor/scan/" in form:
        return touch(client, "/floor/scan/", code=code, **seen)
    assert not seen
    return client.get("/floor/find/", {"code": code})


@pytest.mark.parametrize("is_spool_first", [True, False])
def test_two_scans_load_a_slot_in_either_order(floor, slot, is_spool_first):
    a_slot("A2", printer=slot.printer)
    spool, label = a_spool(), f"HTTP://ALPHA.LOCALHOST/P/{slot.printer.code}/A1"
    first, then = (spool.code, label) if is_spool_first else (label, spool.code)
    seen = floor.get("/floor/find/", {"code": first})["Location"]
    text = page_after(floor, scan(floor, seen, then))
    assert f"Spool {spool.code} is in Elm A1." in text
    assert inside(slot) == spool


def test_the_page_of_a_slot_takes_the_second_scan_in_its_field(floor, slot):
    text = page(floor.get(floor.get(f"/P/{slot.printer.code}/a1")["Location"]))
    field = next(each for each in re.findall("<input[^>]*>", text) if 'id="id_spool"' in each)
    assert "autofocus" in field
    assert "data-go" in field


@pytest.mark.parametrize("is_spool_first", [True, False])
def test_a_printer_with_one_slot_is_loaded_by_its_own_label(floor, slot, is_spool_first):
    PrinterSlot.objects.create(printer=a_printer("Oak"), label="1")
    spool, printer = a_spool(), slot.printer
    pages = [at(spool), f"/floor/printers/{printer.pk}/"]
    codes = [printer.code, f"HTTP://ALPHA.LOCALHOST/S/{spool.code}"]
    which = 0 if is_spool_first else 1
    answer = scan(floor, pages[which], codes[which])
    assert answer["Location"] == pages[which]
    assert "is in Elm A1." in page(floor.get(answer["Location"]))
    assert inside(slot) == spool


def test_a_printer_with_several_slots_asks_for_one(floor, slot):
    other, spool = a_slot("A2", printer=slot.printer), a_spool()
    a_slot(printer=a_printer("Oak"))
    answer = scan(floor, at(spool), slot.printer.code)
    assert answer["Location"] == f"{at(spool, 'load')}?printer={slot.printer_id}"
    text = page(floor.get(answer["Location"]))
    assert re.findall(r'name="slot" value="(\d+)"', text) == [str(slot.pk), str(other.pk)]
    touch(floor, answer["Location"], slot=slot.pk)
    assert inside(slot) == spool


def test_a_scan_is_sent_once(floor, slot):
    spool = a_spool()
    given = {"code": slot.printer.code, "spool": spool.pk, "idempotency_key": "one-scan"}
    touch(floor, "/floor/scan/", **given)
    touch(floor, f"/floor/slots/{slot.pk}/unload/")
    assert "is in Elm A1." in page_after(floor, touch(floor, "/floor/scan/", **given))
    assert inside(slot) is None


def test_a_scan_that_waited_does_not_undo_what_others_did(floor, slot, manager):
    spool, other = a_spool(), a_spool()
    slots.load(other, slot=slot, by=manager)
    given = {"code": f"{slot.printer.code}/A1", "spool": spool.pk}
    text = page_after(floor, touch(floor, "/floor/scan/", headers={"Floor-Waited": "600"}, **given))
    assert f"put spool {other.code} into Elm A1" in text
    assert inside(slot) == other


def test_an_unknown_slot_is_said_with_those_there_are(floor, slot):
    answer = scan(floor, at(a_spool()), f"{slot.printer.code}/B7")
    assert "Elm has no slot B7: it has A1." in page(floor.get(answer["Location"]), 404)


def test_an_archived_spool_is_not_loaded_by_a_scan(floor, slot):
    spool = shelf.archive(a_spool(), discard=False, by=None)
    text = page_after(floor, scan(floor, at(spool), slot.printer.code))
    assert "is archived since" in text
    assert "restore it first" in text
    assert inside(slot) is None


def test_a_spool_scanned_for_a_running_printer_leads_to_the_swap(floor, slot):
    slot.spool = old = a_spool()
    slot.save()
    run = a_running_run((old, 10), printer=slot.printer)
    new = a_spool(filament=old.filament)
    line = run.materials.get()
    swap = f"/floor/runs/{run.pk}/swap/{line.pk}/"
    for seen in (f"/floor/printers/{slot.printer_id}/", f"/floor/runs/{run.pk}/"):
        assert scan(floor, seen, new.code)["Location"] == f"{swap}?spool={new.code}"
    a_slot("A2", printer=slot.printer)
    text = page(floor.get(scan(floor, at(new), slot.printer.code)["Location"]))
    assert f"swap in {run.number}" in text
    assert f"{swap}?spool={new.code}" in text
    assert f'value="{new.code}"' in page(floor.get(f"{swap}?spool={new.code}"))
    touch(floor, swap, spool=new.code, gave="grams", figure="4")
    assert inside(slot) == new


def test_other_scans_lead_to_what_was_scanned(floor, slot):
    spool, other = a_spool(), a_spool()
    assert scan(floor, at(spool), other.code)["Location"] == at(other)
    elm = f"/floor/printers/{slot.printer_id}/"
    assert scan(floor, elm, a_printer("Oak").code)["Location"] != elm
    for wrong in ("x", "9" * 20, "-1"):
        answer = touch(floor, "/floor/scan/", code=spool.code, printer=wrong)
        assert answer["Location"] == "/floor/"
    assert touch(floor, "/floor/scan/", code=spool.code)["Location"] == at(spool)
    assert floor.get("/floor/scan/")["Location"] == "/floor/"
    run = a_run()
    assert scan(floor, at(spool), run.number)["Location"] == at(run)
    assert "has no slots" in page(floor.get(f"{at(spool, 'load')}?printer=999999999"))


def test_a_viewer_who_scans_looks(farm_client, viewer, slot):
    farm_client.force_login(viewer)
    spool = a_spool()
    assert scan(farm_client, at(spool), slot.printer.code)["Location"].endswith(
        f"/floor/printers/{slot.printer_id}/"
    )
    answer = farm_client.get(f"/P/{slot.printer.code}/A1")
    assert answer["Location"] == f"/floor/printers/{slot.printer_id}/"
    given = {"code": slot.printer.code, "spool": spool.pk}
    assert touch(farm_client, "/floor/scan/", **given).status_code == 403


# --- Who ---------------------------------------------------------------------------------------


def test_a_viewer_looks_at_a_spool_and_does_nothing(farm_client, viewer, slot):
    farm_client.force_login(viewer)
    spool = a_spool()
    text = page(farm_client.get(at(spool)))
    assert "Weigh" not in text
    given = {"gross_grams": "1190", "slot": slot.pk, "spool": spool.code}
    for path in (at(spool, "weigh"), at(spool, "load"), f"/floor/slots/{slot.pk}/load/"):
        assert farm_client.get(path).status_code == 403
        assert touch(farm_client, path, **given).status_code == 403
    assert (spool.transactions.count(), inside(slot)) == (1, None)
