"""How people plan on any day."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from inventory.models import Spool
from production.models import ProductionRun, RunMaterial
from production.services.runs import lifecycle, lines
from production.services.runs.lines import NewItem
from tests.production.any_day import model_plans as verbs
from tests.production.any_day.day import STAGE, Day, row
from tests.production.any_day.strategies import (
    OPEN,
    at_times,
    grams,
    has,
    has_lines,
    number,
    override,
    takes,
    who,
)


class Plans(Day):
    """Runs are made; their lines come, change and go."""

    @precondition(lambda self: len(self.farm.runs) < 9)
    @rule(
        takes=takes,
        quantity=st.sampled_from([0, 0, 3]),
        printer=st.booleans(),
        by=who,
        override=override,
    )
    def create(self, takes, quantity, printer, by, override):
        made, wanted = self.new_lines(takes)
        quantities = [quantity] if quantity else []
        done = self.both(
            lambda farm: verbs.create(
                farm,
                lines=made,
                quantities=quantities,
                has_printer=printer,
                by=by,
                override=override,
            ),
            lambda: lifecycle.create(
                items=[NewItem(product=STAGE.product, quantity=each) for each in quantities],
                materials=wanted,
                printer=STAGE.printer if printer else None,
                by=self.people[by],
                override_reason=override,
            ),
        )
        if done:
            self.register(done[0], done[1].pk)

    @precondition(at_times(has(*OPEN)))
    @rule(run=number, take=takes)
    def add_material(self, run, take):
        run = self.some_run(run, "in_progress", "planned")
        (made,), (wanted,) = self.new_lines(take[:1])
        fields = {name: getattr(wanted, name) for name in wanted.__dataclass_fields__}
        done = self.both(
            lambda farm: verbs.add_material(farm, run.pk, line=made),
            lambda: lines.add_material(row(ProductionRun, run.pk), by=None, **fields),
        )
        if done:
            done[0].pk = done[1].pk

    @precondition(at_times(has_lines(*OPEN)))
    @rule(run=number, line=number, planned=grams, what=st.integers(0, 7), spool=number)
    def change_material(self, run, line, planned, what, spool):
        run, line = self.some_line(run, line, "planned", "in_progress")
        same = next((s.filament.key for s in self.farm.spools.values() if line.fits(s)), None)
        to = self.some_spool(spool, same)
        words = {"planned": planned if what in (0, 1, 2, 5) else None}
        words |= {"drops_spool": what == 7, "spool": to.pk if what in (3, 4, 5) else None}
        fields = {"planned_grams": planned} if words["planned"] else {}
        if what in (3, 4, 5, 7):
            fields["spool"] = None if what == 7 else row(Spool, to.pk)
        self.both(
            lambda farm: verbs.change_material(farm, run.pk, line=line.pk, **words),
            lambda: lines.change_material(row(RunMaterial, line.pk), by=None, **fields),
        )

    @precondition(at_times(has_lines(*OPEN)))
    @rule(run=number, line=number)
    def remove_material(self, run, line):
        run, line = self.some_line(run, line, "planned", "in_progress")
        self.both(
            lambda farm: verbs.remove_material(farm, run.pk, line=line.pk),
            lambda: lines.remove_material(row(RunMaterial, line.pk), by=None),
        )
