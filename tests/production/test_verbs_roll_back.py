"""A verb that fails half way leaves nothing behind, whichever of its writes it is that fails.

Every verb of the farm is carried out once, and its writes are counted; then it is carried out
again as often, each time with another write failing as if the power went. All rows of all tables
are the same afterwards.
"""

import importlib
import pkgutil
import re
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone

import inventory.services
import production.services
from inventory.models import Location, Spool
from inventory.services import (
    catalogue_import,
    handling,
    reversing,
    shelf,
    spools,
    table_import,
)
from production.models import Printer, ProductionRun, Reason
from production.services import (
    completion,
    lifecycle,
    lines,
    midprint,
    planning,
    printers,
    repeats,
    slots,
    statuses,
    undo,
    unloading,
    weighing,
)
from production.services.actuals import ItemCount, MaterialActual
from production.services.lines import NewItem, NewMaterial
from production.services.reports.alerts import accept
from tests.factories import (
    a_filament,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_slot,
    a_spool,
)

pytestmark = pytest.mark.usefixtures("farm")

WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE)", re.IGNORECASE)


class PowerCut(Exception):
    """Nobody expects it."""


# --- The verbs, each on a farm where it has as much to write as can be ---------------------------

VERBS = {}  # what the operation is called: arrange() -> the verb, ready to be called


def verb(operation_type):
    def keep(arrange):
        VERBS[operation_type] = arrange
        return arrange

    return keep


def took(spool, grams, **fields):
    return MaterialActual(
        spool=spool.pk, actual_grams=Decimal(grams), actual_purge_grams=Decimal(0), **fields
    )


def counted(run, good=4, scrapped=1):
    return [
        ItemCount(item=item.pk, good_count=good, scrapped_count=scrapped)
        for item in run.items.all()
    ]


def two_spools():
    filament = a_filament()
    return a_spool(1000, filament=filament), a_spool(1000, filament=filament)


def planned(*takes):
    return a_run(*takes, items=[(a_product(grams=10), 5)], printer=a_printer(needs_clearing=True))


def running(*takes):
    return lifecycle.start(planned(*takes), by=None, printer_cleared=True)


def completed(*takes):
    return completion.complete(running(*takes), by=None, as_planned=True).run


@verb("spool.receive")
def _():
    filament = a_filament()
    return lambda: spools.receive(filament=filament, by=None)


@verb("spool.receive_many")
def _():
    filament = a_filament()
    return lambda: handling.receive_many(filament=filament, count=3, total_price=50, by=None)


@verb("spool.weigh")
def _():
    spool = a_spool(1000)
    return lambda: spools.weigh(spool, gross_grams=1190, by=None)


@verb("spool.weigh_in_use")
def _():
    spool = a_spool(1000)
    running((spool, 100))
    return lambda: weighing.weigh(spool, gross_grams=1190, by=None)


@verb("spool.use")
def _():
    spool = a_spool(1000)
    return lambda: handling.use(spool, gross_after_grams=1100, by=None)


@verb("spool.waste")
def _():
    spool = a_spool(1000)
    return lambda: handling.waste(spool, grams=10, by=None)


@verb("spool.empty")
def _():
    spool = a_spool(30)
    return lambda: handling.empty(spool, by=None)


@verb("spool.adjust")
def _():
    spool = a_spool(30)
    return lambda: handling.adjust(spool, grams=-10, reason="A slip", by=None)


@verb("spool.set_price")
def _():
    spool = a_spool(30, filament=a_filament(price=None))
    return lambda: handling.set_price(spool, price=20, by=None)


@verb("spool.describe")
def _():
    spool = a_spool(30)
    at = timezone.now()
    return lambda: shelf.describe(spool, lot_number="L7", dried_at=at, opened_at=at, by=None)


@verb("spool.move")
def _():
    spool, dry_box = a_spool(30), Location.objects.create(name="Dry box")
    return lambda: shelf.move(spool, location=dry_box, by=None)


@verb("spool.open")
def _():
    spool = a_spool(30)
    return lambda: shelf.open(spool, by=None)


@verb("spool.dry")
def _():
    spool = a_spool(30)
    return lambda: shelf.dry(spool, by=None)


@verb("spool.relabel")
def _():
    spool = a_spool(30)
    return lambda: shelf.relabel(spool, by=None)


@verb("spool.archive")
def _():
    spool = a_spool(30)
    return lambda: shelf.archive(spool, discard=True, by=None)


@verb("spool.restore")
def _():
    spool = shelf.archive(a_spool(30), discard=False, by=None)
    return lambda: shelf.restore(spool, by=None)


