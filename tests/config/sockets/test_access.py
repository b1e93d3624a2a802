"""Websockets end with the access of who opened them; and what a farm's role can do to them."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_tenants.utils import schema_context
from websockets.exceptions import ConnectionClosed

from inventory.services.spools import shelf
from tenants.accounts import services
from tenants.accounts.models import DeviceToken, SocketProcess, TokenSocket, User
from tenants.accounts.sockets import was_up_since
from tenants.farms.services import resume_farm, suspend_farm
from tenants.live import notes
from tenants.live.announcing import announce
from tests.config.sockets.live import SECONDS, Device, heard, heard_nothing
from tests.conftest import go_to
from tests.factories import a_spool
from tests.tenants.sql_helpers import walled


def closed(websocket):
    """With which code."""
    with pytest.raises(ConnectionClosed) as error:
        websocket.recv(timeout=SECONDS)
    return error.value.rcvd.code


@pytest.fixture
def token(device):
    return DeviceToken.objects.get()


# --- The end of access ---------------------------------------------------------------------------


def test_the_websocket_of_a_token_ends_when_that_is_revoked(device, token):
    with device.open() as websocket:
        services.revoke_token(token, by=None)
        assert closed(websocket) == 1008


def test_that_of_an_expired_token_ends_when_it_is_looked_after(device, token):
    with device.open() as websocket:
        DeviceToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        announce("access")
        assert closed(websocket) == 1008


def test_that_of_a_token_ends_with_its_person(live, committed_farm):
    device = Device(live, committed_farm)
    other = Device(live, committed_farm)
    with device.open() as websocket, other.open() as others:
        services.deactivate(device.user, by=None)
        assert closed(websocket) == 1008
        assert heard_nothing(others)


def test_those_of_a_farm_end_when_it_is_suspended(device):
    with device.open() as websocket:
        with schema_context("public"):
            suspend_farm(device.farm, by=None)
        assert closed(websocket) == 1012
        with schema_context("public"):
            resume_farm(device.farm, by=None)
    with device.open() as websocket:
        assert heard_nothing(websocket)


def test_what_was_opened_stays_open_while_others_are_revoked(device, token):
    services.issue_token(device.user, name="other", scope="printer", by=None)
    with device.open() as websocket:
        services.revoke_token(DeviceToken.objects.get(name="other"), by=None)
        assert heard_nothing(websocket)


# --- What others can do --------------------------------------------------------------------------


@pytest.mark.parametrize("channel", ["its", "another"])
def test_what_a_farms_role_writes_to_a_channel_is_told_to_nobody(device, channel):
    """Not even on the channel itself, whose name it can't know."""
    schema = device.farm.schema_name
    name = notes.channel_of(schema) if channel == "its" else f"live_{schema}"
    content = json.dumps({"resource": "setting", "type": "updated", "key": "currency"})
    real = notes.write("farm_elsewhere", notes.Note("setting", key="currency"))
    with device.open() as websocket:
        connection.set_tenant(walled(device.farm))
        with connection.cursor() as cursor:
            for text in (content, f"{'0' * 64} {content}", real, "", "x"):
                cursor.execute("SELECT pg_notify(%s, %s)", [name, text])
        go_to(device.farm)
        assert heard_nothing(websocket)


def test_who_does_not_know_the_name_of_a_channel_hears_nothing(device):
    connection.set_tenant(walled(device.farm))
    heard_of = []
    schema = device.farm.schema_name
    with connection.cursor() as cursor:
        for name in ("live", "spoolbook", f"live_{schema}", schema):
            cursor.execute(f'LISTEN "{name}"')
        connection.connection.add_notify_handler(heard_of.append)
    go_to(device.farm)
    with device.open() as websocket:
        spool = a_spool(1000)
        shelf.describe(spool, by=device.user, comment="secret")
        heard(websocket, 2)
        with connection.cursor() as cursor:
            cursor.execute("UNLISTEN *")
    assert heard_of == []


# --- What is known of them -----------------------------------------------------------------------


def state_of(token):
    row = TokenSocket.objects.get(token=token)
    return row.count, row.up_since, row.down_at


def test_whether_the_websocket_of_a_token_is_up_is_known(device, token):
    begun = timezone.now()
    assert was_up_since(token, begun)  # it has had none
    with device.open() as first:
        opened = timezone.now()
        count, up_since, down_at = state_of(token)
        assert (count, down_at) == (1, None)
        assert begun <= up_since <= opened
        assert not was_up_since(token, begun)
        assert was_up_since(token, opened)
        with device.open("/spool") as second:
            assert state_of(token)[0] == 2
            second.close()
            eventually_closed(token, 1)
            assert not was_up_since(token, opened)
        assert SocketProcess.objects.count() == 1
        first.close()
        eventually_closed(token, 0)
    assert not was_up_since(token, timezone.now())


def eventually_closed(token, count):
    until = timezone.now() + timedelta(seconds=SECONDS)
    while state_of(token)[0] != count:
        assert timezone.now() < until


def test_what_nobody_told_is_told_when_the_farm_is_looked_after(device):
    spool = a_spool(1000)
    gone = a_spool(1000)
    with device.open("/spool") as websocket:
        type(spool).objects.filter(pk=spool.pk).update(comment="by SQL")
        type(spool).objects.filter(pk=gone.pk).update(
            removed_at=timezone.now(), archived_at=timezone.now()
        )
        assert heard_nothing(websocket)
        announce("access")
        events = heard(websocket, 2)
        assert [(each["type"], each["payload"]["id"]) for each in events] == [
            ("updated", spool.number),
            ("deleted", gone.number),
        ]
        assert events[0]["payload"]["comment"] == "by SQL"
        announce("access")
        assert heard_nothing(websocket)


def test_a_farm_that_forgot_who_listens_has_all_read_anew(device):
    with device.open() as websocket:
        SocketProcess.objects.all().delete()  # as a restore does
        with connection.cursor() as cursor:
            schema = device.farm.schema_name
            text = notes.write(schema, notes.Note("access"))
            cursor.execute("SELECT pg_notify(%s, %s)", [notes.channel_of(schema), text])
        assert closed(websocket) == 1012
    assert User.objects.exists()
