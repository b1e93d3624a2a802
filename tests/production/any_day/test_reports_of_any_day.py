"""Reports, verbs and undos in any order: a plain sum of what was reported predicts every balance.

After each step all invariants hold, no gram that was reported is lost or twice in the book, and
what a run was booked by is what was reported of it, unless somebody said otherwise: a figure that
was saved while it printed, and what was reported since.
"""

from collections import Counter
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from inventory.models import Spool, UsageMeter
from inventory.services import metering, meters
from inventory.services.ledger import ZERO
from production.models import ESTIMATED, REPORTED, ProductionRun, Reason, RunMaterial
from production.services import completion, late_reports
from production.services.completion.actuals import MaterialActual
from production.services.printing import midprint, slots
from production.services.reported import routes
from production.services.runs import lifecycle
from production.services.undo import last_action
from tenants.operations.refusals import Refusal
from tests import budgets
from tests.factories import (
    a_printer,
    a_printer_token,
    a_running_run,
    a_slot,
    make_user,
    spools_of_one,
)
from tests.queries import violations

FULL = st.sampled_from([25, 80, 300, 5000])  # grams; of few, more is reported than there is
WHICH, SOME = st.integers(0, 2), st.integers(1, 40)
STEPS = st.one_of(
    st.tuples(st.just("report"), WHICH, SOME, st.integers(0, 1)),
    st.tuples(st.just("report"), WHICH, SOME, st.integers(0, 1)),
    st.tuples(st.just("give_back"), WHICH, SOME, st.integers(0, 1)),
    st.tuples(st.just("start"), WHICH, SOME, st.integers(0, 2)),
    st.tuples(st.just("save"), WHICH, WHICH, SOME),
    st.tuples(st.just("weigh"), WHICH, SOME),
    st.tuples(st.just("complete"), WHICH, st.sampled_from(["metered", "planned", "typed"])),
    st.tuples(st.just("fail"), WHICH, st.integers(1, 100)),
    st.tuples(st.just("cancel"), WHICH),
    st.tuples(st.just("swap"), WHICH, WHICH),
    st.tuples(st.just("undo"), WHICH),
    st.tuples(st.just("revert"), WHICH, st.booleans()),
    st.tuples(st.just("load"), WHICH, st.integers(0, 1)),
    st.tuples(st.just("settle")),
)


