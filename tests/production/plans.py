"""Runs whose plan is derived, and all that is planned of a run."""

from inventory.models import Spool
from production.services.runs import lifecycle, lines
from production.services.runs.lines import NewItem
from tests.factories import a_filament, a_product, a_spool
from tests.queries import fresh


def a_hook(**more):
    """Five on a plate of an hour, 20 g each, 2 g of purge a plate."""
    fields = {"units_per_plate": 5, "plate_minutes": 60, "plate_purge_grams": 2}
    return a_product(grams=20, **fields | more)


def planned(items, **fields):
    """A run of ``(product, quantity)`` each, whose materials are derived."""
    items = [NewItem(product=product, quantity=quantity) for product, quantity in items]
    return lifecycle.create(by=None, items=items, **fields)


def plan_of(run):
    """All that is planned of it: plates, minutes, and ``[(material, grams, purge)]``."""
    run = fresh(run)
    materials = [
        (str(line.filament or line.material_type), line.planned_grams, line.planned_purge_grams)
        for line in run.materials.select_related("filament", "material_type")
    ]
    return run.plate_count, run.planned_minutes, sorted(materials)


def planned_anew(run):
    items = run.items.select_related("product").order_by("pk")
    return plan_of(planned([(item.product, item.quantity) for item in items]))


def with_a_spool(run, grams=1000):
    """The run, whose only material is to be taken from a spool."""
    line, filament = run.materials.get(), a_filament()
    lines.change_material(line, spool=a_spool(grams, filament=filament), by=None)
    return run


def reserved():
    return sum(spool.reserved_grams for spool in Spool.objects.all())
