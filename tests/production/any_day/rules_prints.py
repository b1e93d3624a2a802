"""How people print on any day."""

from types import SimpleNamespace

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from inventory.models import Spool
from production.models import ProductionRun
from production.services import completion
from production.services.printing import midprint
from production.services.runs import lifecycle
from tests.production.any_day import model_prints as verbs
from tests.production.any_day.day import STAGE, Day, pick, row
from tests.production.any_day.strategies import (
    OPEN,
    at_times,
    counts,
    has,
    has_lines,
    mostly,
    number,
    override,
    seldom,
    way_of_use,
    ways,
    who,
)


class Prints(Day):
    """Runs start, go on from other spools, and end one way or the other."""

    @precondition(has("planned"))
    @rule(run=number, spool=number, cleared=mostly, by=who, override=override, swaps=seldom)
    def start(self, run, spool, cleared, by, override, swaps):
        run = self.some_run(run, "planned")
        named = {}
        for line in run.lines:
            if line.spool is None or swaps:
                fitting = [s for s in self.farm.spools.values() if line.fits(s)]
                named[line.pk] = pick(fitting or list(self.farm.spools.values()), spool).pk
        if spool == 11:
            named.clear()
        self.both(
            lambda farm: verbs.start(
                farm, run.pk, by=by, named=named, cleared=cleared, override=override
            ),
            lambda: lifecycle.start(
                row(ProductionRun, run.pk),
                by=self.people[by],
                spools={pk: row(Spool, spool) for pk, spool in named.items()},
                printer_cleared=cleared,
                override_reason=override,
            ),
        )

    @precondition(at_times(has("in_progress")))
    @rule(run=number, by=who)
    def unstart(self, run, by):
        run = self.some_run(run, "in_progress")
        self.both(
            lambda farm: verbs.unstart(farm, run.pk, by=by),
            lambda: lifecycle.unstart(row(ProductionRun, run.pk), by=self.people[by]),
        )

    @precondition(at_times(has("in_progress")))
    @rule(run=number, ways=ways, counts=counts)
    def save_actuals(self, run, ways, counts):
        run = self.some_run(run, "in_progress")
        materials, items = self.actuals(run, ways), self.item_counts(run, counts)
        self.both(
            lambda farm: verbs.save_actuals(farm, run.pk, materials=materials, items=items),
            lambda: midprint.save_actuals(
                row(ProductionRun, run.pk), materials=materials, items=items, by=None
            ),
        )

    @precondition(at_times(has("in_progress")))
    @rule(run=number, percent=st.integers(0, 100))
    def progress(self, run, percent):
        run = self.some_run(run, "in_progress")
        self.both(
            lambda farm: farm.run_for(run.pk, "in_progress"),
            lambda: midprint.progress(row(ProductionRun, run.pk), percent=percent, by=None),
        )

    @precondition(has_lines("in_progress"))
    @rule(
        run=number,
        line=number,
        spool=number,
        way=way_of_use,
        is_empty=seldom,
        by=who,
        override=override,
    )
    def swap_spool(self, run, line, spool, way, is_empty, by, override):
        run, line = self.some_line(run, line, "in_progress")
        free = [s for s in self.farm.spools.values() if line.fits(s) and s.pk != line.spool]
        to = pick(free, spool) if free and spool < 11 else self.some_spool(spool)
        so_far = next(iter(self.actuals_of(line, way)), None)
        words = {"so_far": so_far, "is_empty": is_empty, "line": line.pk}
        done = self.both(
            lambda farm: verbs.swap_spool(
                farm, run.pk, by=by, spool=to.pk, override=override, **words
            ),
            lambda: midprint.swap_spool(
                row(ProductionRun, run.pk),
                by=self.people[by],
                spool=row(Spool, to.pk),
                override_reason=override,
                **words,
            ),
        )
        if done:
            done[0].pk = done[1].pk

    def actuals_of(self, line, way):
        return self.actuals(SimpleNamespace(lines=[line]), [way])

    @precondition(has("in_progress"))
    @rule(
        run=number,
        ways=ways,
        counts=counts,
        as_planned=mostly,
        confirm=mostly,
        by=who,
        rehearse=seldom,
    )
    def complete(self, run, ways, counts, as_planned, confirm, by, rehearse):
        run = self.some_run(run, "in_progress")
        given = {
            "materials": self.actuals(run, ways),
            "items": self.item_counts(run, counts),
            "as_planned": as_planned,
            "confirm": confirm,
        }

        def real(**more):
            subject = row(ProductionRun, run.pk)
            return completion.complete(subject, by=self.people[by], **given, **more)

        self.both(
            lambda farm: verbs.complete(farm, run.pk, by=by, **given),
            real,
            rehearse=rehearse and real,
        )

    @precondition(has("in_progress"))
    @rule(
        run=number,
        ways=ways,
        percent=st.sampled_from([None, 0, 33, 100]),
        confirm=mostly,
        by=who,
        rehearse=seldom,
    )
    def fail(self, run, ways, percent, confirm, by, rehearse):
        run = self.some_run(run, "in_progress")
        materials = self.actuals(run, ways)

        def real(**more):
            return completion.fail(
                row(ProductionRun, run.pk),
                by=self.people[by],
                reason=STAGE.reason,
                materials=materials,
                progress_percent=percent,
                confirm=confirm,
                **more,
            )

        self.both(
            lambda farm: verbs.fail(
                farm, run.pk, by=by, materials=materials, percent=percent, confirm=confirm
            ),
            real,
            rehearse=rehearse and real,
        )

    @precondition(at_times(has(*OPEN)))
    @rule(run=number, ways=ways, is_partial=st.booleans(), by=who)
    def cancel(self, run, ways, is_partial, by):
        run = self.some_run(run, "in_progress", "planned")
        materials = self.actuals(run, ways) if is_partial else []
        self.both(
            lambda farm: verbs.cancel(farm, run.pk, by=by, materials=materials),
            lambda: lifecycle.cancel(
                row(ProductionRun, run.pk), by=self.people[by], materials=materials
            ),
        )

    @precondition(at_times(has(*OPEN, "cancelled")))
    @rule(run=number)
    def delete(self, run):
        run = self.some_run(run, "planned", "in_progress", "cancelled")
        self.both(
            lambda farm: verbs.delete(farm, run.pk),
            lambda: lifecycle.delete(row(ProductionRun, run.pk), by=None),
        )
