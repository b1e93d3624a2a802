"""Which products a sliced file makes: as was chosen for the same file the last time, else by the
names of its objects and its own, else new ones, filled in. Nothing is written."""

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from production.models import Product, ProductAlias, ProductFile
from production.services.sliced_files import contents, naming

SAME_FILE, OBJECT, FILENAME, SUCCESSOR, NEW = (
    "same_file",
    "object",
    "filename",
    "successor",
    "new",
)


MOST_NAMES = 3  # of objects, in that of a new product


@dataclass(frozen=True, kw_only=True)
class ProposedProduct:
    """So many of a product on a plate of a file, and why. Without ``product`` a new one is made of
    ``name``. ``successor_of`` is the ProductFile that this file is newer than."""

    plate: int
    units: int
    reason: str
    detail: str
    name: str
    product: Product | None = None
    successor_of: ProductFile | None = None


def propose(file):
    """The ProposedProducts of a SlicedFile, plate by plate. Five queries at most."""
    known = _Known(file)
    return [each for plate in contents.plates_of(file) for each in _of_plate(file, plate, known)]


class _Known:
    """What is known of products and files, each asked once."""

    def __init__(self, file):
        self.file = file

    @cached_property
    def same(self):
        """``{plate: [ProductFile]}`` of the last time that the same file was planned."""
        rows = ProductFile.objects.filter(sliced_file__sha256=self.file.sha256)
        rows = rows.filter(product__is_active=True).select_related("product", "sliced_file")
        return _latest(rows.order_by("-sliced_file", "pk"))

    @cached_property
    def succeeded(self):
        """The ProductFiles that this file succeeds, of the newest file first."""
        rows = ProductFile.objects.succeeded_by(self.file).filter(product__is_active=True)
        return list(rows.select_related("product", "sliced_file"))

    @cached_property
    def older(self):
        """``{plate: [ProductFile]}`` of the last of them for each plate."""
        return _latest(self.succeeded)

    @cached_property
    def by_key(self):
        """``{key: Product}``, of those in use: what was learnt goes before their own names."""
        found = {}
        for product in Product.objects.active().order_by("pk"):
            for name in (product.name, product.sku):
                if (key := naming.key_of(name)) and not naming.is_generic(key):
                    found[key] = product
        for alias in ProductAlias.objects.filter(product__is_active=True).select_related("product"):
            found[alias.key] = alias.product
        return found


def _latest(rows):
    """``{plate: [ProductFile]}`` of the first file that has any for the plate."""
    found = {}
    for row in rows:
        mine = found.setdefault(row.plate, [])
        if not mine or mine[0].sliced_file_id == row.sliced_file_id:
            mine.append(row)
    return found


def _of_plate(file, plate, known):
    if same := known.same.get(plate.index):
        return [_as_before(plate, row) for row in same]
    by_object = [(each, known.by_key.get(naming.key_of(each.name))) for each in plate.objects]
    if any(product for _object, product in by_object):
        return [_by_object(plate, each, product, known) for each, product in _merged(by_object)]
    older = known.older.get(plate.index)
    if older and _may_succeed(file, plate, older[0].sliced_file):
        return [_as_successor(plate, row) for row in older]
    for key in naming.keys_of_file(file.filename) if len(file.plates) == 1 else ():
        if product := known.by_key.get(key):
            return [_by_filename(file, plate, product)]
    return _new(file, plate)


def _may_succeed(file, plate, older):
    """Whether the same name means the same: with objects, that they share one; without, that the
    name says anything. Projects call their files plate_1.gcode."""
    before = {naming.key_of(each.name) for each in objects_of(older, plate.index)}
    now = {naming.key_of(each.name) for each in plate.objects}
    if before and now:
        return not before.isdisjoint(now)
    return not naming.is_generic(naming.key_of(file.filename))


def objects_of(file, index):
    """The objects of a plate of a SlicedFile."""
    return next((each.objects for each in contents.plates_of(file) if each.index == index), ())


def _as_before(plate, row):
    return ProposedProduct(
        plate=plate.index,
        product=row.product,
        name=row.product.name,
        units=row.units,
        reason=SAME_FILE,
        detail=_("This was chosen for the same file before."),
    )


def _merged(by_object):
    """Objects of one product, under several names, are counted together."""
    merged = {}
    for each, product in by_object:
        key = (product.pk,) if product else each.name
        if key in merged:
            first = merged[key][0]
            each = first._replace(count=first.count + each.count)
        merged[key] = (each, product)
    return list(merged.values())


def _by_object(plate, each, product, known):
    if product is None:
        return _new_product(plate, each.name, each.count)
    own = (plate.index, product.pk)
    older = [row for row in known.succeeded if (row.plate, row.product_id) == own]
    return ProposedProduct(
        plate=plate.index,
        product=product,
        name=product.name,
        units=each.count,
        reason=OBJECT,
        detail=_("The object “%(name)s” is called so.") % {"name": each.name},
        successor_of=older[0] if older else None,
    )


def _as_successor(plate, row):
    counted = sum(each.count for each in plate.objects)
    return ProposedProduct(
        plate=plate.index,
        product=row.product,
        name=row.product.name,
        units=row.units if row.is_shared or not counted else counted,
        reason=SUCCESSOR,
        detail=_("A file of this name made it before: this one is newer."),
        successor_of=row,
    )


def _by_filename(file, plate, product):
    counted, detail = sum(each.count for each in plate.objects), _("The file is called so.")
    if not counted:
        detail = _("The file is called so, and does not say how many are on the plate.")
    return ProposedProduct(
        plate=plate.index,
        product=product,
        name=product.name,
        units=counted or product.units_per_plate or 1,
        reason=FILENAME,
        detail=detail,
    )


def _new(file, plate):
    if len(plate.objects) == 1:
        [only] = plate.objects
        if not naming.is_generic(naming.key_of(only.name)):
            return [_new_product(plate, only.name, only.count)]
    name, units = plate.name or file.filename, 1
    named = [each.name for each in plate.objects if not naming.is_generic(naming.key_of(each.name))]
    if named and naming.is_generic(naming.key_of(name)):
        name = ", ".join(naming.title_of(each) for each in named[:MOST_NAMES])
    elif len(file.plates) > 1 and not plate.name:
        figures = {"name": naming.title_of(name)[:180], "index": plate.index}
        name = _("%(name)s, plate %(index)s") % figures
    if len(plate.objects) == 1:
        units = plate.objects[0].count
    return [_new_product(plate, name, units)]


def _new_product(plate, name, units):
    return ProposedProduct(
        plate=plate.index,
        name=naming.title_of(name),
        units=units,
        reason=NEW,
        detail=_("No product is called so: a new one is made."),
    )
