"""The verbs of runs, printers and products, each on a farm where it has as much to write as can be.

A case arranges the farm and answers the verb, ready to be called.
"""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

from django.utils import timezone

from inventory.services.spools import scale, shelf
from inventory.services.tables import table_reader
from production.models import Printer, Reason
from production.services import completion, late_reports, product_plans
from production.services.best_fit import taking
from production.services.printing import adding, midprint, printers, slots
from production.services.reports.alerts import accept
from production.services.runs import (
    changing_printers,
    lifecycle,
    lines,
    planning,
    queue_order,
    repeats,
    replanning,
    status_change,
)
from production.services.runs.lines import NewItem, NewMaterial
from production.services.sliced_files import receiving
from production.services.sliced_files.figures import SlotChoice
from production.services.sliced_files.planning import PlateProduct
from production.services.sliced_files.planning import plan as plan_file
from production.services.tables.columns import PRINTERS, PRODUCTS
from production.services.tables.printer_import import import_printers
from production.services.tables.product_import import import_products
from production.services.taking_over import take_over_reports
from production.services.undo import last_action
from tenants.accounts import audited
from tests.factories import (
    a_filament,
    a_material_type,
    a_plate,
    a_printer,
    a_product,
    a_product_file,
    a_run,
    a_running_run,
    a_sliced_file,
    a_slot,
    a_spool,
    spools_of_one,
)
from tests.production.completed_runs import took
from tests.production.slicing import samples
from tests.production.verbs.preparation import (
    a_bare_line,
    a_table,
    completed,
    counted,
    planned,
    reported_elsewhere,
    reported_late,
    running,
)

CASES, verb = a_table()


@verb("sliced_file.receive")
def _():
    file = receiving.read_file(BytesIO(samples.PRUSA.encode()), filename="Hook.gcode")
    assert file.pictures
    return lambda: receiving.receive(file, by=None)


@verb("sliced_file.plan")
def _():
    """It succeeds another file, makes a product, and has a spool."""
    spool = a_spool(filament=a_filament(material_type=a_material_type("PLA")))
    hook = a_product(name="Hook")
    a_product_file(hook)
    file = a_sliced_file(plates=[a_plate(objects=[("Hook", 1), ("Gear", 2)])])
    choice = SlotChoice(slot=1, spool=spool)
    made = [PlateProduct(plate=1, units=1, product=hook), PlateProduct(plate=1, units=2, name="G")]
    return lambda: plan_file(file, by=None, slots=[choice], products=made)


@verb("printer.add_many")
def _():
    bed = {"bed_x_mm": 200, "bed_y_mm": 200, "bed_z_mm": 200}
    return lambda: adding.add_many(names=["P1", "P2"], slots=["A1", "A2"], by=None, **bed)


@verb("printer.import")
def _():
    table = "name,model,slots,location\nP1,P1S,,Hall\nP2,MK4S,1,\n"
    rows = table_reader.read(PRINTERS, table)
    return lambda: import_printers(rows, by=None, create=["locations"])


@verb("product.import")
def _():
    a_material_type("PLA")
    a_filament("Sky")
    table = "sku,name,materials\nA-1,Hook,PLA: 8\nA-1,,PLA = Sky: 2\nB-1,Clip,\n"
    rows = table_reader.read(PRODUCTS, table)
    return lambda: import_products(rows, by=None)


@verb("printer.clear")
def _():
    printer = a_printer(needs_clearing=True)
    return lambda: printers.clear(printer, by=None)


@verb("production_run.undo")
def _():
    run = a_running_run((a_spool(), 10))
    return lambda: last_action.undo(run, event=run.events.last().pk, by=None)


@verb("production_run.take_reports")
def _():
    run, ids = reported_late()
    return lambda: late_reports.take_reports(run, meter_ids=ids, by=None)


@verb("production_run.take_over_reports")
def _():
    run, spool = reported_elsewhere()
    completion.complete(run, by=None, as_planned=True)
    return lambda: take_over_reports(run, spool=spool, by=None)


@verb("production_run.assign_spools")
def _():
    line, spool = a_bare_line(1500)
    both = [spool, a_spool(filament=spool.filament)]
    return lambda: taking.assign_spools(line.run, [(line, both)], by=None)


@verb("production_run.take_proposals")
def _():
    (one, spool), (other, another) = a_bare_line(), a_bare_line()
    return lambda: taking.take([(one, [spool]), (other, [another])], by=None)


@verb("production_run.reorder")
def _():
    run, other = a_run(), a_run(priority=2)
    return lambda: queue_order.reorder(run, before=other, by=None)


@verb("production_run.note_plate")
def _():
    run = a_running_run((a_spool(), 10), items=[(a_product(), 4)])
    return lambda: midprint.note_plate(run, scrapped={run.items.get().pk: 2}, by=None)


