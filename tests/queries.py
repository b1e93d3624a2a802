"""Rows, spools and the whole book read again, and the number of queries."""

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from inventory.services import invariants as of_inventory
from production.services import invariants

SAVEPOINT = 2  # statements, of the transaction that a test is
TABLES = "SELECT string_agg(tablename, ', ') FROM pg_tables WHERE schemaname = current_schema()"


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def status_of(run):
    return fresh(run).status


def remaining(spool):
    """Net grams on it by the book."""
    return fresh(spool).remaining_grams


INVARIANTS = (of_inventory.INVARIANTS | invariants.INVARIANTS).values()
ANY_VIOLATION = f"SELECT {' OR '.join(f'EXISTS ({query})' for query in INVARIANTS)}"


def violations():
    """Violated invariants of the farm, as sentences; a test that expects some says so."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")  # see `of_inventory.broken`
        [[is_any]] = prepared("any_violation", ANY_VIOLATION)
    return [str(each) for each in invariants.violations()] if is_any else []


def prepared(name, query):
    """The rows of a long query, which PostgreSQL plans once for each connection: that takes ten
    times as long as to read the tables of a small farm."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_prepared_statements WHERE name = %s", [name])
        if cursor.fetchone() is None:
            cursor.execute(f"PREPARE {name} AS {query}")
        cursor.execute(f"EXECUTE {name}")
        return cursor.fetchall()


def queries_of(work):
    """How many statements the database is sent for it."""
    with CaptureQueriesContext(connection) as seen:
        work()
    return len(seen)


def analyze():
    """Let PostgreSQL know what there is in the farm: what it knows is of other tests, far off. Of
    every farm and of the catalogue it would take several times as long."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        [tables] = cursor.fetchone()
        cursor.execute(f"ANALYZE {tables}")
