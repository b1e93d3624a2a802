"""Database privileges that are needed, checked before anything is created."""

from django.db import connection
from django.utils.translation import gettext_lazy as _

from tenants.operations.refusals import Refusal

PRIVILEGES = """
    SELECT current_user, current_database(), current_setting('transaction_read_only') = 'on',
           current_setting('server_encoding') <> 'UTF8',
           NOT has_database_privilege(current_database(), 'CREATE')
           OR NOT has_schema_privilege('public', 'CREATE'),
           NOT (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user)
"""
MESSAGES = [
    _("The database %(database)s is read-only, perhaps a replica: name the primary server."),
    _(
        "The database %(database)s does not store its text as UTF-8. Create another one: "
        "CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0;"
    ),
    _(
        "The role %(role)s may not make tables in the database %(database)s, which should be its "
        'own. As a superuser: ALTER DATABASE "%(database)s" OWNER TO "%(role)s"; and, connected to '
        "it, ALTER SCHEMA public OWNER TO pg_database_owner;"
    ),
    _(
        "The role %(role)s may not make roles, and each farm has one of its own. As a superuser: "
        'ALTER ROLE "%(role)s" CREATEROLE;'
    ),
]


class UnusableDatabase(Refusal):
    code = "unusable_database"
    title = "The database can't be used"


def check():
    """Raises UnusableDatabase, with what a superuser has to do."""
    with connection.cursor() as cursor:
        cursor.execute(PRIVILEGES)
        role, database, *wrong = cursor.fetchone()
    for is_wrong, message in zip(wrong, MESSAGES, strict=True):
        if is_wrong:
            raise UnusableDatabase(message % {"role": role, "database": database})
