"""Rows written in one statement: every kind of value as Django writes it, and ids in order."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy

from inventory.models import Filament, Spool
from production.models import ProductionRun, RunEvent
from tenants.accounts.models import AuditEvent
from tenants.operations.bulk import Insert, Update, bulk_insert, bulk_update, write
from tests.factories import a_filament, a_run, a_spool
from tests.queries import fresh, queries_of

pytestmark = pytest.mark.usefixtures("farm")

NOW = datetime(2026, 7, 1, 12, 30, 15, 123456, UTC)
CHANGES = {"price": ["1", None], "text": 'a "quote" % \\ \' ü 🧵', "deep": {"n": [1, True]}}


def events(count):
    return [
        AuditEvent(
            by_name=f"Ann {n} %s %% 'x' \u2028",
            verb="change",
            object_type="inventory.spool",
            object_id=n,
            changes=CHANGES,
            at=NOW,
        )
        for n in range(count)
    ]


def values(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.parametrize("count", [1, 3, 250])
def test_new_rows_are_as_django_inserts_them_and_get_their_ids_in_order(count):
    ours, theirs = events(count), events(count)
    assert queries_of(lambda: bulk_insert(ours)) == 1
    AuditEvent.objects.bulk_create(theirs)
    assert [row.pk for row in ours] == sorted(row.pk for row in ours)
    for row, other in zip(ours, theirs, strict=True):
        assert values(fresh(row)) | {"id": other.pk} == values(fresh(other))
        assert (row._state.adding, row._state.db) == (False, "default")


def test_rows_are_changed_to_what_they_hold_and_others_are_not():
    spools = [a_spool(1000) for _ in range(3)]
    for spool, price in zip(spools[:2], ("12.5000", None), strict=True):
        spool.price = price and Decimal(price)
        spool.opened_at = price and NOW.astimezone(timezone(timedelta(hours=5)))
        spool.comment, spool.needs_weighing = gettext_lazy("A comment"), bool(price)
    fields = ("price", "opened_at", "comment", "needs_weighing", "price")
    assert queries_of(lambda: bulk_update(spools[:2], fields)) == 1
    found = [fresh(spool) for spool in spools]
    assert [each.price for each in found] == [Decimal("12.5"), None, spools[2].price]
    assert [each.opened_at for each in found] == [NOW, None, None]
    assert [each.comment for each in found] == ["A comment", "A comment", ""]
    assert [each.needs_weighing for each in found] == [True, False, False]


def test_nothing_takes_no_statement():
    assert queries_of(lambda: bulk_update([], ["price"])) == 0
    assert queries_of(lambda: bulk_insert([])) == 0
    assert queries_of(lambda: write(Update([], ["price"]), Insert([]))) == 0


def test_tables_are_written_together_or_not_at_all():
    run, spool = a_run(), a_spool(1000)
    run.notes, spool.comment = "both", "both"
    event = RunEvent(run=run, verb="progress", to_status="planned", at=NOW, before={"a": [1]})
    changes = [Insert([event]), Update([run], ["notes"]), Update([spool], ["comment"])]
    assert queries_of(lambda: write(*changes)) == 1
    assert (fresh(run).notes, fresh(spool).comment) == ("both", "both")
    assert fresh(event).before == {"a": [1]}
    run.notes, event.pk, event.by_id = "neither", None, 0
    with pytest.raises(IntegrityError), transaction.atomic():
        write(Insert([event]), Update([run], ["notes"]))
        connection.check_constraints()
    assert fresh(run).notes == "both"


def test_two_changes_of_one_table_are_refused():
    spool = a_spool(1000)
    with pytest.raises(ValueError, match="different tables"):
        write(Update([spool], ["comment"]), Update([spool], ["price"]))
    with pytest.raises(ValueError, match="one inserts"):
        write(Insert([Spool()]), Insert([ProductionRun()]))


def test_what_a_column_does_not_take_is_an_error_and_is_not_cut():
    filament = a_filament()
    filament.name = "x" * 1000
    with pytest.raises(DataError), transaction.atomic():
        bulk_update([filament], ["name"])
    assert fresh(filament).name != filament.name
    assert Filament.objects.filter(name__startswith="xxx").count() == 0
