"""Whether the websocket of a device was up all the while."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from tenants.accounts.models import SocketProcess, TokenSocket
from tenants.accounts.sockets import was_up_since
from tests.factories import a_printer_token

MINUTE = timedelta(minutes=1)


@pytest.fixture
def token(operator):
    return a_printer_token(operator)


def a_socket(token, *, seen=timedelta(0), **fields):
    """Its row, of a process that was seen so long ago."""
    process = SocketProcess.objects.create(seen_at=timezone.now() - seen)
    TokenSocket.objects.create(token=token, process=process.pk, **fields)


def test_what_never_had_one_counts_as_up(token):
    assert was_up_since(token, timezone.now())


def test_it_is_up_from_when_it_was_opened(token):
    opened = timezone.now() - 5 * MINUTE
    a_socket(token, count=1, up_since=opened)
    assert was_up_since(token, opened + MINUTE)
    assert was_up_since(token, opened)
    assert not was_up_since(token, opened - MINUTE)


def test_it_is_not_up_while_it_is_down(token):
    lost = timezone.now() - 5 * MINUTE
    a_socket(token, down_at=lost)
    assert not was_up_since(token, lost - MINUTE)
    assert not was_up_since(token, lost + MINUTE)


def test_one_of_two_that_was_lost_is_one_that_was_down(token):
    now = timezone.now()
    a_socket(token, count=1, up_since=now - 9 * MINUTE, down_at=now - 5 * MINUTE)
    assert not was_up_since(token, now - 6 * MINUTE)
    assert was_up_since(token, now - 4 * MINUTE)


def test_what_a_process_wrote_that_is_gone_says_nothing(token):
    a_socket(token, seen=SocketProcess.LASTS + MINUTE, down_at=timezone.now())
    assert was_up_since(token, timezone.now() - MINUTE)


def test_of_another_token_nothing_is_known(token, operator):
    a_socket(token, down_at=timezone.now())
    assert was_up_since(a_printer_token(operator), timezone.now() - MINUTE)


@pytest.mark.parametrize("wrong", [{"count": 1}, {"up_since": timezone.now()}])
def test_an_open_one_has_a_beginning_and_a_closed_one_has_none(token, wrong):
    with pytest.raises(IntegrityError, match="accounts_tokensocket_up_while_open"):
        a_socket(token, **wrong)


def test_neither_table_is_written_to_the_log(farm):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relpersistence = 'u' AND relname LIKE '%socket%'"
            " AND relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY 1"
        )
        assert cursor.fetchall() == [("accounts_socketprocess",), ("accounts_tokensocket",)]
