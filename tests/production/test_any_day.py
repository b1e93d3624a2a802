"""Any day on the farm: hypothesis does what people do, in any order, and a farm in plain Python
(`model_farm`) says what must come of it.

After every step all invariants hold, and every balance, claim, status, line and ledger entry is
what the model says. ``SPOOLBOOK_EXAMPLES=2000`` lives through more days than the default.
"""

import os
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from inventory.models import InventoryTransaction, Spool
from inventory.services import handling, reversing, shelf, spools
from inventory.services import invariants as of_inventory
from production.models import ProductionRun, Reason, RunMaterial
from production.services import completion, invariants, lifecycle, lines, midprint, repeats
from production.services.actuals import ItemCount
from production.services.lines import NewItem
from tests.factories import a_filament, a_material_type, a_printer, a_product
from tests.production import model_farm as model
from tests.production import model_verbs as verbs
from tests.production.model_day import STAGE, Day, pick, row

EXAMPLES = int(os.environ.get("SPOOLBOOK_EXAMPLES", "200"))
STEPS = 50
OPEN, CLOSED = ("planned", "in_progress"), ("completed", "failed", "cancelled")

number = st.integers(0, 11)  # which one, of however many there are
grams = st.sampled_from([Decimal(each) for each in ("0.5", "12.34", "30", "60", "100", "250")])
purge = st.sampled_from([Decimal(each) for each in ("0", "0", "2.5", "8")])
seldom = st.sampled_from([False, False, False, True])
mostly = st.sampled_from([True, True, True, False])
who = st.sampled_from([None, "manager", "manager", "operator"])
override = st.sampled_from(["", "", "", "", "It is urgent"])
# How a material is said to have been used, and by which share of the plan.
said = st.tuples(
    st.sampled_from(
        ["nothing", "nothing", "typed", "typed", "part only", "scale", "scale", "both weights"]
    ),
    st.sampled_from([Decimal(each) for each in ("0", "0.6", "0.9", "1", "1.2", "1.7", "-0.1")]),
    seldom,
)
ways = st.tuples(said, said, said)
counts = st.sampled_from([None, (1, 0), (0, 1), (2, 1), (1, 0), (3, 0), (9, 0)])


def has(*statuses):
    """Whether there is a run for the verb: runs in another status are tried as well, but seldom."""
    return lambda day: any(day.runs_in(statuses))


def has_lines(*statuses):
    return lambda day: any(run.lines for run in day.runs_in(statuses))


def at_times(condition):
    """Not at every step: the day is for what books filament."""
    return lambda day: day.asked % 3 == 0 and condition(day)


