"""A farm with a long past, made by plain SQL; and the queries of a page."""

import json
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import SpoolEvent
from tests.queries import analyze
from tests.shelf_rows import allow_any_entries

LONG_AGO = "now() - interval '1 year' + n * interval '1 second'"
AT, POSTED = {"at": LONG_AGO}, {"created_at": LONG_AGO}


def grow(sample, *, runs, spools):
    """So many closed runs more, all from ``sample.spool``, and so many archived spools: by whom it
    was done last, and all of it a year ago."""
    allow_any_entries()
    code = "lpad(n::text, 9, 'Z')"
    of_spool = f"(SELECT id FROM inventory_spool WHERE code = {code})"
    receipt = sample.bare_spool.transactions.get()
    copies("inventory_spool", sample.bare_spool.pk, spools, code=code, archived_at="now()")
    copies("inventory_inventorytransaction", receipt.pk, spools, spool_id=of_spool, **POSTED)
    done = sample.closed.events.latest("pk")
    dried = SpoolEvent.objects.create(spool=sample.bare_spool, verb="dried", by=done.by, at=done.at)
    copies("inventory_spoolevent", dried.pk, spools, spool_id=of_spool, **AT)
    of_run = "(SELECT id FROM production_productionrun WHERE number = 'GREW-' || n)"
    item, line = sample.closed.items.get(), sample.closed.materials.get()
    entry = sample.closed.transactions.get()
    copies("production_productionrun", sample.closed.pk, runs, number="'GREW-' || n")
    copies("production_runitem", item.pk, runs, run_id=of_run)
    copies("production_runmaterial", line.pk, runs, run_id=of_run)
    copies("inventory_inventorytransaction", entry.pk, runs, production_run_id=of_run, **POSTED)
    copies("production_runevent", done.pk, runs, run_id=of_run, **AT)
    analyze()


def copies(table, pk, count, **changed):
    """So many copies of a row; ``changed`` columns are SQL expressions of ``n``, from 1."""
    query = """
        SELECT column_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name = %s
          AND is_identity = 'NO' AND is_generated = 'NEVER'
          AND coalesce(column_default, '') NOT LIKE 'nextval%%'
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [table])
        columns = [name for (name,) in cursor.fetchall()]
        values = ", ".join(changed.get(name, f'row."{name}"') for name in columns)
        quoted = ", ".join(f'"{name}"' for name in columns)
        cursor.execute(
            f"INSERT INTO {table} ({quoted}) SELECT {values} "
            f"FROM {table} row, generate_series(1, %s) n WHERE row.id = %s",
            [count, pk],
        )


@contextmanager
def reading():
    """``seen.rows``: how many rows the SELECTs gave; ``seen.queries``: these statements."""
    rows = _Rows()
    with CaptureQueriesContext(connection) as captured, connection.execute_wrapper(rows):
        yield rows
    queries = [query["sql"] for query in captured]
    rows.queries = [sql for sql in queries if sql.startswith(("SELECT", "(SELECT", "WITH"))]


class _Rows:
    rows, queries = 0, ()

    def __call__(self, execute, sql, params, many, context):
        try:
            return execute(sql, params, many, context)
        finally:
            if sql.startswith(("SELECT", "WITH")):
                self.rows += max(context["cursor"].rowcount, 0)


def looked_at(sql):
    """How many rows a statement has to look at, at the most of any step of its plan.

    By an index wherever there is one, and as if pages cost nothing: a table of tests is so small,
    and so full of rows that were rolled back, that reading all of it may look cheaper. A bitmap
    counts those rows too.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL seq_page_cost = 0; SET LOCAL random_page_cost = 0")
    plan = plan_of(sql, without=["seqscan", "bitmapscan", "hashjoin", "mergejoin"])
    return max(
        (step["Actual Rows"] + step.get("Rows Removed by Filter", 0)) * step["Actual Loops"]
        for step in steps(plan)
    )


def plan_of(sql, *, without=()):
    """The plan of a statement as it was carried out, ``without`` these methods, such as seqscan."""
    with connection.cursor() as cursor:
        for way in without:
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        answer = cursor.fetchone()[0]
    return (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]


def steps(plan):
    """A plan's steps, each a dict."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from steps(below)
