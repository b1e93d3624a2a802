"""Reports that repeat one another, as they are counted: in the meters, the book and the notes."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import DeviceReport, InventoryTransaction, RecognisedRepeat, UsageMeter
from inventory.services import metering
from inventory.services.metering import NoSuchSpool
from inventory.services.spools import consumption, shelf
from tenants.operations.refusals import Stale
from tenants.operations.versions import expecting
from tests.factories import a_filament, a_printer_token, a_spool
from tests.queries import SAVEPOINT, fresh, queries_of, violations

MOONRAKER, REQUESTS = "Moonraker/v0.9.3", "python-requests/2.32.3"
HOUR = timedelta(hours=1)


@pytest.fixture
def spool(farm):
    return a_spool(1000, filament=a_filament(density_g_cm3="1.24", diameter_mm="1.75"))


@pytest.fixture
def token(manager):
    return a_printer_token(manager, name="voron-3", kind="moonraker")


@pytest.fixture
def began(spool):
    """A moment after the receipt; tests go on from there."""
    return timezone.now() + timedelta(minutes=1)


def report(spool, token, amount, at=None, *, agent=MOONRAKER, unit="length_mm", **more):
    amount = {unit: Decimal(str(amount))}
    return metering.use(
        spool.number, token=token, by=token.user, at=at, agent=agent, **amount, **more
    )


def reports(spool, token, began, *found, **more):
    """Reports ``(amount, seconds)``."""
    for amount, seconds in found:
        report(spool, token, amount, began + timedelta(seconds=seconds), **more)


def mm_of(spool, grams):
    filament = fresh(spool).filament
    area = filament.density_g_cm3 * filament.diameter_mm**2 * metering.OF_ROUND
    return (grams / area).quantize(Decimal("0.000001"))


def counted_mm(spool):
    """What is metered of a spool, in mm of its filament."""
    return mm_of(spool, fresh(spool).metered_grams)


def recognised():
    return list(RecognisedRepeat.objects.order_by("pk").values_list("rule", "amount", "before"))


def test_what_a_repeat_contains_is_counted_once(spool, token, began):
    reports(spool, token, began, (7, 0), (63, 11), (63, 22))
    assert counted_mm(spool) == 63
    assert recognised() == [("R2", "63", "7"), ("R2", "63", "63")]
    meter = UsageMeter.objects.get()
    assert (meter.reports, meter.repeats) == (3, 2)
    assert [mm_of(spool, repeat.grams) for repeat in RecognisedRepeat.objects.order_by("pk")] == [
        7, 63,
    ]  # fmt: skip
    metering.close_due(at=began + HOUR)
    [note] = InventoryTransaction.objects.filter(reason="reported").values_list("note", flat=True)
    assert note.startswith("voron-3: 3 reports, ")
    assert note.endswith("; 2 were repeats")
    assert violations() == []


def test_an_entry_without_repeats_says_nothing_of_them(spool, token, began):
    reports(spool, token, began, (7, 0), (63, 5))
    metering.close_due(at=began + HOUR)
    assert "repeat" not in InventoryTransaction.objects.get(reason="reported").note
    reports(spool, token, began + HOUR, (7, 0), (63, 11))
    metering.close_due(at=began + 2 * HOUR)
    last = InventoryTransaction.objects.filter(reason="reported").latest("pk")
    assert last.note.endswith("; 1 was a repeat")


def test_perhaps_is_counted_and_told(spool, token, began):
    reports(spool, token, began, (50, 0), (60, 12))
    assert counted_mm(spool) == 110
    [repeat] = RecognisedRepeat.objects.all()
    assert (repeat.rule, repeat.is_perhaps, repeat.is_overruled) == ("R4", True, False)
    assert mm_of(spool, repeat.grams) == 50
    assert UsageMeter.objects.get().repeats == 0


def test_retries_of_octoprint_are_counted_once(spool, manager, began):
    token = a_printer_token(manager, kind="octoprint")
    answers = [("1234.5678", 0), ("1234.5678", 1), ("1234.5678", 2), ("1234.5678", 7)]
    reports(spool, token, began, *answers, agent=REQUESTS)
    assert counted_mm(spool) == Decimal("1234.5678")
    assert [rule for rule, *_ in recognised()] == ["R3"] * 3
    assert (DeviceReport.objects.get().reports, UsageMeter.objects.get().repeats) == (4, 3)


@pytest.mark.parametrize("kind", ["bridge", "reader", "scale", "slicer"])
def test_a_use_of_a_bridge_is_a_use(spool, manager, began, kind):
    token = a_printer_token(manager, kind=kind)
    reports(spool, token, began, ("7.5", 0), ("7.5", 1), ("63.5", 11), agent=REQUESTS)
    reports(spool, token, began, ("7.5", 60), ("63.5", 71), agent=MOONRAKER)
    assert counted_mm(spool) == Decimal("149.5")
    assert not DeviceReport.objects.exists()


def test_programs_that_are_not_known_and_people_repeat_nothing(spool, token, manager, began):
    reports(spool, token, began, (5, 0), (5, 11), agent="HomeAssistant/2026", unit="grams")
    for _ in range(2):
        metering.use(spool.number, by=manager, agent=MOONRAKER, length_mm=1, at=began + HOUR)
    assert fresh(spool).used_grams > 10
    assert not DeviceReport.objects.exists()
    assert not RecognisedRepeat.objects.exists()


def test_each_device_and_each_spool_has_a_last_report_of_its_own(spool, token, manager, began):
    other = a_printer_token(manager, name="voron-4", kind="moonraker")
    twin = a_spool(1000, filament=spool.filament)
    reports(spool, token, began, (10, 0))
    reports(spool, other, began, (10, 11))
    reports(twin, token, began, (10, 11))
    assert (counted_mm(spool), counted_mm(twin)) == (20, 10)
    assert recognised() == []


def test_a_repeat_after_the_meter_was_closed_books_what_is_new_in_the_next_one(spool, token, began):
    report(spool, token, 7, began)
    consumption.use(spool, grams=5, by=None, at=began + timedelta(seconds=5))
    report(spool, token, 63, began + timedelta(seconds=11))
    first, second = UsageMeter.objects.order_by("pk")
    assert (first.repeats, second.repeats) == (0, 1)
    assert (mm_of(spool, first.grams), mm_of(spool, second.grams)) == (7, 56)
    report(spool, token, 100, began + HOUR)  # of an hour of its own
    report(spool, token, 220, began + HOUR + timedelta(seconds=21))
    assert mm_of(spool, UsageMeter.objects.latest("pk").grams) == 220
    metering.close_due(at=began + 3 * HOUR)
    assert violations() == []


def test_a_report_is_two_statements_where_repeats_are_looked_for(spool, token):
    report(spool, token, 7)
    assert queries_of(lambda: report(spool, token, 8)) == 2 + SAVEPOINT
    assert queries_of(lambda: report(spool, token, 8, agent="curl/8")) == 1 + SAVEPOINT


def test_the_last_report_is_kept_as_it_was_reported(spool, token, began):
    reports(spool, token, began, ("7.5", 0), ("63", 11), ("5.25", 16.5))
    last = DeviceReport.objects.get()
    assert (last.token, last.spool, last.unit) == (token, spool, "length")
    assert (last.amount, last.received_at) == ("5.25", began + timedelta(seconds=16.5))
    assert (last.gaps, last.booked) == ([11, Decimal("5.5")], [Decimal("55.5"), Decimal("5.25")])
    assert timedelta(0) <= last.done_at - last.received_at < timedelta(seconds=5)


def test_what_was_received_earlier_than_it_is_counted_is_an_overlap(spool, token):
    """The one before took a minute: it waited for a lock."""
    now = timezone.now()
    report(spool, token, 50, received_at=now - timedelta(seconds=60))
    report(spool, token, 80, received_at=now - timedelta(seconds=49))
    assert recognised() == [("R1", "80", "50")]
    assert counted_mm(spool) == 80


def test_what_gives_back_is_no_report(spool, token, began):
    reports(spool, token, began, (50, 0), (-20, 5), (0, 6), (170, 11))
    assert counted_mm(spool) == 150
    assert DeviceReport.objects.get().reports == 2
    assert violations() == []


def test_what_is_refused_is_not_remembered(spool, token, began):
    def last():
        return DeviceReport.objects.values_list("amount", "reports")

    with pytest.raises(NoSuchSpool):
        metering.use(999, token=token, by=token.user, agent=MOONRAKER, length_mm=5)
    assert list(last()) == []
    report(spool, token, 50, began)
    with expecting({7}), pytest.raises(Stale):
        report(spool, token, 60, began + timedelta(seconds=5))
    assert list(last()) == [("50", 1)]
    with expecting({fresh(spool).version}):
        report(spool, token, 170, began + timedelta(seconds=11))
    assert list(last()) == [("170", 2)]
    assert counted_mm(spool) == 170
    shelf.remove(spool, by=None)
    with pytest.raises(NoSuchSpool):
        report(spool, token, 60, began + timedelta(seconds=16))
    assert list(last()) == [("170", 2)]
