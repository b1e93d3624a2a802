"""What is remembered while nothing is written: a token is read again once anything was."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory.models import Location
from tenants.accounts import tokens
from tenants.accounts.models import DeviceToken, User
from tests.conftest import FarmAPIClient
from tests.factories import make_token, make_user

LOCATIONS = "/api/v1/locations/"


@pytest.fixture
def program(committed_farm):
    tokens._found.clear()
    found = FarmAPIClient(host=f"{committed_farm.slug}.localhost")
    found.credentials(HTTP_AUTHORIZATION=f"Token {make_token(make_user(role='viewer'))}")
    assert found.get(LOCATIONS).status_code == 200  # which notes that the token was used
    return found


def reads_of_token(program, status=200):
    with CaptureQueriesContext(connection) as queries:
        assert program.get(LOCATIONS).status_code == status
    return sum("accounts_devicetoken" in each["sql"] for each in queries)


def test_a_token_is_read_again_once_something_was_written(program):
    assert reads_of_token(program) == 1
    assert reads_of_token(program) == 0
    Location.objects.create(name="Shelf 1")
    assert reads_of_token(program) == 1


@pytest.mark.parametrize(
    "end",
    [
        lambda: DeviceToken.objects.update(revoked_at=timezone.now()),
        lambda: DeviceToken.objects.update(expires_at=timezone.now()),
        lambda: User.objects.update(is_active=False),
        lambda: DeviceToken.objects.all().delete(),
    ],
)
def test_a_token_that_ends_is_refused_at_once(program, end):
    reads_of_token(program)
    end()
    assert reads_of_token(program, status=401)


def test_a_token_expires_while_it_is_remembered(program, monkeypatch):
    at = timezone.now() + timedelta(hours=1)
    DeviceToken.objects.update(expires_at=at)
    reads_of_token(program)
    monkeypatch.setattr(tokens.timezone, "now", lambda: at)
    assert reads_of_token(program, status=401)


def test_each_request_has_a_token_of_its_own(program, monkeypatch):
    reads_of_token(program)
    ((_farm, hashed), (snapshot, _row)), *_others = tokens._found._entries.items()
    monkeypatch.setattr(connection, "snapshot", snapshot)
    first, second = (tokens._remembered(hashed, timezone.now()) for _ in range(2))
    assert first.user == second.user
    assert first.user is not second.user


def test_a_transaction_remembers_nothing(program, monkeypatch):
    reads_of_token(program)
    ((_farm, hashed), (snapshot, _row)), *_others = tokens._found._entries.items()
    monkeypatch.setattr(connection, "snapshot", snapshot)
    with transaction.atomic():
        assert tokens._remembered(hashed, timezone.now()) is None


def test_outside_of_requests_nothing_is_remembered(program):
    reads_of_token(program)
    (_farm, hashed), *_others = tokens._found._entries
    assert connection.snapshot is None
    assert tokens._remembered(hashed, timezone.now()) is None
