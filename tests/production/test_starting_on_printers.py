"""A run without a printer is given one by its start."""

import re

import pytest

from production.models import PrinterSlot
from production.services.printing import slots
from production.services.requirements.in_use import PrinterInactive
from production.services.requirements.limits import LimitExceeded
from production.services.requirements.readiness import (
    PrinterBusy,
    PrinterNeedsClearing,
    SpoolsMissing,
)
from production.services.run_state import InvalidRunStatus
from production.services.runs import lifecycle
from production.services.undo import last_action
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_slot,
    a_spool,
)
from tests.production.admin_forms import carry_out
from tests.production.floor_helpers import a_bare_run, at, page, queries, touch
from tests.queries import fresh, violations
from tests.responses import done, refused

RUNS = "/api/v1/production-runs/"


@pytest.fixture
def run(farm):
    return a_bare_run(a_product(grams=10))


def loaded(name, spool=None, **fields):
    slot = a_slot(printer=a_printer(name, **fields))
    return slots.load(spool or a_spool(), slot=slot, by=None).printer


def test_it_starts_on_the_printer_from_what_is_in_it(run, operator):
    elm = loaded("Elm")
    started = lifecycle.start(run, printer=elm, by=operator)
    assert (started.printer, started.status) == (elm, "in_progress")
    assert started.materials.get().spool == elm.slots.get().spool
    last_action.undo(started, event=started.events.latest("pk").pk, by=operator)
    assert (fresh(run).status, fresh(run).printer) == ("planned", elm)
    assert violations() == []


def test_it_starts_on_another_printer_than_was_planned(farm):
    planned, elm = a_printer(), loaded("Elm")
    run = a_bare_run(a_product(grams=10), printer=planned)
    assert lifecycle.start(run, printer=elm, by=None).printer == elm


def test_a_refused_printer_leaves_the_run_without_one(run):
    run.items.get().product.bom_lines.get().material_type.__class__.objects.update(
        nozzle_temp_min=200
    )
    busy = a_running_run(printer=a_printer()).printer
    for printer, refusal in (
        (busy, PrinterBusy),
        (loaded("Fir", needs_clearing=True), PrinterNeedsClearing),
        (a_printer(is_active=False), PrinterInactive),
        (a_printer(max_nozzle_temp=100), LimitExceeded),
        (a_printer(), SpoolsMissing),
    ):
        with pytest.raises(refusal):
            lifecycle.start(run, printer=printer, by=None)
        assert (fresh(run).status, fresh(run).printer) == ("planned", None)
    elm = loaded("Elm")
    started = lifecycle.start(run, printer=elm, by=None)
    with pytest.raises(InvalidRunStatus):
        lifecycle.start(started, printer=elm, by=None)


def test_the_api_takes_a_printer(api, run):
    elm = loaded("Elm")
    address = f"{RUNS}{run.pk}/start/"
    refused(api.post(address, {"printer_name": "Nowhere"}), 400, "invalid")
    refused(api.post(address, {"printer": a_printer(is_active=False).pk}), 409, "printer_inactive")
    assert done(api.post(address, {"printer_name": "elm"}))["printer"] == elm.pk


def test_the_admin_asks_for_a_printer_where_there_is_none(as_manager, run):
    elm = loaded("Elm")
    address = f"/admin/production/productionrun/{run.pk}/start/"
    _seen, answer = carry_out(as_manager, address, printer=elm.pk)
    assert (answer.status_code, fresh(run).printer) == (302, elm)


# --- The floor -----------------------------------------------------------------------------------


def offered(client, run, query=""):
    """``[(name of the printer, whether it is chosen)]``"""
    form = page(client.get(at(run) + query))
    found = re.findall(r'name="printer" value="\w+"( checked)?>\s*<span><b>([^<]+)', form)
    return [(name, bool(checked)) for checked, name in found]


def test_the_floor_asks_for_a_printer_those_that_hold_it_first(floor, run):
    petg = a_filament(material_type=a_material_type("PETG"))
    loaded("Ash", a_spool(filament=petg))
    loaded("Fir", needs_clearing=True)
    elm, _empty = loaded("Elm"), a_printer("Box")
    a_running_run(printer=loaded("Oak"))
    assert offered(floor, run) == [("Elm", True), ("Fir", False), ("Ash", False), ("Box", False)]
    shown = page(floor.get(at(run)))
    assert "Holds what the run takes." in shown
    assert "To load: PLA" in shown
    touch(floor, at(run, "start"), printer=[elm.code, ""])
    assert (fresh(run).status, fresh(run).printer) == ("in_progress", elm)


def test_of_two_that_fit_one_is_touched(floor, run):
    loaded("Elm"), loaded("Fir")
    assert offered(floor, run) == [("Elm", False), ("Fir", False)]
    line = run.materials.get()
    given = {f"material-{line.pk}-spool": a_spool().code}
    again = page(touch(floor, at(run, "start"), printer=["", ""], **given), 400)
    assert "Which printer?" in again
    again = page(touch(floor, at(run, "start"), printer=["", "Nowhere"], **given), 400)
    assert "No printer is called “Nowhere”" in again
    assert 'value="Nowhere"' in again
    assert given[f"material-{line.pk}-spool"] in again


@pytest.mark.parametrize("of_slot", ["", "/1"])
def test_a_label_of_a_printer_or_its_slot_is_scanned(floor, run, of_slot):
    elm = loaded("Elm")
    label = f"HTTP://ALPHA.LOCALHOST/P/{elm.code}{of_slot}"
    touch(floor, at(run, "start"), printer=["", label])
    assert fresh(run).printer == elm


def test_a_planned_printer_is_exchanged_if_somebody_asks(floor):
    busy, elm = loaded("Ash"), loaded("Elm")
    a_running_run(printer=busy)
    run = a_bare_run(a_product(grams=10), printer=busy)
    assert offered(floor, run) == []
    assert f"{at(run)}?printers" in page(floor.get(at(run)))
    assert offered(floor, run, "?printers") == [("Elm", False)]
    assert "Choose another printer." in page(touch(floor, at(run, "start"), printer=""), 409)
    touch(floor, at(run, "start"), printer=elm.code)
    assert fresh(run).printer == elm


def test_a_farm_without_printers_starts_on_none(floor):
    run = a_run((a_spool(), 10))
    touch(floor, at(run, "start"))
    assert fresh(run).status == "in_progress"


def test_the_page_asks_as_little_of_many_printers(floor, run):
    loaded("Elm")
    few = queries(floor, at(run))
    for number in range(6):
        PrinterSlot.objects.create(printer=loaded(f"P{number}"), label="2", spool=a_spool())
    assert queries(floor, at(run)) == few
