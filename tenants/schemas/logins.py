"""The database logins of the web server, which own nothing.

- WEB, for requests to farms: reads which farms and hosts there are, and sets the role of a farm.
- SITE, for the public site: reads and writes its rows (people, sessions, hosts), and the name and
  the status of a farm; asks the worker for farms to be added or dropped. It reaches no farm.

Migrations and commands use the login of the owner, whose password the web server does not have.
Where only that login is configured, requests use it too: what they may do in a farm is the same,
as its role decides it, but a statement that leaves the role has the rights of the owner.

With FARM_LOGIN_KEY requests to a farm log in as its role, which can't be left for that of another.
"""

import threading
from collections import OrderedDict

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.utils.translation import gettext as _

from tenants.schemas import database_role
from tenants.schemas.database_role import WEB, ensure_role, grant_role, owner, run
from tenants.schemas.privileges import UnusableDatabase
from tenants.schemas.shared_connections import SharedConnections

SITE, FARM = "site", "farm"
READ_BY_WEB = ("tenants_tenant", "tenants_domain", "django_migrations")
OF_A_FARM_BY_SITE = "name, status"  # the columns that it changes
MAX_FARMS = 4  # connections of a thread

_thread = threading.local()
_shared = None


def share(threads):
    """Let so many threads of this process borrow their connections for requests to farms."""
    global _shared
    alias = WEB if WEB in connections.settings else DEFAULT_DB_ALIAS
    _shared = SharedConnections(lambda: connections[alias].copy(), threads)


def borrow(host):
    """Let this thread use WEB, where there are logins, for a request to a host: over a connection
    that it gives back, where the process shares them."""
    if _shared is not None and not _borrowed():
        _thread.own = connections[DEFAULT_DB_ALIAS]
        _thread.borrowed = _shared.borrow(host)
        _thread.borrowed.close_if_unusable_or_obsolete()  # as Django does for those of the settings
    use(WEB)


def give_back():
    """The connection that this thread has borrowed, if it has."""
    if borrowed := _borrowed():
        connections[DEFAULT_DB_ALIAS] = _thread.own
        _thread.borrowed = None
        _shared.give_back(borrowed)


def use(login):
    """Let this thread use a login of the web server, where it has them, until it uses another."""
    if login == WEB and (borrowed := _borrowed()):
        connections[DEFAULT_DB_ALIAS] = borrowed
    elif login in connections.settings:
        connections[DEFAULT_DB_ALIAS] = connections[login]


def _borrowed():
    return getattr(_thread, "borrowed", None)


def use_farm(schema):
    """Let this thread use the login of a farm, where farms have them."""
    if settings.FARM_LOGIN_KEY and WEB in connections.settings:
        connections[DEFAULT_DB_ALIAS] = _connection_of(schema)


def _connection_of(schema):
    """The thread's own; of those that it has, the one not used for longest is closed."""
    held = _thread.__dict__.setdefault("held", OrderedDict())
    found = held.pop(schema, None)
    if found is None:
        found = connections[WEB].copy(FARM)
        found.settings_dict |= {
            "USER": database_role.role_of(schema),
            "PASSWORD": database_role.password_of(schema),
        }
    found.close_if_unusable_or_obsolete()  # as Django does for those of the settings
    held[schema] = found
    if len(held) > MAX_FARMS:
        held.popitem(last=False)[1].close()
    return found


def prepare(*, log):
    """Make both logins, with what they may do, and the passwords of the settings.

    Raises UnusableDatabase.
    """
    with transaction.atomic():
        for login in (WEB, SITE):
            role = ensure_role(login)
            run("ALTER ROLE {role} NOINHERIT", role=role)
            # So that dropping a farm can end its requests.
            grant_role(role, to=owner(), inherit=True)
            run("GRANT USAGE ON SCHEMA public TO {role}", role=role)
        _grant_to_web()
        _grant_to_site()
    for login, given in settings.DATABASE_LOGINS.items():
        _check_name(login, given)
        database_role.set_password(database_role.role_of(login), given["PASSWORD"])
    if not _can_log_in():
        log(
            "Requests use the login of the database's owner: a statement that gets past Spoolbook "
            "could reach other farms and change the ledger. How to give the web server logins of "
            "its own: docs/security.md"
        )


def _grant_to_web():
    role = database_role.role_of(WEB)
    for table in READ_BY_WEB:
        run("GRANT SELECT ON public.{table} TO {role}", table=table, role=role)


def _grant_to_site():
    role = database_role.role_of(SITE)
    run("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}", role=role)
    run("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}", role=role)
    run("GRANT USAGE ON SCHEMA farms TO {role}", role=role)
    run("GRANT EXECUTE ON FUNCTION farms.queue_job TO {role}", role=role)
    database_role.make_append_only("public", role)
    run("REVOKE INSERT, UPDATE, DELETE ON public.tenants_tenant FROM {role}", role=role)
    run("REVOKE ALL ON public.tenants_droppedfarm FROM {role}", role=role)
    run("REVOKE UPDATE, DELETE ON public.tenants_farmrequest FROM {role}", role=role)
    run(f"GRANT UPDATE ({OF_A_FARM_BY_SITE}) ON public.tenants_tenant TO {{role}}", role=role)


def _check_name(login, given):
    role, name = database_role.role_of(login), given["USER"]
    if name != role:
        detail = _("The login %(name)s can't be used: that of this database is called %(role)s.")
        raise UnusableDatabase(detail % {"name": name, "role": role})


def _can_log_in():
    names = [database_role.role_of(login) for login in (WEB, SITE)]
    query = "SELECT bool_and(rolcanlogin) FROM pg_roles WHERE rolname = ANY(%s)"
    with connection.cursor() as cursor:
        cursor.execute(query, [names])
        return cursor.fetchone()[0]
