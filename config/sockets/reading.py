"""What the process reads and writes in farms: as the farm's role, in threads of its own."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from django.contrib.sessions.models import Session
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.utils import timezone

from production.spoolman.address import WEBSOCKET
from tenants.accounts import roles, scopes
from tenants.accounts.models import DeviceToken, SocketProcess, User
from tenants.models import Tenant
from tenants.schemas import logins
from tenants.web.middleware import enter, leave_farm

THREADS = 4  # as many farms are read at once
FAILURES = (DatabaseError, InterfaceError)
SEEN = """
    INSERT INTO accounts_socketprocess (key, seen_at) VALUES (%s, %s)
    ON CONFLICT (key) DO UPDATE SET seen_at = excluded.seen_at
    RETURNING xmax = 0
"""
OPENED = """
    INSERT INTO accounts_tokensocket AS old (token_id, process, count, up_since)
    VALUES (%(token)s, %(process)s, %(count)s, %(now)s)
    ON CONFLICT (token_id) DO UPDATE SET
        process = excluded.process, count = excluded.count,
        up_since = CASE WHEN old.process = excluded.process
            THEN coalesce(old.up_since, excluded.up_since) ELSE excluded.up_since END,
        down_at = CASE WHEN old.process = excluded.process
            THEN old.down_at ELSE excluded.up_since END
"""
STILL_SEEN = "UPDATE accounts_socketprocess SET seen_at = %(now)s WHERE key = %(process)s"
# What began a moment ago may be of a process that this statement does not see yet.
LEFT_OPEN = """
    UPDATE accounts_tokensocket AS left_open
    SET count = 0, up_since = NULL, down_at = greatest(down_at, up_since, (
        SELECT seen_at FROM accounts_socketprocess WHERE key = left_open.process))
    WHERE count > 0 AND up_since <= %(before)s AND NOT EXISTS (
        SELECT FROM accounts_socketprocess
        WHERE key = left_open.process AND seen_at > %(before)s)
"""
LEFT = "DELETE FROM accounts_socketprocess WHERE seen_at <= %(before)s"
CLOSED = """
    UPDATE accounts_tokensocket
    SET count = %(count)s, down_at = %(now)s,
        up_since = CASE WHEN %(count)s > 0 THEN up_since END
    WHERE token_id = %(token)s AND process = %(process)s
"""
# The transaction that wrote a row last: another one with each change of it.
VERSIONS = "SELECT number, xmin::text::bigint FROM {} WHERE removed_at IS NULL"
TABLES = {
    "vendor": "inventory_manufacturer",
    "filament": "inventory_filament",
    "spool": "inventory_spool",
}


class FarmGone(Exception):
    """The farm was dropped, or is suspended or closed."""


class Check(NamedTuple):
    """``is_new``: the farm did not know this process any more, so nobody told it anything."""

    is_new: bool
    lost: list  # clients that may not stay
    versions: dict  # of the rows as they are now


class Reader:
    """Does work in farms, in threads."""

    def __init__(self):
        self._threads = ThreadPoolExecutor(THREADS, "reading")

    async def farm(self, pk):
        """The Tenant. Raises FarmGone, FAILURES."""
        return await self._do(_farm, pk)

    async def farms(self):
        """All that are open. Raises FAILURES."""
        return await self._do(_farms)

    async def within(self, tenant, work, *args):
        """The result of a function that is called in the farm. Raises FAILURES."""
        return await self._do(_within, tenant, work, args)

    async def _do(self, work, *args):
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)

    def close(self):
        self._threads.shutdown(wait=True, cancel_futures=True)


def _farm(pk):
    close_old_connections()
    logins.use(logins.WEB)
    connection.set_schema_to_public()
    tenant = Tenant.objects.filter(pk=pk, status=Tenant.Status.ACTIVE).first()
    if tenant is None:
        raise FarmGone
    return tenant


def _farms():
    close_old_connections()
    logins.use(logins.WEB)
    connection.set_schema_to_public()
    return list(Tenant.objects.filter(status=Tenant.Status.ACTIVE).order_by("pk"))


def _within(tenant, work, args):
    close_old_connections()
    logins.use(logins.WEB)
    try:
        enter(tenant)
        return work(*args)
    except FAILURES:
        connection.close()  # the next one begins with a new connection
        raise
    finally:
        leave_farm()


def begin(process):
    """Let those who change something know that somebody listens; returns the versions of rows."""
    _note_seen(process)
    return versions()


def end(process):
    SocketProcess.objects.filter(key=process).delete()


def note_seen(process):
    """It is still there; one that the farm does not know stays unknown, see Check."""
    _execute(STILL_SEEN, process=process, now=timezone.now())


def clear():
    """Note what processes left open that were killed, down since they were seen last."""
    before = timezone.now() - SocketProcess.LASTS
    _execute(LEFT_OPEN, before=before)
    _execute(LEFT, before=before)


def note_opened(process, token, count):
    """A token has so many websockets, one more than before."""
    _execute(OPENED, process=process, token=token, count=count, now=timezone.now())


def note_closed(process, token, count):
    """It has so many, one fewer than before."""
    _execute(CLOSED, process=process, token=token, count=count, now=timezone.now())


def check(process, clients):
    """What has to be done about the clients; see Check."""
    return Check(_note_seen(process), _without_access(clients), versions())


def versions():
    """``{resource: {number: version}}`` of all rows that clients may know."""
    found = {}
    with connection.cursor() as cursor:
        for resource, table in TABLES.items():
            cursor.execute(VERSIONS.format(table))
            found[resource] = dict(cursor.fetchall())
    return found


def _note_seen(process):
    """Whether it was not known here."""
    with connection.cursor() as cursor:
        cursor.execute(SEEN, [process, timezone.now()])
        return cursor.fetchone()[0]


def _execute(statement, **params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def _without_access(clients):
    """Those whose token or session does not open a websocket any more."""
    now = timezone.now()
    tokens = DeviceToken.objects.usable(now).select_related("user")
    tokens = {token.pk: token for token in tokens.filter(pk__in=_all(clients, "token"))}
    keys = Session.objects.filter(session_key__in=_all(clients, "session"), expire_date__gt=now)
    keys = set(keys.values_list("session_key", flat=True))
    people = User.objects.active().in_bulk(_all(clients, "user"))
    return [client for client in clients if not _has_access(client.about, tokens, keys, people)]


def _has_access(about, tokens, keys, people):
    if "token" in about:
        token = tokens.get(about["token"])
        return token is not None and WEBSOCKET in scopes.limited_to_printers(
            roles.permissions(token.user.role), token.scope
        )
    user = people.get(about["user"])
    if user is None or about["session"] not in keys:
        return False
    return about["mark"] == user.get_session_auth_hash() and WEBSOCKET in user.rights()


def _all(clients, name):
    return {client.about[name] for client in clients if name in client.about}
