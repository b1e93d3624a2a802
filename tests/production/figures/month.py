"""A month that people lived through in any way, drawn by a seed: far from Greenwich, over a change
of the clocks, with slips and their corrections."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from django.db import connection
from django.utils import timezone

from inventory.models import InventoryTransaction
from inventory.services import metering
from inventory.services.spools import consumption, revaluing, scale, shelf
from production.models import BomLine, Printer, ProductionRun, Reason, RunItem, RunMaterial
from production.services import completion
from production.services.completion.actuals import ItemCount, MaterialActual
from production.services.printing import midprint
from production.services.runs import lifecycle, lines, repeats
from production.services.runs.lines import NewItem, NewMaterial
from tenants.accounts import audited
from tenants.accounts.models import FarmSettings
from tenants.accounts.services import change_settings
from tenants.operations.refusals import Refusal
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_printer_token,
    a_product,
    a_spool,
    make_user,
)

DEVICES = ("moonraker", "bridge")
ZONES = ("Pacific/Auckland", "America/St_Johns", "Europe/Berlin")
BEGIN = datetime(2026, 2, 25, 9, tzinfo=UTC)
BUSY = [each._meta.db_table for each in (ProductionRun, RunItem, RunMaterial, InventoryTransaction)]
PLANS = ("12.34", "33.333333", "60", "100", "0.5")
PRICES = ("17.77", "24.9", "31.05", "0", "20")
ANYWAY = {"override_reason": "It was at hand"}


class Month:
    """``live(steps)`` does things by chance; every refusal is taken as an answer."""

    def __init__(self, seed, *, has_devices=True):
        self.chance, self.now = Random(seed), BEGIN
        self.values = Random(seed + 1)  # for what moves no grams, and so changes no later draw
        self.reports = Random(seed + 2)
        devices = DEVICES if has_devices else ()
        people = [make_user(username=kind, name=kind) for kind in devices]
        workers = [make_user(username=name, name=name) for name in ("anna", "ben")]
        self.workers = [None, *workers]
        self.tokens = [
            a_printer_token(by, kind=kind) for by, kind in zip(people, devices, strict=True)
        ]
        rates = {"labour_rate": "30.01", "machine_hour_rate": "1.7", "energy_price_kwh": "0.3331"}
        known = {name: rate for name, rate in rates.items() if self.chance.random() < 0.7}
        zone = ZONES[seed % len(ZONES)]
        settings = FarmSettings.load()
        change_settings(settings, by=None, timezone=zone, variance_alert_percent=10, **known)
        timezone.activate(zone)
        pla, petg = a_material_type(), a_material_type("PETG")
        self.filaments = [
            a_filament("Red", material_type=pla, price=Decimal("23.99"), reorder_point_grams=1900),
            a_filament("Grey", material_type=pla, price=self.perhaps_known(), manufacturer=None),
            a_filament("Blue", material_type=petg, net_grams=Decimal(750), price=Decimal("19.99")),
        ]
        self.spools = [
            a_spool(grams, filament=filament, lot_number=lot, at=BEGIN)
            for filament, grams, lot in zip(
                self.filaments * 2, (1000, 750, 750, 500, 2000, 1000), "AABBC ", strict=True
            )
        ]
        self.printers = [a_printer("Mk4", power_watts=120), a_printer("Mini", hour_rate=0), None]
        self.products = [
            a_product("BODY", grams="20", labour_minutes=2, plate_minutes=61),
            a_product("WING", grams="7.1", labour_minutes=Decimal("0.35")),
            a_product("LOOSE"),
            a_product("DUO", labour_minutes=1, plate_purge_grams=Decimal("1.5")),
        ]
        red, _, blue = self.filaments
        for filament, kind, grams in ((red, pla, "12.5"), (None, petg, "4.4"), (blue, petg, "1")):
            words = {"filament": filament, "material_type": kind, "grams_per_unit": Decimal(grams)}
            BomLine.objects.create(product=self.products[-1], **words)

    def perhaps_known(self):
        return self.chance.choice([None, Decimal("22.5")])

    def live(self, steps):
        verbs = (self.end, self.change, self.change, self.undo, self.undo, self.shelf, self.price)
        for _ in range(steps):
            self.now += timedelta(minutes=self.chance.randrange(20, 900))
            ways = (self.plan, self.start, self.chance.choice(verbs), self.end_or_change)
            for verb in (*ways, self.revalue, self.report):
                try:
                    verb()
                except Refusal:
                    continue
        with connection.cursor() as cursor:  # else the planner takes the farm for an empty one
            cursor.execute(f"ANALYZE {', '.join(BUSY)}")

    # -- what people do ------------------------------------------------------------------------

    def end_or_change(self):
        self.chance.choice([self.end, self.change])()

    def plan(self):
        if ProductionRun.objects.live().filter(status="planned").count() > 6:
            return
        pick, spools = self.chance, self.chance.sample(self.spools, self.chance.randrange(0, 4))
        purge = Decimal(pick.choice(["0", "2.5"]))
        lifecycle.create(
            by=None,
            at=self.now,
            printer=pick.choice(self.printers),
            planned_minutes=pick.choice([None, Decimal(95), Decimal("0.01")]),
            items=[self.item() for _ in range(pick.randrange(0 if spools else 1, 4))],
            materials=pick.choice([None, self.unnamed()])
            if not spools
            else [
                NewMaterial(
                    spool=spool,
                    planned_grams=Decimal(pick.choice(PLANS)) * pick.choice([0, 1, 1, 1]),
                    planned_purge_grams=purge,
                )
                for spool in spools
            ],
        )

    def unnamed(self):
        """Materials for which spools are found at the start."""
        return [self.unnamed_material() for _ in range(self.chance.randrange(1, 3))]

    def unnamed_material(self):
        filament, any_type = self.chance.choice(self.filaments), self.chance.random() < 0.4
        requirement = (
            {"material_type": filament.material_type} if any_type else {"filament": filament}
        )
        return NewMaterial(planned_grams=Decimal(self.chance.choice(["41.5", "0"])), **requirement)

    def item(self):
        product, order = self.chance.choice(self.products), self.chance.choice(["", "A-1", "B-2"])
        return NewItem(product=product, quantity=self.chance.randrange(1, 8), order_reference=order)

    def start(self):
        if run := self.some("planned"):
            lines = run.materials.filter(spool=None) if self.chance.random() < 0.7 else ()
            spools = {line.pk: self.chance.choice(self.spools) for line in lines}
            words = {"by": None, "at": self.now, **self.perhaps_anyway()}
            run = lifecycle.start(run, printer_cleared=True, spools=spools, **words)
            if self.chance.random() < 0.05:
                lifecycle.unstart(run, by=None, at=self.now)

    def perhaps_anyway(self):
        return ANYWAY if self.chance.random() < 0.7 else {}

    def end(self):
        if run := self.some("in_progress"):
            way = self.chance.choice([self.complete] * 3 + [self.fail, self.cancel])
            way(run)

    def complete(self, run):
        words = {"as_planned": self.chance.random() < 0.7, "confirm": True}
        completion.complete(
            run, materials=self.actuals(run), items=self.counts(run), **words, **self.times(run)
        )

    def fail(self, run):
        reason = Reason.objects.get(kind="failure", code=self.chance.choice(["warping", "other"]))
        percent, materials = self.chance.choice([0, 33, 100]), self.actuals(run)
        is_told = run.materials.exists() and len(materials) == run.materials.count()
        words = {"progress_percent": None if is_told else percent, "confirm": True}
        completion.fail(run, reason=reason, materials=materials, **words, **self.times(run))

    def cancel(self, run):
        lifecycle.cancel(run, by=None, at=self.now, materials=self.actuals(run)[:1])

    def change(self):
        run = self.some("in_progress")
        if run is None:
            return
        way = self.chance.choice([0, 1, 2, 2, 2, 3, 3, 4, 5, 6])
        if way == 0:
            lines.add_item(run, by=None, at=self.now, **vars(self.item()))
        elif way == 1:
            given = {"materials": self.actuals(run), "actual_minutes": Decimal(33)}
            midprint.save_actuals(run, by=None, at=self.now, items=self.counts(run), **given)
        elif way == 2 and (old := run.materials.exclude(spool=None).first()):
            so_far = MaterialActual(line=old.pk, actual_grams=Decimal("7.7"))
            words = {"line": old.pk, "so_far": so_far, **self.perhaps_anyway()}
            to = self.chance.choice(self.spools)
            midprint.swap_spool(run, by=None, at=self.now, spool=to, **words)
        elif way == 3:
            fields = {"spool": self.chance.choice(self.spools), "planned_grams": Decimal(20)}
            if self.chance.random() < 0.4 and (old := run.materials.first()):
                fields["instead_of"] = old.pk
            lines.add_material(run, by=None, at=self.now, **fields, **self.perhaps_anyway())
        elif way == 4 and (item := run.items.first()):
            more = item.quantity + self.chance.randrange(1, 4)
            lines.change_item(item, by=None, at=self.now, quantity=more)
        elif way == 5 and (old := run.materials.first()):
            lines.remove_material(old, by=None, at=self.now)
        else:
            heavier = Decimal(self.chance.choice(["19", "22.5"]))
            BomLine.objects.filter(product=self.products[0]).update(grams_per_unit=heavier)

    def undo(self):
        run = self.some("completed", "failed", "cancelled")
        if run is None:
            return
        way = self.chance.randrange(4)
        if way == 0:
            completion.revert(run, by=None, at=self.now, reason="A slip", confirm=True)
        elif way == 1 and run.status == "completed":
            given = {"materials": self.actuals(run), "items": self.counts(run)}
            completion.correct(run, by=None, at=self.now, reason="A slip", confirm=True, **given)
        elif way == 2 and (line := run.materials.exclude(spool=None).first()):
            right = self.chance.choice(self.spools)
            words = {"by": None, "at": self.now, "reason": "Slip", **self.perhaps_anyway()}
            completion.reassign(run, line=line.pk, spool=right, **words)
        else:
            again = self.chance.choice([repeats.reprint, repeats.copy])
            again(run, by=None, at=self.now)

    def shelf(self):
        spool, way = self.chance.choice(self.spools), self.chance.randrange(5)
        spool.refresh_from_db()
        words = {"by": self.values.choice(self.workers), "at": self.now}
        if way == 0:
            shelf.describe(self.spools[1], price=Decimal("17.77"), **words)  # unknown
        elif way == 1:
            consumption.waste(spool, grams=Decimal("3.3"), **words)
        elif way == 2:
            consumption.use(spool, grams=Decimal("1.1"), **words)
        elif way == 3:
            gross = spool.remaining_grams + 200 - self.chance.randrange(-5, 20)
            scale.weigh(spool, gross_grams=gross, confirm=True, **words)
        elif run := self.some("planned"):
            lifecycle.delete(run, **words)

    def price(self):
        """Anything costs something else from now on; what is frozen stays."""
        pick, words = self.chance, {"by": None, "at": self.now}
        way, new = pick.randrange(6), Decimal(pick.choice(PRICES))
        if way < 3:
            shelf.describe(pick.choice(self.spools), price=pick.choice([new, new, None]), **words)
        elif way == 3:
            audited.update(pick.choice(self.filaments), price=new, **words)
        elif way == 4:
            change_settings(FarmSettings.load(), by=None, machine_hour_rate=new / 10)
        else:
            Printer.objects.filter(name="Mk4").update(power_watts=pick.choice([None, 0, 155]))

    def revalue(self):
        """The price that one of the first filament had was wrong."""
        if self.values.random() < 0.15:
            words, price = {"by": None, "at": self.now}, self.values.choice(PRICES)
            spool = shelf.describe(self.spools[0], price=Decimal(price), **words)
            revaluing.revalue(spool, **words)

    def report(self):
        """A printer tells what it used: mostly of what it prints."""
        pick = self.reports
        if not self.tokens:
            return
        metering.close_due(at=self.now)
        if pick.random() < 0.5:
            printing = RunMaterial.objects.filter(run__status="in_progress").exclude(spool=None)
            spools = [line.spool for line in printing.select_related("spool").order_by("pk")]
            spool = pick.choice(spools) if spools and pick.random() < 0.8 else self.spools[1]
            token, grams = pick.choice(self.tokens), Decimal(pick.choice(["0.75", "4.2", "12"]))
            metering.use(spool.number, by=token.user, token=token, grams=grams, at=self.now)

    # -- what they say -------------------------------------------------------------------------

    def some(self, *statuses):
        runs = list(ProductionRun.objects.live().filter(status__in=statuses).order_by("pk"))
        return self.chance.choice(runs) if runs else None

    def times(self, run):
        ended = self.now if self.chance.random() < 0.7 else (run.started_at or self.now)
        minutes = self.chance.choice([None, Decimal("100.01"), Decimal(7), Decimal(0)])
        by = self.values.choice(self.workers)
        return {"by": by, "at": self.now, "finished_at": ended, "actual_minutes": minutes}

    def actuals(self, run):
        given = []
        for line in run.materials.exclude(spool=None).select_related("spool").order_by("pk"):
            share = Decimal(self.chance.choice(["0", "0.9", "1", "1.0371", "1.3"]))
            way = self.chance.random()
            if way < 0.6:
                grams, purge = line.planned_grams * share, Decimal(self.chance.choice([0, 2]))
                figures = {"actual_grams": grams, "actual_purge_grams": purge}
                given.append(MaterialActual(line=line.pk, settle=True, **figures))
            elif way < 0.7:
                gross = max(line.spool.remaining_grams - line.planned_grams * share, 0) + 200
                given.append(MaterialActual(line=line.pk, gross_after_grams=gross))
        return given

    def counts(self, run):
        scrapped = Reason.objects.filter(kind="scrap").order_by("pk")
        counts = []
        for item in run.items.order_by("pk"):
            good = self.chance.randrange(0, item.quantity + 1)
            bad = self.chance.randrange(0, item.quantity - good + 1)
            why = self.chance.choice(scrapped) if bad else None
            words = {"good_count": good, "scrapped_count": bad, "scrap_reason": why}
            counts.append(ItemCount(item=item.pk, **words))
        return counts
