"""Rules for closed runs: reverted, corrected, repeated, or recorded late."""

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from inventory.models import Spool
from production.models import ProductionRun
from production.services import completion
from production.services.completion.actuals import ItemCount
from production.services.runs import repeats
from tests.production.any_day import model_closed as verbs
from tests.production.any_day.day import STAGE, Day, pick, row
from tests.production.any_day.strategies import (
    CLOSED,
    at_times,
    counts,
    has,
    has_lines,
    number,
    override,
    seldom,
    takes,
    ways,
    who,
)


class Closed(Day):
    """What is over is not settled: figures were wrong, or parts are missing."""

    @precondition(has(*CLOSED))
    @rule(run=number, by=who, confirm=st.booleans())
    def revert(self, run, by, confirm):
        run = self.some_run(run, *CLOSED)
        self.both(
            lambda farm: verbs.revert(farm, run.pk, by=by, confirm=confirm),
            lambda: completion.revert(
                row(ProductionRun, run.pk), by=self.people[by], confirm=confirm
            ),
        )

    @precondition(has("completed"))
    @rule(run=number, ways=ways, counts=counts, confirm=st.booleans(), by=who, rehearse=seldom)
    def correct(self, run, ways, counts, confirm, by, rehearse):
        run = self.some_run(run, "completed")
        materials, items = self.actuals(run, ways), self.item_counts(run, counts)

        def real(**more):
            return completion.correct(
                row(ProductionRun, run.pk),
                by=self.people[by],
                materials=materials,
                items=items,
                confirm=confirm,
                **more,
            )

        self.both(
            lambda farm: verbs.correct(
                farm, run.pk, by=by, materials=materials, items=items, confirm=confirm
            ),
            real,
            rehearse=rehearse and real,
        )

    @precondition(has_lines("completed", "failed"))
    @rule(
        run=number,
        line=number,
        spool=number,
        settle=seldom,
        by=who,
        override=override,
        rehearse=seldom,
    )
    def reassign(self, run, line, spool, settle, by, override, rehearse):
        run, line = self.some_line(run, line, "completed", "failed")
        free = [s for s in self.farm.spools.values() if line.fits(s) and s.pk != line.spool]
        to = pick(free, spool) if free and spool < 11 else self.some_spool(spool)

        def real(**more):
            return completion.reassign(
                row(ProductionRun, run.pk),
                by=self.people[by],
                line=line.pk,
                spool=row(Spool, to.pk),
                settle=settle,
                override_reason=override,
                **more,
            )

        self.both(
            lambda farm: verbs.reassign(
                farm,
                run.pk,
                by=by,
                line=line.pk,
                spool=to.pk,
                settle=settle,
                override=override,
            ),
            real,
            rehearse=rehearse and real,
        )

    @precondition(at_times(lambda day: len(day.farm.runs) < 9 and has(*CLOSED)(day)))
    @rule(run=number, by=who)
    def reprint(self, run, by):
        run = self.some_run(run, *CLOSED)
        done = self.both(
            lambda farm: verbs.reprint(farm, run.pk, by=by),
            lambda: repeats.reprint(row(ProductionRun, run.pk), by=self.people[by]),
        )
        if done:
            self.register(done[0], done[1].pk)

    @precondition(lambda self: len(self.farm.runs) < 9)
    @rule(
        takes=takes,
        ways=ways,
        good=st.sampled_from([0, 0, 2]),
        printer=seldom,
        by=who,
        rehearse=seldom,
    )
    def record(self, takes, ways, good, printer, by, rehearse):
        made, _ = self.new_lines([(*take[:2], Decimal(0), "spool") for take in takes[:2]])
        materials = self.actuals(SimpleNamespace(lines=made), ways, names_spool=True)
        planned = {line.spool: line.planned for line in made}
        end = timezone.now()

        def real(**more):
            return repeats.record(
                made=[repeats.Made(product=STAGE.product, good_count=good)] if good else [],
                spools=[row(Spool, line.spool) for line in made],
                planned=planned,
                materials=materials,
                printer=STAGE.printer if printer else None,
                started_at=end - timedelta(hours=2),
                finished_at=end,
                by=self.people[by],
                **more,
            )

        for line in made:
            line.planned = planned[line.spool]
        done = self.both(
            lambda farm: verbs.record(
                farm,
                by=by,
                has_printer=printer,
                lines=made,
                quantities=[good] if good else [],
                materials=materials,
                items=[ItemCount(item=None, good_count=good)] if good else [],
            ),
            real,
            rehearse=rehearse and real,
        )
        if done:
            self.register(done[0], done[1].run.pk)
