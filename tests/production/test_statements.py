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
    ("INSERT inventory_inventorytransaction", "all entries at once"),
    ("UPDATE inventory_spool", "all balances and claims at once"),
    ("UPDATE production_printer", "it needs clearing"),
    ("UPDATE production_productionrun", "its status, times and version"),
    ("INSERT production_runevent", "who did it, and the outbox"),
    ("UPDATE production_runmaterial", "the actuals of all lines, their claims gone"),
    ("UPDATE production_runitem", "the counts of all items"),
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
    verb = sql.split()[0]
    table = re.search(r'(?:FROM|INTO|UPDATE) "(\w+)"', sql)
    return f"{verb} {table[1]}" if table else verb


def test_a_completion_takes_no_statement_without_a_reason():
    assert statements_of(2, 2) == [statement for statement, _ in COMPLETION]


def test_a_completion_of_twenty_spools_takes_as_many_statements_as_one_of_two():
    assert len(statements_of(20, 12)) == len(COMPLETION)
