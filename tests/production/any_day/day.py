"""A day on the farm that is lived twice: by the services, and by the farm in plain Python.

`Day` takes every step with both, and compares their states afterwards. What people do is in
`rules_shelf`, `rules_plans`, `rules_prints` and `rules_closed`.
"""

from decimal import Decimal
from types import SimpleNamespace

from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, transaction
from django.utils import timezone
from hypothesis.stateful import RuleBasedStateMachine, invariant

from inventory.models import Spool
from production.models import ProductionRun
from production.services import invariants
from production.services.completion.actuals import ItemCount, MaterialActual
from production.services.runs.lines import NewMaterial
from tenants.operations.refusals import Refusal
from tests.production.any_day import model

PEOPLE = ("manager", "operator", None)
STAGE = SimpleNamespace()  # what no verb of a day changes

# What the step is compared with, in one round trip.
STATE = """
SELECT id, remaining_grams, reserved_grams, archived_at IS NOT NULL, needs_weighing
FROM inventory_spool;
SELECT id, status, deleted_at IS NOT NULL, finished_at IS NOT NULL FROM production_productionrun;
SELECT id, run_id, spool_id, planned_grams, planned_purge_grams, reserved_grams, actual_grams,
       actual_purge_grams FROM production_runmaterial;
SELECT id, quantity, good_count, scrapped_count FROM production_runitem;
SELECT needs_clearing FROM production_printer;
SELECT id, spool_id, kind, grams, balance_grams, production_run_id, reverses_id
FROM inventory_inventorytransaction WHERE id > {last} ORDER BY id;
SELECT * FROM broken_invariants()
"""


