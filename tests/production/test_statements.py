"""What completing a run costs the database: as few statements as there are reasons for one."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from production.services import completion
from tests.factories import a_printer, a_product, a_running_run, a_spool

pytestmark = pytest.mark.usefixtures("farm")

COMPLETION = [
    ("SAVEPOINT", "a test's; the outermost verb has BEGIN here"),
    ("SELECT production_printer", "lock the printer, which will need clearing"),
    ("SELECT production_productionrun", "lock the run, re-read its status"),
    ("SELECT production_runmaterial", "lock what it takes"),
    ("SELECT production_runitem", "lock what it makes"),
    ("SELECT inventory_spool", "lock every spool, in the order of their ids"),
    ("SELECT accounts_farmsettings", "how far off a plan an actual may be"),
    (
        "UPDATE inventory_spool, INSERT inventory_inventorytransaction",
        "all balances and claims, and all entries, at once",
    ),
    (
        "UPDATE production_productionrun, UPDATE production_runmaterial, UPDATE production_runitem,"
        " UPDATE production_printer, INSERT production_runevent",
        "its status, times and version, the actuals of all lines, the counts of all items, that the"
        " printer needs clearing; who did it, and the outbox",
    ),
    ("RELEASE", "a test's; the outermost verb has COMMIT here"),
]


def statements_of(spools, items):
    takes = [(a_spool(), 10) for _ in range(spools)]
    makes = [(a_product(grams=1), 1) for _ in range(items)]
    run = a_running_run(*takes, items=makes, printer=a_printer())
    with CaptureQueriesContext(connection) as queries:
        completion.complete(run, by=None, as_planned=True)
    return [summary(query["sql"]) for query in queries]


def summary(sql):
    """What it does to which table; each change of several."""
    if sql.startswith("WITH"):
        changes = re.findall(r'(UPDATE|INSERT) (?:INTO )?"(\w+)"', sql)
        return ", ".join(f"{verb} {table}" for verb, table in changes)
    verb = sql.split()[0]
    table = re.search(r'(?:FROM|INTO|UPDATE) "(\w+)"', sql)
    return f"{verb} {table[1]}" if table else verb


def test_a_completion_takes_no_statement_without_a_reason():
    assert statements_of(2, 2) == [statement for statement, _ in COMPLETION]


def test_a_completion_of_twenty_spools_takes_as_many_statements_as_one_of_two():
    assert len(statements_of(20, 12)) == len(COMPLETION)