class AnyDay(Day):
    """Rules are what people do."""

    # -- The shelf -----------------------------------------------------------------------------

    @initialize(first=st.integers(0, 2), busy=st.integers(0, 3), quantity=seldom)
    def open_the_farm(self, first, busy, quantity):
        for filament, net in ((first, 1000), (first, 250), (0, 500)):
            self.add_spool(STAGE.filaments[filament], Decimal(net), None)
        words = {"by": "operator", "override": "", "quantity": 3 if quantity else 0}
        for at in range(busy):
            takes = [(at, Decimal(60), Decimal("2.5"), "spool")]
            takes += [(at + 1, Decimal(30), Decimal(0), "spool")] * (busy > 1)
            self.create(takes=takes, printer=at == 0, **words)
        for _ in range(busy):
            self.start(run=0, spool=0, cleared=True, swaps=False, by="operator", override="")
        if busy == 1:
            way = ("typed", Decimal("0.6"), False)
            words = {"way": way, "is_empty": False, "by": None, "override": ""}
            self.swap_spool(run=0, line=0, spool=0, **words)

    def add_spool(self, filament, net, price):
        spool = spools.receive(
            filament=STAGE.catalogue[filament.key], initial_grams=net, price=price, by=None
        )
        verbs.receive(self.farm, model.Spool(filament, net, pk=spool.pk))

    @precondition(lambda self: len(self.farm.spools) < 7)
    @rule(
        filament=st.integers(0, 2),
        net=st.sampled_from([Decimal(100), Decimal(250), Decimal("777.77"), Decimal(1000)]),
        price=st.sampled_from([None, Decimal("19.99")]),
    )
    def receive(self, filament, net, price):
        self.add_spool(STAGE.filaments[filament], net, price)

    @rule(
        spool=number,
        off=st.sampled_from([Decimal(each) for each in ("0", "-3", "-20.5", "5", "-60", "80")]),
        confirm=mostly,
        moment=st.sampled_from([None, None, 0, 1, 2]),
        basis=st.sampled_from([None, "now", "then", "then"]),
    )
    def weigh(self, spool, off, confirm, moment, basis):
        spool = self.some_spool(spool)
        at, had = self.moment(moment)
        seen = had and had.get(spool.pk, (Decimal(0), 0))
        gross = max(spool.remaining + (spool.filament.tare or 0) + off, Decimal(0))
        self.both(
            lambda farm: verbs.weigh(
                farm, spool.pk, gross=gross, seen=seen, basis=basis, confirm=confirm
            ),
            lambda: spools.weigh(
                row(Spool, spool.pk),
                gross_grams=gross,
                weighed_at=at,
                basis=basis,
                confirm=confirm,
                by=None,
            ),
        )

    @precondition(at_times(lambda day: True))
    @rule(
        spool=number,
        kind=st.sampled_from(["usage", "waste"]),
        amount=grams,
        by_scale=st.booleans(),
        confirm=seldom,
        moment=st.sampled_from([None, None, None, 0]),
    )
    def take_by_hand(self, spool, kind, amount, by_scale, confirm, moment):
        spool = self.some_spool(spool)
        verb = handling.use if kind == "usage" else handling.waste
        gross = max(spool.remaining + (spool.filament.tare or 0) - amount, Decimal(0))
        what = {"gross_after_grams": gross} if by_scale else {"grams": amount}
        at, had = self.moment(moment)
        entries = sum(entry.spool == spool.pk for entry in self.farm.ledger)
        is_back_dated = bool(at) and had.get(spool.pk, (0, 0))[1] != entries
        done = self.both(
            lambda farm: verbs.take(
                farm,
                spool.pk,
                kind,
                grams=None if by_scale else amount,
                gross=gross if by_scale else None,
                confirm=confirm,
                is_back_dated=is_back_dated,
            ),
            lambda: verb(row(Spool, spool.pk), by=None, confirm=confirm, at=at, **what),
        )
        if done and at:
            self.moments = []  # its entry is as old as the moment: not after it

    @precondition(at_times(lambda day: True))
    @rule(
        spool=number,
        what=st.sampled_from(["adjust", "adjust", "empty", "archive", "archive", "restore"]),
        amount=st.sampled_from([Decimal(each) for each in ("-30", "0", "12.34", "60")]),
        answer=st.sampled_from([None, False, True]),
    )
    def tend(self, spool, what, amount, answer):
        """``answer`` is what is said when the verb asks back."""
        stock = self.farm.spools.values()
        fitting = {
            "archive": [each for each in stock if not each.reserved],
            "restore": [each for each in stock if each.is_archived],
        }.get(what)
        pk = (pick(fitting, spool) if fitting and spool < 11 else self.some_spool(spool)).pk
        expected, real = {
            "adjust": (
                lambda farm: verbs.adjust(farm, pk, grams=amount),
                lambda spool: handling.adjust(spool, grams=amount, reason="A slip", by=None),
            ),
            "empty": (
                lambda farm: verbs.empty(farm, pk, as_="count", confirm=answer),
                lambda spool: handling.empty(spool, confirm=answer, by=None),
            ),
            "archive": (
                lambda farm: verbs.archive(farm, pk, discard=answer),
                lambda spool: shelf.archive(spool, discard=answer, by=None),
            ),
            "restore": (
                lambda farm: verbs.restore(farm, pk),
                lambda spool: shelf.restore(spool, by=None),
            ),
        }[what]
        self.both(expected, lambda: real(row(Spool, pk)))

    @precondition(at_times(lambda day: True))
    @rule(which=st.integers(0, 200), confirm=st.booleans(), newest=st.booleans())
    def reverse(self, which, confirm, newest):
        ledger = self.farm.ledger
        of_nobody = [at for at, entry in enumerate(ledger) if entry.run is None]
        at = of_nobody[-1] if newest else which % len(ledger)
        self.both(
            lambda farm: verbs.reverse(farm, at, confirm=confirm),
            lambda: reversing.reverse(
                row(InventoryTransaction, ledger[at].pk),
                reason="A slip",
                confirm=confirm,
                by=None,
            ),
        )

    # -- Plans ---------------------------------------------------------------------------------

    takes = st.lists(
        st.tuples(
            number,
            grams,
            purge,
            st.sampled_from(["spool", "spool", "filament", "type", "type and spool", "other"]),
        ),
        min_size=1,
        max_size=3,
    )

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

    def some_line(self, run, line, *statuses):
        fitting = [run for run in self.runs_in(statuses) if run.lines]
        run = self.some_run(run) if run == 11 else pick(fitting, run)
        run = run if run.lines else fitting[0]
        return run, pick(run.lines, line)

    # -- Life ----------------------------------------------------------------------------------

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
        run=number, line=number, spool=number, way=said, is_empty=seldom, by=who, override=override
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


@pytest.fixture
def stage(farm, manager, operator):
    """Three filaments, two of one type and one whose reel nobody has weighed; a printer."""
    pla, petg = a_material_type(), a_material_type("PETG")
    catalogue = [
        a_filament("Galaxy", material_type=pla),
        a_filament("Unpriced", material_type=pla, price=None, tare_grams=Decimal("182.5")),
        a_filament("Loose", material_type=petg, tare_grams=None, price=None),
    ]
    STAGE.catalogue = {filament.pk: filament for filament in catalogue}
    STAGE.types = {kind.pk: kind for kind in (pla, petg)}
    STAGE.filaments = [
        model.Filament(each.pk, each.material_type_id, each.tare_grams) for each in catalogue
    ]
    STAGE.people = {"manager": manager, "operator": operator}
    STAGE.printer, STAGE.product = a_printer(), a_product()
    STAGE.reason = Reason.objects.get(kind="failure", code="nozzle_clog")


@pytest.fixture
def broken_invariants(farm):
    """One prepared statement that names the invariants that some row breaks."""
    queries = of_inventory.INVARIANTS | invariants.INVARIANTS
    names = " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS ({query})" for name, query in queries.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(f"PREPARE broken_invariants AS {names}")
        yield
        cursor.execute("DEALLOCATE broken_invariants")


@pytest.mark.usefixtures("stage", "broken_invariants")
def test_any_day_on_the_farm_the_books_are_right():
    run_state_machine_as_test(
        AnyDay,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=EXAMPLES == 200,
            print_blob=True,
            phases=(Phase.generate, Phase.shrink),
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
