"""A verb that fails half way leaves nothing behind, whichever of its writes it is that fails.

Every verb of the farm is carried out once, and its writes are counted; then it is carried out
again as often, each time with another write failing as if the power went. All rows of all tables
are the same afterwards. A new verb has its case in `verbs.cases_of_runs`, `cases_of_the_shelf` or
`cases_of_devices`.
"""

import importlib
import pkgutil
import re
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.utils import timezone

import inventory.services
import production.services
from inventory.models import Spool
from production.models import ProductionRun, Reason
from production.services import completion
from production.services.runs import repeats
from tests.factories import a_run, a_spool, spools_of_one
from tests.production.completed_runs import took
from tests.production.verbs import (
    cases_of_devices,
    cases_of_files,
    cases_of_runs,
    cases_of_the_shelf,
    stories_of_holds,
    stories_of_pictures,
    stories_of_stocktakes,
)
from tests.production.verbs.preparation import completed, running

pytestmark = pytest.mark.usefixtures("farm")

VERBS = cases_of_the_shelf.CASES | cases_of_devices.CASES | cases_of_runs.CASES
VERBS |= cases_of_files.CASES | stories_of_holds.CASES
VERBS |= stories_of_pictures.CASES | stories_of_stocktakes.CASES
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|WITH change0)", re.IGNORECASE)


class PowerCut(Exception):
    """Nobody expects it."""


@pytest.mark.parametrize("arrange", VERBS.values(), ids=VERBS.keys())
def test_a_verb_that_fails_at_any_of_its_writes_changes_nothing(arrange):
    do = arrange()
    before = rows_of_the_farm()
    written = writes_of(do)
    assert written, "A verb writes something."
    assert rows_of_the_farm() == before  # in_dry_run was rolled back
    for number in range(len(written)):
        with cut_at(number), pytest.raises(PowerCut):
            do()
        assert rows_of_the_farm() == before, f"Left behind by a failing {written[number]}"
    do()
    assert rows_of_the_farm() != before  # it could have been carried out all the time


def test_every_verb_of_the_farm_is_among_them():
    """A new verb without a case fails here."""
    known = {
        function.operation_type
        for package in (inventory.services, production.services)
        for module in modules_of(package)
        for function in vars(module).values()
        if hasattr(function, "operation_type")
    }
    of_the_house = {name for name in known if name.startswith("record.")}
    assert known - of_the_house == VERBS.keys()


def test_a_dry_run_changes_nothing():
    spool, other = spools_of_one(2)
    run, done = running((spool, 10)), completed((spool, 10))
    clogged = Reason.objects.get(kind="failure", code="nozzle_clog")
    line, now = done.materials.get().pk, timezone.now()
    rehearsals = [
        lambda: completion.complete(run, as_planned=True, dry_run=True, by=None),
        lambda: completion.fail(run, reason=clogged, progress_percent=5, dry_run=True, by=None),
        lambda: completion.correct(done, materials=[took(spool, 9)], dry_run=True, by=None),
        lambda: completion.reassign(done, line=line, spool=other, dry_run=True, by=None),
        lambda: repeats.record(started_at=now, finished_at=now, dry_run=True, by=None),
    ]
    before = rows_of_the_farm()
    for rehearse in rehearsals:
        rehearse()
        assert rows_of_the_farm() == before


def modules_of(package):
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def rows_of_the_farm():
    """``{table: digest of all its rows}`` of the farm we are in."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
        )
        tables = sorted(name for (name,) in cursor.fetchall())
        digests = " UNION ALL ".join(
            f"SELECT '{table}', md5(string_agg(row::text, ' ' ORDER BY row::text))"
            f' FROM "{table}" AS row'
            for table in tables
        )
        cursor.execute(digests)
        return dict(cursor.fetchall())


def writes_of(do):
    """The statements by which ``do`` writes; it is rolled back."""
    written = []

    def listen(execute, sql, *rest):
        if WRITES.match(sql):
            written.append(" ".join(sql.split()[:3]))
        return execute(sql, *rest)

    with transaction.atomic():
        with connection.execute_wrapper(listen):
            do()
        transaction.set_rollback(True)
    return written


@contextmanager
def cut_at(number):
    """The power goes at the write of that number, from 0."""
    left = number

    def fail(execute, sql, *rest):
        nonlocal left
        if WRITES.match(sql):
            if left == 0:
                raise PowerCut
            left -= 1
        return execute(sql, *rest)

    with connection.execute_wrapper(fail):
        yield


def test_the_dump_sees_a_row_that_changed():
    spool, run = a_spool(), a_run()
    before = rows_of_the_farm()
    Spool.objects.filter(pk=spool.pk).update(comment="Seen")
    ProductionRun.objects.filter(pk=run.pk).update(notes="Seen")
    changed = {table for table, digest in rows_of_the_farm().items() if digest != before[table]}
    assert changed == {"inventory_spool", "production_productionrun"}