@verb("inventory_transaction.reverse")
def _():
    spool = a_spool(1000)
    entry = handling.use(spool, grams=10, by=None)
    spools.weigh(spool, gross_grams=1190, by=None)
    return lambda: reversing.reverse(entry, reason="A slip", confirm=True, by=None)


@verb("catalogue.import")
def _():
    entry = {
        "id": "acme_pla_red",
        "manufacturer": "Acme",
        "name": "Red",
        "material": "PLA",
        "density": 1.24,
        "weight": 1000,
        "diameter": 1.75,
        "color_hex": "ff0000",
    }
    return lambda: catalogue_import.import_entries([entry], by=None)


@verb("spool.import_table")
def _():
    a_filament("Galaxy")
    table = "name,initial_grams,remaining_grams\nGalaxy,1000,800\nGalaxy,500,\n"
    return lambda: table_import.import_spools(table, by=None)


@verb("filament.import_table")
def _():
    table = "manufacturer,name,material,density_g_cm3\nAcme,Red,PLA,1.24\n"
    return lambda: table_import.import_filaments(table, by=None)


@verb("printer.clear")
def _():
    printer = a_printer(needs_clearing=True)
    return lambda: printers.clear(printer, by=None)


@verb("spool.load")
def _():
    slot, spool = a_slot(), a_spool()
    slots.load(a_spool(), slot=slot, by=None)
    return lambda: slots.load(spool, slot=slot, by=None)


@verb("spool.unload")
def _():
    slot = slots.load(a_spool(), slot=a_slot(), by=None)
    return lambda: slots.unload(slot, by=None)


@verb("production_run.swap_in_slot")
def _():
    slot, old = a_slot(), a_spool()
    slots.load(old, slot=slot, by=None)
    run, spool = a_running_run((old, 10), printer=slot.printer), a_spool(filament=old.filament)
    line = run.materials.get().pk
    return lambda: slots.swap(run, line=line, spool=spool, is_empty=True, by=None)


@verb("production_run.undo")
def _():
    run = a_running_run((a_spool(), 10))
    return lambda: undo.undo(run, event=run.events.last().pk, by=None)


@verb("production_run.note_plate")
def _():
    run = a_running_run((a_spool(), 10), items=[(a_product(), 4)])
    return lambda: midprint.note_plate(run, scrapped={run.items.get().pk: 2}, by=None)


@verb("spool.undo_weighing")
def _():
    entry = spools.weigh(a_spool(1000), gross_grams=1190, by=None)
    return lambda: undo.undo_weighing(entry, by=None)


@verb("spool.undo_load")
def _():
    slot, former, spool = a_slot(), a_slot(), a_spool()
    slots.load(a_spool(), slot=slot, by=None)
    slots.load(spool, slot=former, by=None)
    slots.load(spool, slot=slot, by=None)
    event = spool.events.filter(verb="loaded").last()
    return lambda: unloading.undo_load(event, by=None)


@verb("product.accept_actuals")
def _():
    product, spool = a_product(grams=10), a_spool()
    run = a_running_run((spool, 50), items=[(product, 5)], planned_minutes=60)
    completion.complete(run, by=None, materials=[took(spool, 60)], items=counted(run, 5, 0))
    return lambda: accept(product, by=None)


@verb("production_run.create")
def _():
    one, two = two_spools()
    items = [NewItem(product=a_product(), quantity=2)]
    materials = [NewMaterial(spool=spool, planned_grams=Decimal(10)) for spool in (one, two)]
    return lambda: lifecycle.create(items=items, materials=materials, by=None)


@verb("production_run.create_many")
def _():
    runs = [
        {"materials": [NewMaterial(spool=spool, planned_grams=Decimal(10))]}
        for spool in two_spools()
    ]
    return lambda: planning.create_many(runs, by=None)


@verb("production_run.plan")
def _():
    product, printer = a_product(grams=10, units_per_plate=4), a_printer()
    return lambda: planning.plan(product=product, quantity=6, printers=[printer], by=None)


@verb("production_run.update")
def _():
    run = planned()
    return lambda: lifecycle.update(run, notes="Careful", priority=5, by=None)


@verb("production_run.move")
def _():
    run = planned((a_spool(), 10))
    Printer.objects.update(needs_clearing=False)
    return lambda: statuses.update_and_move(
        run, status="in_progress", verb="start", notes="Careful", by=None
    )


@verb("production_run.start")
def _():
    one, two = two_spools()
    run = planned((one, 10))
    line = lines.add_material(run, filament=two.filament, planned_grams=5, by=None)
    return lambda: lifecycle.start(run, spools={line.pk: two}, printer_cleared=True, by=None)


@verb("production_run.unstart")
def _():
    run = running((a_spool(), 10))
    return lambda: lifecycle.unstart(run, by=None)


