"""The database logins of the web server, which own nothing.

- WEB, for requests to farms: reads which farms and hosts there are, and sets the role of a farm.
- SITE, for the public site: reads and writes its rows (people, sessions, hosts), and the name and
  the status of a farm. It reaches no farm.

Migrations and commands use the login of the owner, whose password the web server does not have.
Where only that login is configured, requests use it too: what they may do in a farm is the same,
as its role decides it, but a statement that leaves the role has the rights of the owner.
"""

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.utils.translation import gettext as _

from tenants.schemas import database_role
from tenants.schemas.database_role import WEB, ensure_role, grant_role, run
from tenants.schemas.privileges import UnusableDatabase

SITE = "site"
HASH = b"scram-sha-256"
READ_BY_WEB = ("tenants_tenant", "tenants_domain", "django_migrations")
OF_A_FARM_BY_SITE = "name, status"  # the columns that it changes


def use(login):
    """Let this thread use a login of the web server, where it has them, until it uses another."""
    if login in connections.settings:
        connections[DEFAULT_DB_ALIAS] = connections[login]


def is_owner():
    """Whether the schemas of farms can be made and dropped from here."""
    return connection.alias == DEFAULT_DB_ALIAS


def prepare(*, log):
    """Make both logins, with what they may do, and the passwords of the settings.

    Raises UnusableDatabase.
    """
    with transaction.atomic():
        for login in (WEB, SITE):
            role = ensure_role(login)
            run("ALTER ROLE {role} NOINHERIT", role=role)
            # So that dropping a farm can end its requests.
            grant_role(role, to=_owner(), inherit=True)
            run("GRANT USAGE ON SCHEMA public TO {role}", role=role)
        _grant_to_web()
        _grant_to_site()
    for login, given in settings.DATABASE_LOGINS.items():
        _set_password(login, given)
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
    database_role.make_append_only("public", role)
    run("REVOKE INSERT, UPDATE, DELETE ON public.tenants_tenant FROM {role}", role=role)
    run("REVOKE ALL ON public.tenants_droppedfarm FROM {role}", role=role)
    run(f"GRANT UPDATE ({OF_A_FARM_BY_SITE}) ON public.tenants_tenant TO {{role}}", role=role)


def _set_password(login, given):
    """The password goes over the wire, and into the server's log, as its hash."""
    role, name = database_role.role_of(login), given["USER"]
    if name != role:
        detail = _("The login %(name)s can't be used: that of this database is called %(role)s.")
        raise UnusableDatabase(detail % {"name": name, "role": role})
    with connection.cursor() as cursor:
        libpq = connection.connection.pgconn
        secret = libpq.encrypt_password(given["PASSWORD"].encode(), role.encode(), HASH)
        statement = f"ALTER ROLE {connection.ops.quote_name(role)} LOGIN PASSWORD %s"
        cursor.execute(statement, [secret.decode()])


def _can_log_in():
    names = [database_role.role_of(login) for login in (WEB, SITE)]
    query = "SELECT bool_and(rolcanlogin) FROM pg_roles WHERE rolname = ANY(%s)"
    with connection.cursor() as cursor:
        cursor.execute(query, [names])
        return cursor.fetchone()[0]


def _owner():
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        return cursor.fetchone()[0]
