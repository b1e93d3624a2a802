"""What devices report that the book does not expect: told, and put right by one press."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inventory.models import SpoolEvent
from inventory.services import metering
from inventory.services.spools import shelf, stating
from production.models import PrinterSlot
from production.services import reported_loads
from production.services.printing import slots
from production.services.printing.slots import SlotTaken
from production.services.reports import devices
from tenants.accounts.models import SocketProcess, TokenSocket
from tenants.operations.operation import source
from tenants.schemas import database_role
from tests.factories import a_printer, a_printer_token, a_running_run, a_slot, a_spool
from tests.production.floor_helpers import page_after, touch
from tests.queries import fresh
from tests.responses import text_of

MINUTE = timedelta(minutes=1)


@pytest.fixture
def printer(farm):
    return a_printer("Voron 3")


@pytest.fixture
def slot(printer):
    return a_slot("1", printer=printer)


@pytest.fixture
def token(manager, printer):
    return a_printer_token(manager, name="voron-3", printer=printer)


def use(spool, token, grams=5, **more):
    metering.use(spool.number, by=token.user, token=token, grams=grams, **more)


def told(printer=None):
    return [str(each) for each in devices.mismatches(printer)]


def named(spool):
    return f"spool {spool.number} ({spool.filament})"


def test_a_spool_in_no_slot_is_told(printer, slot, token, spool):
    use(spool, token)
    assert told() == [f"Voron 3 reports {named(spool)}, which is in no slot."]
    assert told(printer) == told()
    assert told(a_printer("Other")) == []
    [found] = devices.mismatches()
    assert (found.kind, found.slots) == ("not_loaded", [slot])


def test_what_is_loaded_and_named_is_not_told(printer, slot, token, spool):
    slots.load(spool, slot=slot, by=None)
    use(spool, token)
    assert told() == []
    a_running_run((spool, 100), printer=printer)
    assert told() == []


def test_a_spool_that_the_run_does_not_name_is_told(printer, slot, token, spool):
    slots.load(spool, slot=slot, by=None)
    a_slot("2", printer=printer)
    run = a_running_run((a_spool(), 100), printer=printer)
    use(spool, token)
    assert told() == [
        f"Voron 3 prints from {named(spool)}, which its run {run.number} does not name."
    ]


def test_a_spool_in_another_printer_is_told(printer, slot, token, spool):
    other = a_slot("A1", printer=a_printer("Prusa"))
    slots.load(spool, slot=other, by=None)
    use(spool, token)
    assert told(printer) == [f"Voron 3 reports {named(spool)}, which is in Prusa A1."]


def test_a_program_of_several_printers_is_told_by_its_name(manager, slot, spool):
    use(spool, a_printer_token(manager, name="bridge"))
    assert told() == [f"bridge reports {named(spool)}, which is in no slot."]
    slots.load(spool, slot=slot, by=None)
    assert told() == []


def test_what_was_taken_out_since_is_not_told(slot, token, spool):
    use(spool, token, at=timezone.now() - MINUTE)
    slots.load(spool, slot=slot, by=None)
    slots.unload(slot, by=None)
    assert told() == []
    assert reported_loads.load() == []
    use(spool, token, at=timezone.now() + MINUTE)
    assert len(told()) == 1


def test_meters_that_are_closed_are_not_told(slot, token, spool):
    use(spool, token)
    metering.close_due(at=timezone.now() + timedelta(hours=2))
    assert told() == []


def test_slots_that_may_hold_it(printer, slot, token, spool):
    second = a_slot("2", printer=printer)
    use(spool, token)
    assert devices.mismatches()[0].slots == [slot, second]
    slots.load(a_spool(), slot=slot, by=None)
    assert devices.mismatches()[0].slots == [second, slot]
    slots.load(a_spool(), slot=second, by=None)
    assert devices.mismatches()[0].slots == [slot, second]


def test_the_queries_stay_the_same(printer, slot, token, spool, django_assert_num_queries):
    def more():
        other = a_spool()
        use(other, token)
        busy = a_printer()
        use(a_spool(), a_printer_token(token.user, name=f"t{busy.pk}", printer=busy))
        a_running_run((a_spool(), 10), printer=busy)

    more()
    with django_assert_num_queries(3):
        assert len(devices.mismatches()) == 2
    more()
    with django_assert_num_queries(3):
        assert len(devices.mismatches()) == 4
    with django_assert_num_queries(2):
        assert len(devices.reported(printer)) == 2


# -- loaded by itself -----------------------------------------------------------------------------


def is_due(farm):
    return bool(database_role.rows_of_each([farm.schema_name], reported_loads.IS_DUE))


def test_the_only_empty_slot_takes_what_is_reported(farm, printer, slot, token, spool):
    assert not is_due(farm)
    use(spool, token)
    assert is_due(farm)
    [loaded] = reported_loads.load()
    assert (loaded.pk, fresh(slot).spool) == (slot.pk, spool)
    event = SpoolEvent.objects.get(verb="loaded")
    assert (event.by, event.after) == (token.user, "Voron 3 1")
    assert told() == []
    assert not is_due(farm)
    assert reported_loads.load() == []


def test_nothing_is_guessed(printer, slot, token, spool):
    second = a_slot("2", printer=printer)
    use(spool, token)
    assert reported_loads.load() == []  # two are empty
    slots.load(a_spool(), slot=second, by=None)
    use(a_spool(), token)
    assert reported_loads.load() == []  # two are reported
    assert fresh(slot).spool is None


def test_nothing_is_moved_by_itself(printer, slot, token, spool):
    elsewhere = a_slot("1", printer=a_printer("Prusa"))
    slots.load(spool, slot=elsewhere, by=None)
    use(spool, token)
    assert reported_loads.load() == []
    with pytest.raises(SlotTaken):
        slots.load(spool, slot=slot, by=None, only_free=True)
    with pytest.raises(SlotTaken):
        slots.load(a_spool(), slot=elsewhere, by=None, only_free=True)
    assert fresh(elsewhere).spool == spool


def test_an_archived_spool_is_left_where_it_is(slot, token, spool):
    shelf.archive(spool, discard=False, by=None)
    use(spool, token)
    assert reported_loads.load() == []
    assert fresh(slot).spool is None


# -- pages ----------------------------------------------------------------------------------------


def loaded_at(printer):
    return f"/admin/production/printer/{printer.pk}/loaded/"


def test_the_pages_of_the_admin_tell_it_and_one_press_loads_it(
    farm_client, printer, slot, token, spool, operator
):
    use(spool, token, 12)
    farm_client.force_login(operator)
    page = f"/admin/production/printer/{printer.pk}/change/"
    for address in ("/admin/", page):
        text = text_of(farm_client.get(address))
        assert "which is in no slot." in text
        assert f'action="{loaded_at(printer)}"' in text
    assert "<caption>What it reported</caption>" in text
    assert 'data-label="Today g">12<' in text
    given = {"slot": slot.pk, "spool": spool.pk}
    answer = farm_client.post(loaded_at(printer), given | {"from": "index"})
    assert answer["Location"] == "/admin/"
    assert fresh(slot).spool == spool
    assert "which is in no slot." not in text_of(farm_client.get(page))


def test_what_can_not_be_loaded_is_said(farm_client, printer, slot, spool, operator):
    farm_client.force_login(operator)
    other = a_slot("1", printer=a_printer("Prusa"))
    for given in ({}, {"slot": other.pk, "spool": spool.pk}, {"slot": "x", "spool": 10**30}):
        answer = farm_client.post(loaded_at(printer), given, follow=True)
        assert "Nothing was loaded" in text_of(answer)
    shelf.archive(spool, discard=False, by=None)
    given = {"slot": slot.pk, "spool": spool.pk}
    assert "is archived" in text_of(farm_client.post(loaded_at(printer), given, follow=True))
    assert not PrinterSlot.objects.exclude(spool=None).exists()


def test_the_floor_offers_it(floor, printer, slot, token, spool):
    use(spool, token)
    address = f"/floor/printers/{printer.pk}/"
    text = text_of(floor.get(address))
    assert "which is in no slot." in text
    assert "It is loaded" in text
    answer = touch(floor, f"/floor/slots/{slot.pk}/load/", spool=spool.code)
    text = page_after(floor, answer)
    assert fresh(slot).spool == spool
    assert "It is loaded" not in text
    assert f"spool {spool.code}, 5 g of it today." in text


def test_a_viewer_has_no_button(farm_client, printer, slot, token, spool, viewer):
    use(spool, token)
    farm_client.force_login(viewer)
    text = text_of(farm_client.get(f"/admin/production/printer/{printer.pk}/change/"))
    assert "which is in no slot." in text
    assert "It is loaded" not in text


def test_the_page_says_whether_the_websocket_is_up(farm_client, manager, printer, token):
    page = f"/admin/production/printer/{printer.pk}/change/"
    farm_client.force_login(manager)
    assert 'data-label="Websocket">–<' in text_of(farm_client.get(page))
    now, process = timezone.now(), SocketProcess.objects.create()
    socket = TokenSocket(token=token, process=process.pk, count=1, up_since=now)
    socket.save()
    assert 'data-label="Websocket">✓ up since ' in text_of(farm_client.get(page))
    SocketProcess.objects.update(seen_at=now - MINUTE)  # was killed
    assert 'data-label="Websocket">–<' in text_of(farm_client.get(page))
    socket.count, socket.up_since, socket.down_at = 0, None, now
    socket.save()
    assert 'data-label="Websocket">⚠ down since ' in text_of(farm_client.get(page))
    SocketProcess.objects.all().delete()  # that was the last of the farm
    assert 'data-label="Websocket">⚠ down since ' in text_of(farm_client.get(page))


def test_doubtful_weights_are_on_the_first_page(farm_client, manager, spool):
    farm_client.force_login(manager)
    assert "far off the book" not in text_of(farm_client.get("/admin/"))
    token = source.set("device")
    stating.measure(spool, gross_grams=500, by=manager)
    source.reset(token)
    assert "far off the book" in text_of(farm_client.get("/admin/"))
