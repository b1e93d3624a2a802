"""What a farm learns of a sliced file that it plans a run by: its products own the plates, and
names lead to them."""

from django.utils import timezone

from production.models import ProductAlias, ProductFile, ProductFileSlot
from production.services.sliced_files import naming

SLOT_FIELDS = (
    "slot",
    "grams",
    "purge_grams",
    "length_mm",
    "source",
    "material",
    "color_hex",
    "profile",
)


def learn(file, plates, made, *, at=None):
    """Keep what the SettledPlates make: ``made`` is ``{plate: [(product, units)]}``. A file that is
    newer than one of the same name succeeds it."""
    at = at or timezone.now()
    for plate in plates:
        products = made[plate.index]
        if products:
            _forget_others(file, plate, products)
        for product, units in products:
            _keep(file, plate, product, units, is_shared=len(products) > 1, at=at)
        if len(products) == 1:
            _learn_name(file, plate, products[0][0])


def _forget_others(file, plate, products):
    chosen = [product.pk for product, _units in products]
    rows = ProductFile.objects.filter(sliced_file=file, plate=plate.index)
    rows.exclude(product__in=chosen).delete()


def _keep(file, plate, product, units, *, is_shared, at):
    same = ProductFile.objects.filter(
        product=product, plate=plate.index, sliced_file__sha256=file.sha256
    )
    row = same.order_by("-pk").first()
    is_new = row is None
    if is_new:
        row = ProductFile(product=product, plate=plate.index, created_at=at)
        row.successor_of = _succeeded(file, plate, product)
    row.sliced_file, row.units, row.seconds = file, units, plate.seconds
    row.printer_model, row.nozzle_mm = file.printer_model, file.nozzle_mm
    row.is_shared = is_shared
    row.save()
    row.slots.all().delete()
    ProductFileSlot.objects.bulk_create(
        ProductFileSlot(file=row, **{name: getattr(slot, name) for name in SLOT_FIELDS})
        for slot in plate.slots
    )


def _succeeded(file, plate, product):
    """The current plate of the same name, which is current no more; None where there is none."""
    older = ProductFile.objects.succeeded_by(file).filter(product=product, plate=plate.index)
    found = older.first()
    if found is not None:
        older.update(is_current=False)
    return found


def _learn_name(file, plate, product):
    """The only object's name, or without objects the file's, leads to the product from now on,
    also when it is called something else."""
    names = {naming.key_of(each.name): each.name for each in plate.objects}
    if not names and len(file.plates) == 1:
        names = {naming.key_of(file.filename): file.filename}
    if len(names) != 1:
        return
    [(key, name)] = names.items()
    if key and not naming.is_generic(key):
        ProductAlias.objects.update_or_create(key=key, defaults={"product": product, "name": name})
