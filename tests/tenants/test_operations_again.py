"""An operation that can not be carried out now: it is tried again, or it is busy."""

import threading
from contextlib import contextmanager, nullcontext, suppress
from functools import partial

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from opentelemetry.trace import StatusCode

from inventory.models import Location
from tenants.operations.operation import (
    ATTEMPTS,
    CommitUnknown,
    in_dry_run,
    in_transaction,
    whole_transaction,
)
from tenants.operations.refusals import Busy
from tests.conftest import go_to
from tests.tenants.failing_operation import Unwilling, do, fail_with, gave_up, outcomes


def test_a_lock_that_can_not_be_had_is_a_refusal(committed_farm, watched):
    shelf = Location.objects.create(name="Shelf")
    with locked_by_another(committed_farm, shelf), pytest.raises(Busy):
        do(shelf, work=lambda: lock(shelf, timeout="50ms"))
    seen = watched.last("test.do")
    assert (seen["outcome"], seen["subject_type"]) == ("busy", "location")
    assert outcomes(watched) == {("test.do", "busy"): 1}


def lock(shelf, *, timeout="5s"):
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [timeout])
    return Location.objects.select_for_update().get(pk=shelf.pk)


@contextmanager
def locked_by_another(farm, shelf):
    is_locked, may_go = threading.Event(), threading.Event()

    def hold():
        go_to(farm)
        with transaction.atomic():
            lock(shelf)
            is_locked.set()
            may_go.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert is_locked.wait(10)
        yield
    finally:
        may_go.set()
        holder.join()


@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
def test_the_attempts_are_told_when_there_was_more_than_one(
    committed_farm, watched, last_log_line, sqlstate
):
    failures = [gave_up(sqlstate), gave_up(sqlstate)]

    def work():
        if failures:
            raise failures.pop()
        return "done"

    assert do(work=work) == "done"
    seen = watched.last("test.do")
    assert (seen["outcome"], seen["attempts"], last_log_line().attempts) == ("ok", 3, 3)
    assert outcomes(watched) == {("test.do", "ok"): 1}  # one operation, however often it was tried


def test_after_four_attempts_it_is_busy(committed_farm, watched):
    with pytest.raises(Busy):
        do(work=fail_with(gave_up("40P01")))
    assert watched.last("test.do")["attempts"] == ATTEMPTS == 4


@pytest.mark.parametrize(
    ("sqlstate", "outcome"),
    [("40P01", "retry"), ("55P03", "busy"), ("40000", "error:OperationalError")],
)
def test_what_another_transaction_tries_again_is_no_error_of_the_operation_in_it(
    committed_farm, watched, sqlstate, outcome
):
    failures = [gave_up(sqlstate)]
    with nullcontext() if outcome == "retry" else pytest.raises((Busy, OperationalError)):
        in_transaction(lambda: do(work=lambda: failures and fail_with(failures.pop())()))
    first = watched.spans("test.do")[0]
    assert first.attributes["outcome"] == outcome
    assert (first.status.status_code == StatusCode.ERROR) is outcome.startswith("error:")


def test_what_is_tried_again_outside_operations_returns_its_result(committed_farm):
    failures = [gave_up("40001")]
    assert in_transaction(lambda: fail_with(failures.pop())() if failures else 7) == 7


def test_of_a_commit_only_what_the_database_did_not_answer_is_unknown(committed_farm, monkeypatch):
    errors = {
        "57P01": CommitUnknown,  # it was shut down meanwhile
        "08006": CommitUnknown,
        "53100": OperationalError,  # its disk is full: rolled back
        "57014": Busy,
    }
    for sqlstate, error in errors.items():
        with monkeypatch.context() as patch, pytest.raises((OperationalError, Busy)) as raised:
            patch.setattr(connection, "_commit", fail_with(gave_up(sqlstate)))
            in_transaction(lambda: None)
        assert type(raised.value) is error, sqlstate


# --- Savepoints --------------------------------------------------------------------------------


def savepoints_of(work):
    with CaptureQueriesContext(connection) as seen, transaction.atomic():
        work()
    return sum(each["sql"].startswith("SAVEPOINT") for each in seen)


def in_whole(work):
    def run():
        with whole_transaction():
            return work()

    return run


def test_an_operation_makes_a_savepoint_unless_it_is_the_whole_transaction(committed_farm):
    nested = partial(do, work=do)
    assert [savepoints_of(work) for work in (do, in_whole(do))] == [1, 0]
    assert [savepoints_of(work) for work in (nested, in_whole(nested))] == [2, 1]


def test_a_dry_run_of_a_whole_transaction_is_rolled_back_by_itself(committed_farm):
    def rehearse():
        in_dry_run(lambda: do(work=lambda: Location.objects.create(name="Shelf")))
        assert not Location.objects.exists()

    savepoints_of(in_whole(rehearse))


def test_the_error_of_a_whole_transaction_can_not_be_passed_over(committed_farm):
    with pytest.raises(transaction.TransactionManagementError), transaction.atomic():
        with suppress(Unwilling):
            in_whole(partial(do, work=fail_with(Unwilling("No"))))()
        Location.objects.create(name="Shelf")
    assert not Location.objects.exists()
    with suppress(Unwilling):  # outside of a transaction it has one of its own
        in_whole(partial(do, work=fail_with(Unwilling("No"))))()
    assert not Location.objects.exists()
