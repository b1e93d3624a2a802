"""Runs are completed and corrected, days are summed and reports are read, all at once."""

import threading
from contextlib import contextmanager
from decimal import Decimal

from django.db import connection
from django_tenants.utils import tenant_context

from production.models import ProductionRun
from production.services import completion
from production.services.completion.actuals import MaterialActual
from tests.factories import a_product, a_running_run, a_spool
from tests.production.completed_runs import printed
from tests.production.folded.comparing import different, fold, wrong

ROUNDS = 6


class AtOnce:
    """Threads in a farm: some do their work, the others theirs again and again meanwhile."""

    def __init__(self, farm):
        self.farm, self.failures, self.over = farm, [], threading.Event()

    def do(self, works, meanwhile):
        doing = [self._thread(work) for work in works]
        others = [self._thread(lambda work=work: self._repeat(work)) for work in meanwhile]
        for thread in (*doing, *others):
            thread.start()
        for thread in doing:
            thread.join()
        self.over.set()
        for thread in others:
            thread.join()
        assert not self.failures

    def _repeat(self, work):
        while not self.over.is_set():
            work()

    def _thread(self, work):
        return threading.Thread(target=lambda: self._run(work))

    def _run(self, work):
        try:
            with tenant_context(self.farm):
                work()
        except BaseException as error:
            self.failures.append(error)
            self.over.set()
        finally:
            connection.close()


@contextmanager
def one_snapshot():
    """Everything in the block is read as of one moment."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def compare():
    with one_snapshot():
        found = different(groups=(None, "product"))
    assert not found


def test_at_every_moment_a_report_is_what_the_runs_say(committed_farm):
    spools, product = [a_spool() for _ in range(2)], a_product(grams=5)
    closed = {spool: printed((spool, 10), items=[(product, 2)]) for spool in spools}
    running = {
        spool: [a_running_run((spool, 10), items=[(product, 2)]) for _ in range(ROUNDS)]
        for spool in spools
    }
    fold()

    def use(spool):
        for number, run in enumerate(running[spool]):
            completion.complete(run, by=None, as_planned=True)
            took = MaterialActual(spool=spool.pk, actual_grams=Decimal(5 + number))
            completion.correct(closed[spool], by=None, materials=[took], confirm=True)

    AtOnce(committed_farm).do(
        [lambda spool=spool: use(spool) for spool in spools], meanwhile=[fold, compare]
    )
    assert ProductionRun.objects.closed().count() == 2 * (ROUNDS + 1)
    for _ in range(2):  # as it was left, and folded
        assert not different(groups=(None, "product", "filament"))
        fold()
    assert not wrong()