class Day:
    """A farm of three spools of one filament, two printers and two devices."""

    def __init__(self, full):
        self.full = full
        self.spools = spools_of_one(3, full)
        self.slots = [a_slot(printer=a_printer()) for _ in range(2)]
        user = make_user()
        self.tokens = [a_printer_token(user, kind=kind) for kind in ("moonraker", "bridge")]
        self.reported = Counter()
        self.saved = {}  # by line: the figure, and what was reported since

    def report(self, spool, grams, token):
        spool, token = self.spools[spool], self.tokens[token]
        self._add(line_of(spool, token), grams)
        metering.use(spool.number, by=token.user, token=token, grams=grams)
        self.reported[spool.pk] += grams

    def give_back(self, spool, grams, token):
        """At most what its own open meters have, so that nothing is in the ledger."""
        spool, token = self.spools[spool], self.tokens[token]
        line = line_of(spool, token)
        own = UsageMeter.objects.open().filter(spool=spool, token=token, run_material=line)
        grams = min(Decimal(grams), sum(meter.grams for meter in own))
        self._add(line, -grams)
        metering.use(spool.number, by=token.user, token=token, grams=-grams)
        self.reported[spool.pk] -= grams

    def save(self, run, line, grams):
        line = self._printing_line(run, line)
        self._save(line, grams, actual_grams=grams, actual_purge_grams=0)

    def weigh(self, spool, grams):
        line = self._printing_line(spool, spool)
        self._save(line, grams, gross_before_grams=5000, gross_after_grams=5000 - grams)

    def _save(self, line, grams, **figures):
        figures = {name: Decimal(value) for name, value in figures.items()}
        actual = MaterialActual(line=line.pk, **figures)
        midprint.save_actuals(line.run, by=None, materials=[actual])
        self.saved[line.pk] = (Decimal(grams), ZERO)

    def _printing_line(self, run, number):
        lines = RunMaterial.objects.drawing().filter(run=self._run(run, "in_progress"))
        lines = list(lines.select_related("run").order_by("pk"))
        if not lines:
            raise Refusal("None prints.")
        return lines[number % len(lines)]

    def _add(self, pk, grams):
        if pk in self.saved and RunMaterial.objects.drawing().filter(pk=pk).exists():
            figure, since = self.saved[pk]
            self.saved[pk] = figure, max(since + grams, ZERO)

    def _check_saved(self, run):
        """What was saved is booked with what was reported since."""
        for line in run.materials.all():
            if line.pk in self.saved:
                assert line.actual_total_grams == sum(self.saved[line.pk])
                assert line.actual_source in ("typed", "weighed")

    def _forget(self, run):
        for pk in run.materials.values_list("pk", flat=True):
            self.saved.pop(pk, None)

    def start(self, spool, grams, printer):
        own = {"printer": self.slots[printer].printer} if printer < 2 else {}
        others = [self.spools[spool], self.spools[(spool + 1) % 3]][: 1 + grams % 2]
        a_running_run(*((each, grams) for each in others), **own)

    def complete(self, run, way):
        run, how = self._run(run, "in_progress"), {"confirm": True}
        if way == "planned":
            how["as_planned"] = True
        elif way == "typed":
            how["materials"] = [
                MaterialActual(line=pk, actual_grams=Decimal(7), actual_purge_grams=Decimal(0))
                for pk in run.materials.values_list("pk", flat=True)
            ]
        completion.complete(run, by=None, **how)
        if way != "typed":
            self._check_saved(run)
        self._forget(run)

    def fail(self, run, percent):
        run = self._run(run, "in_progress")
        reason = Reason.objects.filter(kind="failure").first()
        completion.fail(run, by=None, reason=reason, progress_percent=percent, confirm=True)
        self._check_saved(run)
        self._forget(run)

    def cancel(self, run):
        run = self._run(run, "in_progress")
        lifecycle.cancel(run, by=None)
        self._forget(run)

    def swap(self, run, spool):
        run = self._run(run, "in_progress")
        line = run.materials.filter(actual_grams=None).first()
        if line is not None:
            midprint.swap_spool(run, by=None, spool=self.spools[spool], line=line.pk)

    def undo(self, run):
        run = self._run(run)
        last_action.undo(run, event=run.events.last().pk, by=None)
        self._forget(run)

    def revert(self, run, is_printing):
        run = self._run(run, "completed", "failed", "cancelled")
        completion.revert(run, by=None, is_printing=is_printing)

    def load(self, spool, slot):
        slots.load(self.spools[spool], slot=self.slots[slot], by=None)

    def settle(self):
        """As if all that is open of no run were over."""
        quiet, meters.QUIET = meters.QUIET, -meters.LONGEST
        try:
            late_reports.settle_due()
        finally:
            meters.QUIET = quiet

    def _run(self, number, *statuses):
        runs = ProductionRun.objects.order_by("pk")
        runs = list(runs.filter(status__in=statuses) if statuses else runs)
        if not runs:
            raise Refusal("There is none.")
        return runs[number % len(runs)]

    def check(self):
        assert violations() == []
        for spool in Spool.objects.all():
            found = UsageMeter.objects.filter(spool=spool)
            assert sum(meter.grams for meter in found) == self.reported[spool.pk]
            lines = RunMaterial.objects.filter(spool=spool).select_related("run")
            of_runs = sum(taken(line) for line in lines)
            alone = found.filter(run_material=None, entry__reversed_by=None)
            left = self.full - of_runs - sum(meter.grams for meter in alone)
            assert spool.remaining_grams - spool.metered_grams - spool.excess_grams == left
            assert not (spool.remaining_grams and spool.excess_grams)


def line_of(spool, token):
    return routes.find(spool.number, token=token)


def taken(line):
    """Grams that a line counts for, as a plain farm has it."""
    if line.run.is_open:
        return line.metered_grams
    if line.actual_source in REPORTED:
        assert line.actual_total_grams == line.metered_grams
    if line.actual_source in ESTIMATED:
        assert line.metered_grams == 0
    if line.run.status == ProductionRun.Status.CANCELLED and not line.metered_grams:
        return 0  # a figure that was saved is no statement of what a cancelled run used
    return line.actual_total_grams or 0


@pytest.mark.parametrize("number", budgets.DAY_SEEDS)
def test_every_gram_is_in_the_book_once(farm, number):
    phases = [phase for phase in Phase if budgets.SHRINK or phase is not Phase.shrink]

    @seed(number)
    @settings(
        max_examples=budgets.DAYS,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
    @given(FULL, st.lists(STEPS, min_size=budgets.STEPS // 2, max_size=budgets.STEPS))
    def day(full, steps):
        with transaction.atomic():
            on_the_farm = Day(full)
            for name, *arguments in steps:
                try:
                    with transaction.atomic():
                        before = Counter(on_the_farm.reported), dict(on_the_farm.saved)
                        getattr(on_the_farm, name)(*arguments)
                except Refusal:
                    on_the_farm.reported, on_the_farm.saved = before
                on_the_farm.check()
            transaction.set_rollback(True)

    day()