class Day(RuleBasedStateMachine):
    """``self.farm`` is what must come of the steps; everything is rolled back at the end."""

    def __init__(self):
        super().__init__()
        self.day = transaction.atomic()
        self.day.__enter__()
        self.farm, self.moments, self.last_entry, self.seen = model.Farm(), [], 0, 0
        self.steps = 0  # so many times
        self.people = {name: STAGE.people.get(name) for name in PEOPLE}

    def teardown(self):
        transaction.set_rollback(True)
        self.day.__exit__(None, None, None)

    # -- A step: by the model and by the services ----------------------------------------------

    def both(self, expected, real, *, rehearse=None):
        """``(what the model answers, what the services answer)``; None when both refuse."""
        self.steps += 1
        if not self.moments or len(self.farm.ledger) > self.moments[-1][2] + 1:
            self.look_at_the_clock()
        if rehearse:
            rehearsed = self.outcome(lambda: rehearse(dry_run=True))[1]
            self.is_as_the_model_says()
        self.farm, predicted, refusal = self.farm.attempt(expected)
        answer, refused = self.outcome(real)
        same("the refusal", refused, refusal)
        if rehearse:
            same("the refusal of the dry run", rehearsed, refused)
        return None if refusal else (predicted, answer)

    def outcome(self, real):
        try:
            return real(), None
        except (Refusal, ObjectDoesNotExist) as error:
            return None, type(error).__name__

    @invariant()
    def is_as_the_model_says(self):
        with connection.cursor() as cursor:
            cursor.execute(STATE.format(last=self.last_entry))
            stated = [cursor.fetchall()]
            while cursor.nextset():
                stated.append(cursor.fetchall())
        found, runs, materials, items, printers, entries, broken = stated
        same("what is broken", list(map(str, invariants.violations())) if broken else [], [])
        farm = self.farm
        expected = {
            spool.pk: (spool.remaining, spool.reserved, spool.is_archived, spool.needs_weighing)
            for spool in farm.spools.values()
        }
        same("spools", keyed(found), expected)
        expected = {run.pk: (run.status, run.is_deleted, run.is_finished) for run in self.runs()}
        same("runs", keyed(runs), expected)
        expected = {
            line.pk: (run.pk, line.spool, line.planned, line.purge, line.reserved)
            + (line.actual, line.actual_purge)
            for run in self.runs()
            for line in run.lines
        }
        same("materials", keyed(materials), expected)
        expected = {
            item.pk: (item.quantity, item.good, item.scrapped)
            for run in self.runs()
            for item in run.items
        }
        same("items", keyed(items), expected)
        same("the bed", printers, [(farm.needs_clearing,)])
        self.entries_are_as_the_model_says(entries)

    def runs(self):
        return self.farm.runs.values()

    def entries_are_as_the_model_says(self, entries):
        """The new ones, in their order on each spool; several spools' may mingle."""
        ledger, keys = self.farm.ledger, {run.key: run.pk for run in self.runs()}
        new = sorted(ledger[self.seen :], key=lambda entry: entry.spool)
        entries = sorted(entries, key=lambda row: row[1])
        expected = [
            (entry.spool, entry.kind, entry.grams, entry.balance, keys.get(entry.run))
            for entry in new
        ]
        same("entries", [row[1:6] for row in entries], expected)
        for entry, row in zip(new, entries, strict=True):
            entry.pk = row[0]
        reverses = {row[6] for row in entries if row[6]}
        expected = {entry.pk for entry in ledger if entry.pk in reverses and entry.is_reversed}
        same("reversed entries", reverses, expected)
        self.last_entry = max([self.last_entry, *(row[0] for row in entries)])
        self.seen = len(self.farm.ledger)

    def look_at_the_clock(self):
        """A moment that may be given for a weighing of a spool."""
        had = {
            pk: (spool.remaining, sum(entry.spool == pk for entry in self.farm.ledger))
            for pk, spool in self.farm.spools.items()
        }
        self.moments = [*self.moments[-2:], (timezone.now(), had, len(self.farm.ledger))]

    # -- Who and what there is -----------------------------------------------------------------

    def some_run(self, number, *statuses):
        """A run, mostly one in the statuses, if there is one."""
        fitting = list(self.runs_in(statuses))
        return pick(fitting if fitting and number < 11 else list(self.runs()), number)

    def some_line(self, run, line, *statuses):
        fitting = [run for run in self.runs_in(statuses) if run.lines]
        run = self.some_run(run) if run == 11 else pick(fitting, run)
        run = run if run.lines else fitting[0]
        return run, pick(run.lines, line)

    def runs_in(self, statuses):
        return (run for run in self.runs() if run.status in statuses and not run.is_deleted)

    def moment(self, number):
        """When it was, and what the book had then; None, None for now."""
        if number is None or not self.moments:
            return None, None
        return pick(self.moments, number)[:2]

    def some_spool(self, number, filament=None):
        stock = list(self.farm.spools.values())
        same = [spool for spool in stock if spool.filament.key == filament]
        return pick(stock if number == 11 or not same else same, number)

    def new_lines(self, takes):
        """Lines of the model and the same as the services want them."""
        made, wanted = [], []
        for at, (choice, plan, extra, way) in enumerate(takes):
            spool = self.some_spool(choice + at)  # seldom the same
            named = way not in ("filament", "type")
            filament = None if way in ("type", "type and spool") else spool.filament.key
            material = None if filament else spool.filament.material
            if way == "other":
                filament = STAGE.filaments[0].key
            line = model.Line(filament, material, spool.pk if named else None, plan, extra)
            made.append(line)
            wanted.append(
                NewMaterial(
                    spool=row(Spool, line.spool),
                    filament=STAGE.catalogue.get(filament),
                    material_type=STAGE.types.get(material),
                    planned_grams=plan,
                    planned_purge_grams=extra,
                )
            )
        return made, wanted

    def actuals(self, run, ways, *, names_spool=False):
        """Given actuals of the run's lines, as MaterialActuals: the model reads them as well."""
        given = []
        for line, (way, share, settle) in zip(run.lines, ways, strict=False):
            name = {"spool": line.spool} if names_spool else {"line": line.pk}
            spool = self.farm.spools.get(line.spool)
            plan = line.plan or line.reserved or Decimal(20)
            if figures := figures_of(way, (plan * share).quantize(Decimal("0.01")), line, spool):
                given.append(MaterialActual(**name, **figures, settle=settle))
        return given

    def item_counts(self, run, counted):
        if counted is None:
            return []
        good, scrapped = counted
        return [
            ItemCount(item=item.pk, good_count=good, scrapped_count=scrapped) for item in run.items
        ]

    def register(self, run, pk):
        """Learn the ids of a new run and its lines."""
        run.pk, self.farm.runs[pk] = pk, run
        fresh = ProductionRun(pk=pk)
        ids = fresh.materials.order_by("pk").values_list("pk", flat=True)
        for line, line_pk in zip(run.lines, ids, strict=True):
            line.pk = line_pk
        ids = fresh.items.order_by("pk").values_list("pk", flat=True) if run.items else ()
        for item, item_pk in zip(run.items, ids, strict=True):
            item.pk = item_pk


def keyed(rows):
    return {row[0]: row[1:] for row in rows}


def same(what, found, expected):
    """Raise AssertionError unless what was found is what the model predicted."""
    if found == expected:
        return
    if isinstance(found, dict):
        differ = {pk for pk in found.keys() | expected.keys() if found.get(pk) != expected.get(pk)}
        found, expected = (
            {pk: each.get(pk) for pk in sorted(differ)} for each in (found, expected)
        )
    raise AssertionError(f"{what}: found {found}, the model says {expected}")


def pick(things, number):
    return things[number % len(things)]


def row(kind, pk):
    """A row as a view has it: read without a lock."""
    return None if pk is None else kind.objects.get(pk=pk)


def figures_of(way, amount, line, spool):
    """The arguments of a MaterialActual; ``amount`` may be negative, which is an error."""
    typed = max(amount, Decimal(0))
    if way == "typed":
        return {"actual_grams": typed, "actual_purge_grams": line.purge}
    if way == "part only":
        return {"actual_grams": typed}
    if way == "both weights":
        return {"gross_before_grams": Decimal(500), "gross_after_grams": 500 - amount}
    if way == "scale" and spool is not None:
        gross = spool.remaining + (spool.filament.tare or 0) - amount
        return {"gross_after_grams": max(gross, Decimal(0))}
    return None
