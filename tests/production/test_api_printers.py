"""Printers through the API: what runs on each, and the spools in their slots."""

import pytest

from inventory.models import Spool
from production.models import PrinterSlot
from production.services import completion
from tests.factories import a_printer, a_run, a_running_run, a_slot, a_spool
from tests.production.api_helpers import at
from tests.responses import done, refused

PRINTERS = "/api/v1/printers/"


def slots_of(printer, *steps):
    return "/".join([PRINTERS.rstrip("/"), str(printer.pk), "slots", *map(str, steps), ""])


def at_slot(slot, *verb):
    return slots_of(slot.printer, slot.pk, *verb)


def inside(slot):
    return PrinterSlot.objects.get(pk=slot.pk).spool


# --- What runs on them -------------------------------------------------------------------------


def test_a_printer_tells_what_runs_on_it(api):
    printer, idle = a_printer("Elm"), a_printer("Fir")
    run = a_running_run((a_spool(), 10), printer=printer, planned_minutes=90)
    a_run((a_spool(), 10), printer=idle)
    api.post(at(run, "progress"), {"progress_percent": 40})
    busy, free = api.get(PRINTERS).json()["results"]
    assert busy["running"] == {
        "id": run.pk,
        "number": run.number,
        "started_at": busy["running"]["started_at"],
        "planned_minutes": "90.00",
        "progress_percent": "40.00",
    }
    assert free["running"] is None
    completion.complete(run, by=None, as_planned=True)
    again = api.get(f"{PRINTERS}{printer.pk}/").json()
    assert (again["running"], again["needs_clearing"]) == (None, True)


def test_a_printer_that_prints_can_be_read_edited_and_sent_back(api):
    printer = a_printer("Elm")
    a_running_run((a_spool(), 10), printer=printer)
    a_slot(printer=printer)
    path = f"{PRINTERS}{printer.pk}/"
    read = done(api.get(path))
    assert done(api.put(path, read | {"notes": "new nozzle"}))["running"] == read["running"]
    refused(api.put(path, read | {"running": None}), 400, "invalid")


# --- Their slots -------------------------------------------------------------------------------


def test_slots_are_added_changed_and_removed(api):
    printer = a_printer("Elm")
    added = api.post(slots_of(printer), {"label": "A1"})
    assert added.status_code == 201, added.content
    slot = added.json()
    assert slot == {"id": slot["id"], "label": "A1", "spool": None, "spool_code": None}
    path = slots_of(printer, slot["id"])
    assert added["Location"].endswith(path)
    assert done(api.put(path, slot | {"label": "A2"}))["label"] == "A2"
    refused(api.post(slots_of(printer), {"label": "A2"}), 409, "duplicate")
    refused(api.patch(path, {"spool": a_spool().pk}), 400, "invalid")
    assert done(api.get(slots_of(printer)))["total_count"] == 1
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


def test_a_spool_is_loaded_and_unloaded(api, operator):
    api.force_authenticate(operator)
    slot, spool = a_slot(), a_spool()
    loaded = done(api.post(at_slot(slot, "load"), {"spool_code": spool.code.lower()}))
    assert (loaded["spool"], loaded["spool_code"]) == (spool.pk, spool.code)
    assert done(api.get(f"{PRINTERS}{slot.printer_id}/"))["slots"] == [loaded]
    assert done(api.post(at_slot(slot, "unload")))["spool"] is None
    refused(api.post(at_slot(slot, "unload")), 409, "slot_empty")
    refused(api.post(at_slot(slot, "load")), 400, "invalid")
    refused(api.post(at_slot(slot, "load"), {"spool": 1}), 400, "invalid")


def test_a_slot_that_holds_a_spool_is_not_taken_away(api):
    slot, spool = a_slot(), a_spool()
    api.post(at_slot(slot, "load"), {"spool": spool.pk})
    problem = refused(api.delete(at_slot(slot)), 409, "slot_taken")
    assert problem["spool_id"] == spool.pk
    api.post(at_slot(slot, "unload"))
    assert api.delete(at_slot(slot)).status_code == 204


@pytest.fixture
def printing(farm):
    """A slot, and the spool in it that a running run draws from."""
    slot, spool = a_slot(), a_spool()
    slot.spool = spool
    slot.save()
    return slot, a_running_run((spool, 100), printer=slot.printer)


def test_a_spool_that_prints_is_swapped_in_its_slot(api, printing, operator):
    api.force_authenticate(operator)
    slot, run = printing
    old = inside(slot)
    new = a_spool(filament=old.filament)
    body = {"spool_code": new.code}
    refused(api.post(at_slot(slot, "load"), body), 409, "spool_printing")
    refused(api.post(at_slot(slot, "swap"), body), 409, "actuals_missing")
    both = body | {"is_empty": True, "actual_grams": 1}
    refused(api.post(at_slot(slot, "swap"), both), 400, "invalid")
    swapped = done(api.post(at_slot(slot, "swap"), body | {"actual_grams": "38"}))
    assert swapped["spool_code"] == new.code
    first, second = run.materials.order_by("pk")
    assert (first.spool, first.actual_grams, second.spool) == (old, 38, new)
    assert second.reserved_grams == 62


def test_a_swap_at_the_run_loads_the_new_spool_too(api, printing):
    slot, run = printing
    new = a_spool(filament=inside(slot).filament)
    body = {"material": run.materials.get().pk, "spool": new.pk, "is_empty": True}
    done(api.post(at(run, "swap-spool"), body))
    assert inside(slot) == new


def test_where_nothing_prints_there_is_nothing_to_swap(api, printing):
    slot, _ = printing
    other = a_slot()
    body = {"spool": a_spool().pk, "is_empty": True}
    refused(api.post(at_slot(other, "swap"), body), 409, "nothing_printing")
    other.spool = a_spool()
    other.save()
    refused(api.post(at_slot(other, "swap"), body), 409, "nothing_printing")


def test_a_slot_of_another_printer_is_404(api, printing):
    slot, _ = printing
    for path in (slots_of(a_printer(), slot.pk), f"{PRINTERS}1/slots/{slot.pk}/"):
        assert api.get(path).status_code == 404
        assert api.patch(path, {"label": "X"}).status_code == 404
        assert api.delete(path).status_code == 404
        assert api.post(f"{path}load/", {"spool": a_spool().pk}).status_code == 404
    assert inside(slot) == Spool.objects.earliest("pk")


def test_a_viewer_loads_nothing(api, viewer, printing):
    api.force_authenticate(viewer)
    slot, _ = printing
    assert done(api.get(at_slot(slot)))["label"] == "1"
    for verb in ("load", "unload", "swap"):
        refused(api.post(at_slot(slot, verb), {}), 403, "permission_denied")
    refused(api.delete(at_slot(slot)), 403, "permission_denied")
