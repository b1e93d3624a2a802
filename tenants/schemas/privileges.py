"""What the database has to let the program do, asked before anything is made in it."""

from django.db import connection

from tenants.operations.refusals import Refusal

ASKED = """
    SELECT current_user, current_database(), current_setting('transaction_read_only') = 'on',
           current_setting('server_encoding') <> 'UTF8',
           NOT has_database_privilege(current_database(), 'CREATE')
           OR NOT has_schema_privilege('public', 'CREATE'),
           NOT (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user)
"""
SENTENCES = [
    "The database {database} is read-only, perhaps a replica: name the server that is written to.",
    "The database {database} does not keep its text as UTF-8. Make another one: CREATE DATABASE "
    "... ENCODING 'UTF8' TEMPLATE template0;",
    "The role {role} may not make tables in the database {database}, which should be its own. "
    'As a superuser: ALTER DATABASE "{database}" OWNER TO "{role}"; and, connected to it, '
    "ALTER SCHEMA public OWNER TO pg_database_owner;",
    "The role {role} may not make roles, and each farm has one of its own. As a superuser: "
    'ALTER ROLE "{role}" CREATEROLE;',
]


class UnusableDatabase(Refusal):
    """The database answers, and is of no use as it is."""

    code = "unusable_database"
    title = "The database can't be used"


def check():
    """Raises UnusableDatabase, which says what a superuser has to do."""
    with connection.cursor() as cursor:
        cursor.execute(ASKED)
        role, database, *wrong = cursor.fetchone()
    for is_wrong, sentence in zip(wrong, SENTENCES, strict=True):
        if is_wrong:
            raise UnusableDatabase(sentence.format(role=role, database=database))
