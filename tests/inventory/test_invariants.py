"""Each invariant of the ledger finds the row that breaks it; all is broken on purpose."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import InventoryTransaction, Spool
from inventory.services import holds, invariants, ledger
from inventory.services.spools import scale
from tests.factories import a_run, a_spool

pytestmark = pytest.mark.usefixtures("farm")


def found():
    return [(violation.invariant, violation.figures) for violation in invariants.violations()]


def names():
    return {name for name, _ in found()}


@pytest.fixture
def unguarded(farm):
    """The database looks away: its guards of the ledger are off until the rollback."""
    with connection.cursor() as cursor:
        for table in ("inventory_inventorytransaction", "inventory_spool"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for name in ("ledger_grams_fit_kind", "ledger_reversal_names_its_entry"):
            cursor.execute(f"ALTER TABLE inventory_inventorytransaction DROP CONSTRAINT {name}")


def falsify(rows, **values):
    assert rows.update(**values)


def entries(spool):
    return InventoryTransaction.objects.filter(spool=spool).order_by("pk")


@pytest.fixture
def spool():
    """Received with 1000 g, of which 100 g were used and given back, and 50 g wasted."""
    spool = a_spool(1000)
    with ledger.book([spool.pk], by=None) as book:
        used = book.consume(book.spools[spool.pk], Decimal(100))
    with ledger.book([spool.pk], by=None) as book:
        book.reverse(used)
    with ledger.book([spool.pk], by=None) as book:
        book.waste(book.spools[spool.pk], Decimal(50))
    scale.weigh(spool, gross_grams=Decimal(1145), by=None)
    return spool


def test_all_is_well_after_every_verb(spool):
    assert found() == []


@pytest.mark.usefixtures("unguarded")
def test_a_balance_that_is_not_the_sum_of_its_entries_is_found(spool):
    falsify(Spool.objects.filter(pk=spool.pk), remaining_grams=Decimal(944))
    ((name, figures),) = found()
    assert name == "remaining_is_the_ledger"
    assert (figures["spool_id"], figures["remaining_grams"]) == (spool.pk, 944)
    assert figures["sum_grams"] == 945


@pytest.mark.usefixtures("unguarded")
def test_a_spool_that_holds_grams_no_entry_brought_is_found():
    spool = a_spool(1000)
    entries(spool).delete()
    assert names() == {"remaining_is_the_ledger", "last_entry_is_known"}


@pytest.mark.usefixtures("unguarded")
def test_an_entry_that_is_gone_is_found(spool):
    entries(spool).filter(kind="waste").delete()
    assert names() == {
        "remaining_is_the_ledger",
        "balance_follows_the_entries",
        "use_is_dated_by_the_entries",
    }


@pytest.mark.parametrize("name", ["first_used_at", "last_used_at"])
def test_a_use_that_was_given_back_has_no_date(name):
    spool = a_spool(1000)
    with ledger.book([spool.pk], by=None) as book:
        used = book.consume(book.spools[spool.pk], Decimal(100))
    with ledger.book([spool.pk], by=None) as book:
        book.reverse(used)
    assert getattr(Spool.objects.get(pk=spool.pk), name) is None
    assert found() == []
    falsify(Spool.objects.filter(pk=spool.pk), **{name: used.created_at})
    assert names() == {"use_is_dated_by_the_entries"}


@pytest.mark.usefixtures("unguarded")
def test_a_balance_that_does_not_follow_is_found_at_the_entry_and_the_next(spool):
    wasted = entries(spool).get(kind="waste")
    falsify(entries(spool).filter(pk=wasted.pk), balance_grams=Decimal(951))
    assert [figures["entry_id"] for _, figures in found()] == [wasted.pk, wasted.pk + 1]
    assert names() == {"balance_follows_the_entries"}


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize(
    "lie",
    [
        {"cost_per_gram": Decimal("0.5")},
        {"cost_per_gram": None},
        {"grams": Decimal(99)},
        {"kind": "adjustment"},
    ],
    ids=str,
)
def test_a_reversal_that_is_no_mirror_is_found(spool, lie):
    falsify(entries(spool).filter(kind="reversal"), **lie)
    assert "reversal_mirrors_one_entry" in names()


@pytest.mark.usefixtures("unguarded")
def test_a_reversal_for_another_run_is_found(spool):
    falsify(entries(spool).filter(kind="reversal"), production_run=a_run((spool, 1)))
    assert names() == {"reversal_mirrors_one_entry"}


@pytest.mark.usefixtures("unguarded")
def test_a_reversal_on_another_spool_is_found(spool):
    other = a_spool(1000)
    falsify(entries(spool).filter(kind="reversal"), spool=other)
    assert "reversal_mirrors_one_entry" in names()


@pytest.mark.usefixtures("unguarded")
def test_a_reversal_of_a_reversal_is_found(spool):
    reversal = entries(spool).get(kind="reversal")
    falsify(
        entries(spool).filter(kind="waste"),
        kind="reversal",
        grams=-reversal.grams,
        reverses=reversal,
    )
    assert "reversal_mirrors_one_entry" in names()


@pytest.mark.usefixtures("unguarded")
def test_a_reversal_of_nothing_is_found(spool):
    falsify(entries(spool).filter(kind="reversal"), reverses=None)
    assert "reversal_mirrors_one_entry" in names()


@pytest.mark.usefixtures("unguarded")
def test_time_that_runs_backwards_is_found(spool):
    wasted = entries(spool).get(kind="waste")
    falsify(entries(spool).filter(pk=wasted.pk), created_at=wasted.created_at - timedelta(hours=1))
    ((name, figures),) = found()
    assert (name, figures["entry_id"]) == ("time_never_runs_backwards", wasted.pk)


@pytest.mark.usefixtures("unguarded")
def test_a_forgotten_last_entry_is_found(spool):
    falsify(Spool.objects.filter(pk=spool.pk), last_entry_at=None)
    assert names() == {"last_entry_is_known"}


def test_a_spool_that_is_held_by_nothing_or_free_under_a_hold_is_found(spool):
    holds.place(lot_number="L7", reason="Brittle", by=None)
    falsify(Spool.objects.filter(pk=spool.pk), is_held=True)
    other = a_spool(lot_number="l7")
    falsify(Spool.objects.filter(pk=other.pk), is_held=False)
    assert [(name, figures["spool_id"]) for name, figures in found()] == [
        ("held_by_open_holds", spool.pk),
        ("held_by_open_holds", other.pk),
    ]


@pytest.mark.usefixtures("unguarded")
def test_a_violation_says_its_ids_and_figures(spool):
    falsify(Spool.objects.filter(pk=spool.pk), remaining_grams=Decimal(944))
    (violation,) = invariants.violations()
    assert str(violation).startswith(f"remaining_is_the_ledger: spool_id {spool.pk}, spool_code ")


def test_each_invariant_is_one_query_however_many_rows():
    for _ in range(3):
        a_spool(1000)
    with CaptureQueriesContext(connection) as seen:
        assert found() == []
    selects = [query for query in seen if "FROM" in query["sql"]]
    assert len(selects) == len(invariants.INVARIANTS)
