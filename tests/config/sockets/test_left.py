"""What processes left that were killed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from config.sockets import reading
from tenants.accounts.models import SocketProcess, TokenSocket
from tests.factories import a_printer_token

MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(farm):
    return timezone.now()


def a_socket(user, *, seen, up_since):
    """Its row, of a process that was seen then, or whose row is gone."""
    process = SocketProcess(seen_at=seen)
    if seen is not None:
        process.save()
    return TokenSocket.objects.create(
        token=a_printer_token(user), process=process.pk, count=2, up_since=up_since
    )


def state_of(socket):
    socket.refresh_from_db()
    return socket.count, socket.up_since, socket.down_at


@pytest.mark.parametrize("is_known", [True, False])
def test_it_is_down_since_its_process_was_seen_last(now, operator, is_known):
    up_since, seen = now - 9 * MINUTE, now - 2 * MINUTE
    socket = a_socket(operator, seen=seen if is_known else None, up_since=up_since)
    reading.clear()
    assert state_of(socket) == (0, None, seen if is_known else up_since)
    assert not SocketProcess.objects.exists()


def test_that_of_a_process_that_is_there_stays_up(now, operator):
    socket = a_socket(operator, seen=now - MINUTE / 2, up_since=now - 9 * MINUTE)
    reading.clear()
    assert state_of(socket) == (2, now - 9 * MINUTE, None)
    assert SocketProcess.objects.exists()


def test_what_was_opened_a_moment_ago_is_left_alone(now, operator):
    socket = a_socket(operator, seen=None, up_since=now - MINUTE / 2)
    reading.clear()
    assert state_of(socket)[0] == 2


def test_a_process_says_that_it_is_there_and_is_not_made_anew(now):
    process = SocketProcess.objects.create(seen_at=now - 2 * MINUTE)
    reading.note_seen(process.pk)
    process.refresh_from_db()
    assert process.seen_at >= now
    SocketProcess.objects.all().delete()
    reading.note_seen(process.pk)
    assert not SocketProcess.objects.exists()
