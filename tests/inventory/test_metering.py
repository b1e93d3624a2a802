"""What devices report of a spool: live at once, one entry an hour, and no change of the spool."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from inventory.models import InventoryTransaction, Spool, SpoolEvent, UsageMeter
from inventory.services import metering, reversing, settling
from inventory.services.metering import NoSuchSpool, close_due
from inventory.services.spools import consumption, scale, shelf, stating
from tenants.operations.operation import in_transaction, source
from tenants.operations.quantities import InvalidQuantity
from tenants.operations.refusals import Stale
from tenants.operations.versions import expecting
from tests.factories import a_filament, a_printer_token, a_spool
from tests.queries import SAVEPOINT, fresh, queries_of, violations

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def token(manager):
    return a_printer_token(manager, name="voron-3")


@pytest.fixture
def spool(farm):
    return a_spool(1000)


@pytest.fixture
def began(spool):
    """A moment after the receipt; tests go on from there."""
    return timezone.now() + MINUTE


def report(spool, token, grams=None, **more):
    return metering.use(spool.number, token=token, by=token.user, grams=grams, **more)


def entries(spool):
    """What was posted of the spool since its receipt: ``[(kind, reason, grams)]``."""
    found = spool.transactions.exclude(kind="receipt").order_by("pk")
    return list(found.values_list("kind", "reason", "grams"))


def test_a_report_is_live_at_once_and_no_entry_yet(spool, token):
    found = report(spool, token, "0.123456789012")
    assert found.pk == spool.pk
    assert found.metered_grams == Decimal("0.123456789012")
    report(spool, token, 2)
    after = fresh(spool)
    assert after.remaining_grams == 1000
    assert after.available_grams == Decimal("997.876543")
    meter = UsageMeter.objects.get()
    assert (meter.grams, meter.reports) == (Decimal("2.123456789012"), 2)
    assert (meter.token, meter.by, meter.entry) == (token, token.user, None)
    assert (after.first_used_at, after.last_used_at) == (meter.started_at, meter.last_report_at)
    assert entries(spool) == []
    assert violations() == []


def test_a_report_is_one_statement(spool, token):
    report(spool, token, 1)
    assert queries_of(lambda: report(spool, token, 1)) == 1 + SAVEPOINT


def test_a_report_is_logged_at_debug(spool, token, caplog):
    with caplog.at_level("DEBUG", "spoolbook.operation"):
        report(spool, token, 1)
    [line] = [line for line in caplog.records if line.message == "spool.report_use"]
    assert (line.levelname, line.spool_number, line.outcome) == ("DEBUG", spool.number, "ok")


def test_it_is_no_change_of_the_spool(spool, token):
    before = fresh(spool)
    for _ in range(3):
        report(spool, token, 1)
    close_due(at=timezone.now() + HOUR)
    after = fresh(spool)
    assert entries(spool) == [("usage", "reported", -3)]
    assert after.version == before.version
    assert not SpoolEvent.objects.filter(spool=spool).exists()


def test_a_length_is_weighed_by_density_and_diameter(token):
    filament = a_filament(density_g_cm3=Decimal("1.24"), diameter_mm=Decimal("1.75"))
    spool = a_spool(1000, filament=filament)
    for _ in range(12):
        report(spool, token, length_mm="10")
    # 0.12 m of a round of 1.75 mm, 1.24 g/cm³
    assert fresh(spool).metered_grams == 12 * Decimal("0.029825495255")
    assert violations() == []


def test_nothing_used_is_a_use_that_leaves_no_entry(spool, token):
    report(spool, token, 0)
    after = fresh(spool)
    assert after.last_used_at == UsageMeter.objects.get().last_report_at
    assert violations() == []
    assert close_due(at=timezone.now() + HOUR) == 1
    assert UsageMeter.objects.get().entry is None
    assert entries(spool) == []
    assert violations() == []


def test_dates_that_a_client_gave_go_on_in_whole_seconds(spool, token, began):
    given = began - timedelta(days=9)
    shelf.describe(spool, by=None, first_used_at=given, last_used_at=began + HOUR)
    report(spool, token, 1, at=began)
    report(spool, token, 1, at=began)
    after = fresh(spool)
    assert after.first_used_at == given
    assert after.last_used_at == began.replace(microsecond=0)


def test_more_than_is_left_is_counted_and_kept_as_excess(token):
    spool = a_spool(5)
    report(spool, token, 4)
    found = report(spool, token, 3)
    assert (found.live_grams, found.used_grams) == (0, 7)
    close_due(at=timezone.now() + HOUR)
    after = fresh(spool)
    assert (after.live_grams, after.used_grams, after.excess_grams) == (0, 7, 2)
    assert entries(spool) == [("count", "settled", 2), ("usage", "reported", -7)]
    assert violations() == []


def test_an_archived_spool_is_metered_and_a_removed_one_is_none(spool, token):
    archived = a_spool(100)
    shelf.archive(archived, by=None, discard=False)
    assert report(archived, token, 1).live_grams == 99
    shelf.remove(spool, by=None)
    for number in (spool.number, 10**17, 0, -1):
        with pytest.raises(NoSuchSpool, match=f"No spool with ID {number} found."):
            metering.use(number, by=token.user, token=token, grams=1)
    shelf.remove(archived, by=None)
    with pytest.raises(NoSuchSpool):
        report(archived, token, 1)
    assert violations() == []


@pytest.mark.parametrize("grams", ["NaN", "Infinity", "1e308", "100000000", "1e-999999", "x"])
def test_amounts_that_are_none(spool, token, grams):
    if grams == "1e-999999":
        assert report(spool, token, grams).metered_grams == 0
        return
    with pytest.raises(InvalidQuantity):
        report(spool, token, grams)
    assert fresh(spool).metered_grams == 0


def test_a_length_that_weighs_too_much_is_refused(token):
    spool = a_spool(10, filament=a_filament(density_g_cm3=99, diameter_mm=99))
    with pytest.raises(InvalidQuantity, match="g are more than a spool can have"):
        report(spool, token, length_mm=9_999_999_999)
    assert not UsageMeter.objects.exists()


def test_no_sum_of_large_reports_overflows(spool, token):
    for _ in range(3):
        assert report(spool, token, 99_999_999).live_grams == 0
    assert fresh(spool).excess_grams == settling.LARGEST
    assert violations() == []


def test_a_version_that_is_expected_is_compared(spool, token):
    report(spool, token, 1)
    with pytest.raises(Stale), expecting([7]):
        report(spool, token, 1)
    with expecting([spool.version]):
        assert report(spool, token, 1).metered_grams == 2


# --- Each device by itself, and each hour -------------------------------------------------------


def test_devices_have_meters_of_their_own(spool, manager, token):
    other = a_printer_token(manager, name="ender")
    report(spool, token, 10)
    report(spool, other, 10)
    metering.use(spool.number, by=manager, grams=1)
    assert fresh(spool).metered_grams == 21
    close_due(at=timezone.now() + HOUR)
    notes = InventoryTransaction.objects.filter(reason="reported").values_list("note", flat=True)
    assert [note.partition(":")[0] for note in notes] == ["voron-3", "ender", str(manager)]


def test_an_entry_says_who_reported_what(spool, token, began):
    for minute in range(3):
        token_source = source.set("floor")
        report(spool, token, 1, at=began + minute * MINUTE, printer_name="MK4")
        source.reset(token_source)
    close_due(at=began + HOUR)
    entry = spool.transactions.get(reason="reported")
    assert (entry.source, entry.performed_by) == ("device", token.user)
    assert entry.performed_by_name == str(token.user)
    local = [timezone.localtime(began + minutes * MINUTE) for minutes in (0, 2)]
    assert entry.note == f"voron-3 / MK4: 3 reports, {local[0]:%H:%M}–{local[1]:%H:%M}"
    assert (entry.occurred_at, entry.created_at) == (began, began + HOUR)
    assert entry.meters.get().closed_at == began + HOUR


@pytest.mark.parametrize(("pause", "is_closed"), [(14, False), (15, True)])
def test_the_next_report_closes_what_was_quiet(spool, token, began, pause, is_closed):
    report(spool, token, 1, at=began)
    report(spool, token, 2, at=began + pause * MINUTE)
    assert entries(spool) == ([("usage", "reported", -1)] if is_closed else [])
    assert fresh(spool).metered_grams == (2 if is_closed else 3)
    assert violations() == []


def test_an_hour_is_one_entry(spool, token, began):
    for minute in range(0, 24 * 60, 10):
        report(spool, token, "0.1", at=began + minute * MINUTE)
    assert len(entries(spool)) == 23
    close_due(at=began + 24 * HOUR)
    assert entries(spool) == 24 * [("usage", "reported", Decimal("-0.6"))]
    assert fresh(spool).live_grams == 1000 - Decimal("14.4")
    assert violations() == []


def test_what_is_due_is_closed_in_each_spool(spool, token, began):
    other, busy = a_spool(100), a_spool(100)
    report(spool, token, 1, at=began)
    report(other, token, 2, at=began)
    for minute in (0, 10, 20):
        report(busy, token, 3, at=began + minute * MINUTE)
    assert close_due(at=began + 14 * MINUTE) == 0
    assert close_due(at=began + 20 * MINUTE) == 2
    assert [entries(each) != [] for each in (spool, other, busy)] == [True, True, False]
    assert close_due(at=began + HOUR) == 1
    assert violations() == []


def test_half_a_microgram_is_rounded_once_an_hour(spool, token):
    for _ in range(3):
        report(spool, token, "0.0000004")
    close_due(at=timezone.now() + HOUR)
    assert entries(spool) == [("usage", "reported", Decimal("-0.000001"))]
    assert fresh(spool).metered_grams == 0
    assert violations() == []


def test_a_clock_that_was_ahead_leaves_no_meter_open_for_ever(spool, token):
    report(spool, token, 1, at=timezone.now() + timedelta(days=4000))
    report(spool, token, 1)
    entry = spool.transactions.get(reason="reported")
    assert entry.occurred_at <= entry.created_at <= timezone.now()
    assert violations() == []


def test_while_the_clock_is_wrong_it_counts_on(spool, token, began, monkeypatch):
    report(spool, token, 1, at=began)
    ahead = began + timedelta(days=4000)
    monkeypatch.setattr(timezone, "now", lambda: ahead)
    assert report(spool, token, 1).metered_grams == 2
    assert entries(spool) == []


# --- Giving back --------------------------------------------------------------------------------


def test_what_is_given_back_lowers_the_devices_own_meter_first(spool, manager, token):
    other = a_printer_token(manager, name="other")
    report(spool, token, 10)
    report(spool, other, 10)
    assert report(spool, token, -4).metered_grams == 16
    assert entries(spool) == []
    assert fresh(spool).version == spool.version
    assert violations() == []


def test_then_excess_then_the_ledger_up_to_what_was_used(token):
    spool = a_spool(10)
    report(spool, token, 13, at=timezone.now() - HOUR)
    close_due()
    report(spool, token, 1)
    assert report(spool, token, -2).used_grams == 12
    assert (fresh(spool).metered_grams, fresh(spool).excess_grams) == (0, 2)
    assert report(spool, token, -3).used_grams == 9
    assert report(spool, token, -20).used_grams == 0
    assert report(spool, token, -20).live_grams == 10
    given_back = [grams for _kind, reason, grams in entries(spool) if reason == "given_back"]
    assert given_back == [1, 9]
    assert violations() == []


def test_a_length_is_given_back_too(spool, token):
    report(spool, token, length_mm=100)
    assert report(spool, token, length_mm=-100).metered_grams == 0
    assert entries(spool) == []


# --- Before anything else is done to the spool --------------------------------------------------


VERBS = {
    "count": (lambda spool: stating.set_remaining(spool, grams=900, by=None), 900),
    "measure": (lambda spool: stating.measure(spool, gross_grams=900, by=None), 700),
    "weigh": (lambda spool: scale.weigh(spool, gross_grams=1180, by=None), 980),
    "use": (lambda spool: consumption.use(spool, grams=20, by=None), 960),
    "move": (lambda spool: shelf.move(spool, location=None, by=None), 980),
    "discard": (lambda spool: shelf.archive(spool, discard=True, by=None), 0),
    "used": (lambda spool: stating.set_used(spool, grams=50, by=None), 950),
}


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_finds_all_that_was_reported_in_the_book(spool, token, name):
    report(spool, token, 20)
    verb, left = VERBS[name]
    verb(spool)
    after = fresh(spool)
    assert entries(spool)[0] == ("usage", "reported", -20)
    assert (after.remaining_grams, after.metered_grams) == (left, 0)
    assert report(spool, token, 0 if left == 0 else 5).live_grams == max(left - 5, 0)
    assert violations() == []


def test_a_verb_that_fails_closes_nothing(spool, token):
    report(spool, token, 20)
    with pytest.raises(ArithmeticError):
        in_transaction(lambda: (shelf.move(spool, location=None, by=None), 1 / 0))
    assert fresh(spool).metered_grams == 20
    assert entries(spool) == []


def test_a_verb_of_an_earlier_moment_leaves_what_came_later(spool, token, began):
    report(spool, token, 20, at=began + HOUR)
    scale.weigh(spool, gross_grams=700, by=None, at=began, confirm=True)
    assert fresh(spool).live_grams == 480
    assert violations() == []


def test_a_reversed_entry_takes_its_dates_along(spool, token, began):
    report(spool, token, 20, at=began)
    close_due(at=began + HOUR)
    reversing.reverse(
        spool.transactions.get(reason="reported"), by=None, reason="Wrong spool.", at=began + HOUR
    )
    after = fresh(spool)
    assert (after.live_grams, after.first_used_at, after.last_used_at) == (1000, None, None)
    assert violations() == []


def test_a_use_beyond_the_book_is_undone_with_the_count_that_settled_it(token, began):
    spool = a_spool(5)
    report(spool, token, 7, at=began)
    close_due(at=began + HOUR)
    late = {"by": None, "reason": "Wrong spool.", "at": began + HOUR}
    with pytest.raises(reversing.CountOfUse, match="reverse that"):
        reversing.reverse(spool.transactions.get(reason="settled"), **late)
    reversing.reverse(spool.transactions.get(reason="reported"), **late)
    after = fresh(spool)
    assert (after.live_grams, after.used_grams, after.excess_grams) == (5, 0, 0)
    assert violations() == []


def test_an_undone_count_takes_no_excess_that_came_after_a_weighing(token, began):
    spool = a_spool(5)
    report(spool, token, 7, at=began)
    close_due(at=began + HOUR)
    scale.weigh(spool, gross_grams=205, by=None, at=began + HOUR)
    report(spool, token, 8, at=began + HOUR)
    close_due(at=began + 2 * HOUR)
    late = {"by": None, "reason": "Wrong spool.", "at": began + 2 * HOUR, "confirm": True}
    reversing.reverse(spool.transactions.filter(reason="reported").first(), **late)
    after = fresh(spool)
    assert (after.remaining_grams, after.excess_grams) == (2, 0)  # 3 g of the 5 that came back
    assert violations() == []


# --- What must hold -----------------------------------------------------------------------------


def test_a_closed_meter_without_its_entry_is_found(spool, token):
    report(spool, token, 20)
    Spool.objects.update(metered_grams=0)
    UsageMeter.objects.update(closed_at=timezone.now())
    [violation] = violations()
    assert violation.startswith("closed_meters_are_their_entry: ")


def test_no_index_is_of_a_column_that_a_report_changes(farm):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() "
            "AND tablename IN ('inventory_spool', 'inventory_usagemeter')"
        )
        found = " ".join(definition for (definition,) in cursor.fetchall())
    for column in ("metered_grams", "last_used_at", "last_report_at", "reports"):
        assert column not in found
