"""The verbs of spools and of the catalogue, each on a farm where it has as much to write as can be.

A case arranges the farm and answers the verb, ready to be called.
"""

from django.utils import timezone

from inventory.models import Location, MaterialType
from inventory.services import overruling, receiving, reversing
from inventory.services.spools import consumption, merging, revaluing, scale, shelf, tags
from inventory.services.tables import catalogue_search
from inventory.services.tables.catalogue_reader import read_catalogue
from inventory.services.tables.filament_import import import_filaments
from inventory.services.tables.spool_import import import_spools
from inventory.services.tables.table_reader import read_spools
from production.services.printing import slots, weighing
from production.services.undo import last_action, loads, receipts
from tests.factories import a_filament, a_repeat, a_slot, a_spool, spools_of_one
from tests.production.verbs.preparation import a_table, misdated, running

CASES, verb = a_table()


@verb("filament.choose_entry")
def _():
    """Its maker and its material type are new."""
    MaterialType.objects.filter(code="PLA").delete()
    graphite = "nordfaden_pla_graphite_1000_175"
    return lambda: catalogue_search.choose("graphite", external_id=graphite, by=None)


@verb("spool.receive")
def _():
    filament = a_filament()
    return lambda: receiving.receive(filament=filament, by=None)


@verb("spool.receive_many")
def _():
    filament = a_filament()
    return lambda: receiving.receive_many(filament=filament, count=3, total_price=50, by=None)


@verb("spool.weigh")
def _():
    spool = a_spool(1000)
    return lambda: scale.weigh(spool, gross_grams=1190, by=None)


@verb("spool.weigh_in_use")
def _():
    spool = a_spool(1000)
    running((spool, 100))
    return lambda: weighing.weigh(spool, gross_grams=1190, by=None)


@verb("spool.use")
def _():
    spool = a_spool(1000)
    return lambda: consumption.use(spool, gross_after_grams=1100, by=None)


@verb("spool.waste")
def _():
    spool = a_spool(1000)
    return lambda: consumption.waste(spool, grams=10, by=None)


@verb("spool.empty")
def _():
    spool = a_spool(30)
    return lambda: consumption.empty(spool, by=None)


@verb("spool.adjust")
def _():
    spool = a_spool(30)
    return lambda: consumption.adjust(spool, grams=-10, reason="A slip", by=None)


@verb("spool.revalue")
def _():
    spool = a_spool(1000, price=20)
    running((spool, 100))
    consumption.use(spool, grams=10, by=None)
    spool = shelf.describe(spool, price=30, by=None)
    return lambda: revaluing.revalue(spool, by=None)


@verb("spool.describe")
def _():
    spool, at = a_spool(30, filament=a_filament(price=None)), timezone.now()
    details = {"lot_number": "L7", "dried_at": at, "opened_at": at, "price": 20}
    return lambda: shelf.describe(spool, by=None, **details)


@verb("spool.move")
def _():
    spool, dry_box = a_spool(30), Location.objects.create(name="Dry box")
    return lambda: shelf.move(spool, location=dry_box, by=None)


def _doubles():
    """A spool, and a double that has of everything what it has not."""
    kept, double = spools_of_one(2)
    dry_box = Location.objects.create(name="Dry box")
    shelf.describe(double, by=None, location=dry_box, lot_number="L7", extra={"ams": "1"})
    shelf.open(double, by=None)
    tags.bind(double, uid="04A2", by=None)
    consumption.use(double, grams=10, by=None)
    further = a_spool(filament=kept.filament)
    merging.merge(double, double=further, reason="The same tag", by=None)
    return kept, double


@verb("spool.merge")
def _():
    kept, double = _doubles()
    return lambda: merging.merge(kept, double=double, reason="The same tag", by=None)


@verb("spool.unmerge")
def _():
    kept, double = _doubles()
    merging.merge(kept, double=double, reason="The same tag", by=None)
    return lambda: merging.unmerge(double, by=None)


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


@verb("inventory_transaction.correct_clock")
def _():
    return misdated()


@verb("inventory_transaction.reverse")
def _():
    spool = a_spool(1000)
    entry = consumption.use(spool, grams=10, by=None)
    scale.weigh(spool, gross_grams=1190, by=None)
    return lambda: reversing.reverse(entry, reason="A slip", confirm=True, by=None)


@verb("recognised_repeat.overrule")
def _():
    repeat = a_repeat(50, 60)
    return lambda: overruling.overrule(repeat, by=None)


@verb("filament.import")
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
    return lambda: import_filaments(read_catalogue([entry]), by=None)


@verb("spool.import")
def _():
    a_filament("Galaxy")
    table = "name,initial_grams,remaining_grams\nGalaxy,1000,800\nGalaxy,500,\n"
    return lambda: import_spools(read_spools(table), by=None)


@verb("spool.load")
def _():
    slot, spool = a_slot(), a_spool()
    slots.load(a_spool(), slot=slot, by=None)
    return lambda: slots.load(spool, slot=slot, by=None)


@verb("spool.unload")
def _():
    slot, place = slots.load(a_spool(), slot=a_slot(), by=None), Location.objects.create(name="A")
    return lambda: slots.unload(slot, location=place, gross_grams=1190, by=None)


@verb("spool.undo_weighing")
def _():
    entry = scale.weigh(a_spool(1000), gross_grams=1190, by=None)
    return lambda: last_action.undo_weighing(entry, by=None)


@verb("spool.undo_load")
def _():
    slot, former, spool = a_slot(), a_slot(), a_spool()
    slots.load(a_spool(), slot=slot, by=None)
    slots.load(spool, slot=former, by=None)
    slots.load(spool, slot=slot, by=None)
    event = spool.events.filter(verb="loaded").last()
    return lambda: loads.undo_load(event, by=None)


@verb("spool.undo_unload")
def _():
    spool = a_spool(1000)
    slot = slots.load(spool, slot=a_slot(), by=None)
    slots.unload(slot, gross_grams=1150, location=Location.objects.create(name="Rack"), by=None)
    event = spool.events.get(verb="unloaded")
    return lambda: loads.undo_unload(event, by=None)


@verb("spool.undo_receipt")
def _():
    receipt = receiving.receive_many(filament=a_filament(), count=3, by=None)[1].transactions.get()
    return lambda: receipts.undo_receipt(receipt, by=None)
