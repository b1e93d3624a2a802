"""Rows, spools and the whole book read again, and the number of queries."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

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


def violations():
    """Violated invariants of the farm, as sentences; a test that expects some says so."""
    return [str(violation) for violation in invariants.violations()]


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