@verb("product.accept_actuals")
def _():
    product, spool = a_product(grams=10), a_spool()
    run = a_running_run((spool, 50), items=[(product, 5)], planned_minutes=60)
    completion.complete(run, by=None, materials=[took(spool, 60)], items=counted(run, 5, 0))
    return lambda: accept(product, by=None)


@verb("production_run.create")
def _():
    one, two = spools_of_one(2)
    items = [NewItem(product=a_product(), quantity=2)]
    materials = [NewMaterial(spool=spool, planned_grams=Decimal(10)) for spool in (one, two)]
    return lambda: lifecycle.create(items=items, materials=materials, by=None)


@verb("production_run.create_many")
def _():
    runs = [
        {"materials": [NewMaterial(spool=spool, planned_grams=Decimal(10))]}
        for spool in spools_of_one(2)
    ]
    return lambda: planning.create_many(runs, by=None)


@verb("production_run.plan")
def _():
    product, printer = a_product(grams=10, units_per_plate=4), a_printer()
    return lambda: product_plans.plan(product=product, quantity=6, printers=[printer], by=None)


@verb("production_run.update")
def _():
    run = planned()
    return lambda: lifecycle.update(run, notes="Careful", priority=5, by=None)


@verb("production_run.move")
def _():
    run = planned((a_spool(), 10))
    Printer.objects.update(needs_clearing=False)
    return lambda: status_change.update_and_move(
        run, status="in_progress", verb="start", notes="Careful", by=None
    )


@verb("production_run.start")
def _():
    one, two = spools_of_one(2)
    run = planned((one, 10))
    line = lines.add_material(run, filament=two.filament, planned_grams=5, by=None)
    return lambda: lifecycle.start(run, spools={line.pk: two}, printer_cleared=True, by=None)


@verb("production_run.unstart")
def _():
    run = running((a_spool(), 10))
    return lambda: lifecycle.unstart(run, by=None)


@verb("production_run.cancel")
def _():
    one, two = spools_of_one(2)
    run = running((one, 10), (two, 10))
    return lambda: lifecycle.cancel(run, materials=[took(one, 3)], by=None)


@verb("production_run.delete")
def _():
    run = running((a_spool(), 10))
    return lambda: lifecycle.delete(run, by=None)


@verb("production_run.restore")
def _():
    run = running((a_spool(), 10))
    lifecycle.delete(run, by=None)
    return lambda: lifecycle.restore(run, by=None)


@verb("production_run.swap_spool")
def _():
    slot, (one, two) = a_slot(), spools_of_one(2)
    slots.load(one, slot=slot, by=None)
    run = a_running_run((one, 10), printer=slot.printer)
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
    one, two = spools_of_one(2)
    run = running((one, 10), (two, 20))
    clogged = Reason.objects.get(kind="failure", code="nozzle_clog")
    return lambda: completion.fail(run, reason=clogged, progress_percent=30, by=None)


@verb("production_run.revert")
def _():
    spool = a_spool(100)
    run = completed((spool, 40))
    scale.weigh(spool, gross_grams=255, by=None)
    shelf.archive(spool, discard=False, by=None)
    return lambda: completion.revert(run, confirm=True, by=None)


@verb("production_run.correct")
def _():
    one, two = spools_of_one(2)
    run = completed((one, 100), (two, 10))
    scale.weigh(one, gross_grams=1090, by=None)
    shelf.archive(one, discard=False, by=None)
    return lambda: completion.correct(
        run, materials=[took(one, 110), took(two, 9)], items=counted(run), by=None
    )


@verb("production_run.change_printer")
def _():
    slot, spool = a_slot(), a_spool()
    slots.load(spool, slot=slot, by=None)
    run = a_running_run((spool, 10), printer=slot.printer)
    other = a_printer(needs_clearing=True)
    return lambda: changing_printers.change_printer(
        run, printer=other, printer_cleared=True, by=None
    )


@verb("production_run.reassign")
def _():
    wrong, right = spools_of_one(2)
    run = completed((wrong, 100))
    for spool in (wrong, right):
        scale.weigh(spool, gross_grams=1095, by=None, confirm=True)
    shelf.archive(wrong, discard=False, by=None)
    line = run.materials.get().pk
    return lambda: completion.reassign(run, line=line, spool=right, by=None)


@verb("production_run.refresh_plan")
def _():
    one, two = spools_of_one(2)
    run = planned((one, 10), (two, 20))
    audited.update(run.items.get().product, by=None, units_per_plate=2, plate_minutes=60)
    return lambda: replanning.refresh_plan(run, by=None)


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
    one, two = spools_of_one(2)
    line = planned((one, 10)).materials.get()
    return lambda: lines.change_material(line, spool=two, planned_grams=Decimal(12), by=None)


@verb("run_material.remove")
def _():
    line = planned((a_spool(), 10)).materials.get()
    return lambda: lines.remove_material(line, by=None)