@verb("production_run.cancel")
def _():
    one, two = two_spools()
    run = running((one, 10), (two, 10))
    return lambda: lifecycle.cancel(run, materials=[took(one, 3)], by=None)


@verb("production_run.delete")
def _():
    run = running((a_spool(), 10))
    return lambda: lifecycle.delete(run, by=None)


@verb("production_run.swap_spool")
def _():
    one, two = two_spools()
    run = running((one, 10))
    return lambda: midprint.swap_spool(run, spool=two, so_far=took(one, 3), by=None)


@verb("production_run.save_actuals")
def _():
    spool = a_spool()
    run = running((spool, 10))
    return lambda: midprint.save_actuals(
        run, materials=[took(spool, 11)], items=counted(run), actual_minutes=5, by=None
    )


@verb("production_run.progress")
def _():
    run = running((a_spool(), 10))
    return lambda: midprint.progress(run, percent=40, by=None)


@verb("production_run.complete")
def _():
    one, short = a_spool(1000), a_spool(20)
    run = running((one, 10), (short, 20))
    materials = [took(one, 11), took(short, 25, settle=True)]
    return lambda: completion.complete(run, materials=materials, items=counted(run), by=None)


@verb("production_run.fail")
def _():
    one, two = two_spools()
    run = running((one, 10), (two, 20))
    clogged = Reason.objects.get(kind="failure", code="nozzle_clog")
    return lambda: completion.fail(run, reason=clogged, progress_percent=30, by=None)


@verb("production_run.revert")
def _():
    spool = a_spool(100)
    run = completed((spool, 40))
    spools.weigh(spool, gross_grams=255, by=None)
    shelf.archive(spool, discard=False, by=None)
    return lambda: completion.revert(run, confirm=True, by=None)


@verb("production_run.correct")
def _():
    one, two = two_spools()
    run = completed((one, 100), (two, 10))
    spools.weigh(one, gross_grams=1090, by=None)
    shelf.archive(one, discard=False, by=None)
    return lambda: completion.correct(
        run, materials=[took(one, 110), took(two, 9)], items=counted(run), by=None
    )


@verb("production_run.reassign")
def _():
    wrong, right = two_spools()
    run = completed((wrong, 100))
    for spool in (wrong, right):
        spools.weigh(spool, gross_grams=1095, by=None, confirm=True)
    shelf.archive(wrong, discard=False, by=None)
    line = run.materials.get().pk
    return lambda: completion.reassign(run, line=line, spool=right, by=None)


@verb("production_run.reprint")
def _():
    run = lifecycle.cancel(running((a_spool(), 10)), by=None)
    return lambda: repeats.reprint(run, by=None)


@verb("production_run.copy")
def _():
    run = completed((a_spool(), 10))
    return lambda: repeats.copy(run, by=None)


@verb("production_run.record")
def _():
    spool, product, now = a_spool(), a_product(), timezone.now()
    return lambda: repeats.record(
        made=[repeats.Made(product=product, good_count=2)],
        spools=[spool],
        materials=[took(spool, 30)],
        started_at=now - timedelta(hours=3),
        finished_at=now - timedelta(hours=1),
        by=None,
    )


@verb("run_item.add")
def _():
    run, product = planned(), a_product(grams=5)
    return lambda: lines.add_item(run, product=product, quantity=3, by=None)


@verb("run_item.change")
def _():
    item = planned().items.get()
    return lambda: lines.change_item(item, quantity=3, by=None)


@verb("run_item.remove")
def _():
    item = planned().items.get()
    return lambda: lines.remove_item(item, by=None)


@verb("run_material.add")
def _():
    run, spool = planned(), a_spool()
    return lambda: lines.add_material(run, spool=spool, planned_grams=10, by=None)


@verb("run_material.change")
def _():
    one, two = two_spools()
    line = planned((one, 10)).materials.get()
    return lambda: lines.change_material(line, spool=two, planned_grams=Decimal(12), by=None)


@verb("run_material.remove")
def _():
    line = planned((a_spool(), 10)).materials.get()
    return lambda: lines.remove_material(line, by=None)


# --- What is true of all of them ----------------------------------------------------------------


@pytest.mark.parametrize("arrange", VERBS.values(), ids=VERBS.keys())
def test_a_verb_that_fails_at_any_of_its_writes_changes_nothing(arrange):
    do = arrange()
    before = rows_of_the_farm()
    written = writes_of(do)
    assert written, "A verb writes something."
    assert rows_of_the_farm() == before  # the dress rehearsal was taken back
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
    spool, other = two_spools()
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
    """The statements by which ``do`` writes; it is taken back."""
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
