"""Imports products: lines of one SKU are a product with its bill of materials."""

from django.utils.translation import gettext as _

from inventory.models import Filament
from inventory.services.tables.cells import BadCell
from inventory.services.tables.refusals import TableTooLarge
from inventory.services.tables.report import UNCHANGED, ImportReport, lock_imports, run_import
from production.models import BomLine, Product
from production.services import products
from production.services.tables.bills import BillEntry, Materials
from production.services.tables.columns import PRODUCTS
from tenants.operations import progress
from tenants.operations.operation import in_transaction, operation
from tenants.operations.text import format_number

MOST = 1000  # lines of one table
FIELDS = (
    "name", "units_per_plate", "plate_minutes", "plate_purge_grams", "height_mm", "labour_minutes",
    "description", "is_active",
)  # fmt: skip


def import_products(table, *, by, dry_run=False, create=None):
    """Add the products of a ReadTable, with their bills of materials; returns an ImportReport.

    Lines of one SKU are one product: the further ones are more of its materials. A product that is
    there already is left out. Where a line can't be imported, the other lines of its product are
    not either, and the other products are added. A dry run is the import, taken back; nothing else
    is made, so ``create`` does not matter. Raises TableTooLarge, Busy.
    """
    return run_import(_import, table, by=by, dry_run=dry_run)


@operation("product.import")
def _import(table, *, by, dry_run):
    lock_imports(PRODUCTS)
    report = ImportReport(PRODUCTS, table, dry_run=dry_run)
    if len(report.rows) > MOST:
        message = _("These are %(count)s lines; at most %(most)s are read at once: split it.")
        raise TableTooLarge(message % {"count": len(report.rows), "most": MOST}, most_lines=MOST)
    groups = _by_sku(report.rows)
    known = {each.sku: each for each in Product.objects.filter(sku__in=groups)}
    new = {sku: rows for sku, rows in groups.items() if sku not in known}
    for sku, product in known.items():
        _leave_out(groups[sku], product)
    materials = Materials()
    bills = {sku: _bill(rows, materials) for sku, rows in new.items()}
    _lock_filaments(bills.values())
    for sku, rows in progress.counting(new.items()):
        if all(row.is_ok for row in rows):
            _add(sku, rows, bills[sku], by=by)
        _refuse_together(rows)
    return report


def _by_sku(rows):
    groups = {}
    for row in rows:
        if "sku" in row.values:
            groups.setdefault(row.values["sku"], []).append(row)
        elif not row.problems.keys() & {"", "sku"}:
            row.refuse("sku", _("This is needed."))
    return groups


def _leave_out(rows, product):
    for row in rows:
        if row.is_ok:
            row.instances, row.outcome = [product], UNCHANGED
            row.detail = _("%(product)s is there already.") % {"product": product}


def _bill(rows, materials):
    """``[(row, material type, filament, grams)]`` of the lines of a new product, which are refused
    where they can't be of one."""
    _require_same(rows)
    if not any("name" in row.values.keys() | row.problems.keys() for row in rows):
        rows[0].refuse("name", _("This is needed."))
    found, seen = [], set()
    for row in rows:
        for column, entry in _entries(row):
            with row.refusing(column):
                kind, filament = materials.find(entry)
                if (kind.pk, filament and filament.pk) in seen:
                    message = _("%(material)s is there twice.")
                    raise BadCell(message % {"material": filament or kind})
                seen.add((kind.pk, filament and filament.pk))
                found.append((row, kind, filament, entry.grams))
    return found


def _require_same(rows):
    """Refuse what says another thing of the product than an earlier line."""
    first = {}
    for row in rows:
        for name in FIELDS:
            if name not in row.values:
                continue
            number, value = first.setdefault(name, (row.number, row.values[name]))
            if value != row.values[name]:
                message = _("Line %(number)s has another of this product: %(value)s.")
                row.refuse(name, message % {"number": number, "value": value})


def _entries(row):
    """``[(column, BillEntry)]`` of the materials that a row names in either way."""
    values, problems = row.values, row.problems
    found = [("materials", entry) for entry in values.get("materials", ())]
    code, filament = values.get("material_type", ""), values.get("filament", "")
    if problems.keys() & {"material_type", "filament", "grams_per_unit"}:
        return found
    if "grams_per_unit" not in values:
        if code or filament:
            row.refuse("grams_per_unit", _("How much of it is in one unit?"))
        return found
    if not code and not filament:
        row.refuse("material_type", _("Of which material? Give material_type or filament."))
        return found
    column = "filament" if filament else "material_type"
    return [*found, (column, BillEntry(code, filament, values["grams_per_unit"]))]


def _lock_filaments(bills):
    """In the order of their ids, before the lines lock each again."""
    ids = {filament.pk for bill in bills for _row, _kind, filament, _grams in bill if filament}
    rows = Filament.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    list(rows.values_list("pk"))


def _add(sku, rows, bill, *, by):
    given = {name: value for row in rows for name, value in row.values.items()}
    values = {name: given[name] for name in FIELDS if name in given}
    with rows[0].refusing():
        product = in_transaction(lambda: _create(bill, by=by, sku=sku, **values))
        for row in rows:
            its = [line[1:] for line in bill if line[0] is row]
            row.instances = [product]
            row.detail = _detail(product, its, is_first=row is rows[0])


def _create(bill, *, by, **fields):
    product = products.create(Product, by=by, **fields)
    for _row, kind, filament, grams in bill:
        line = {"material_type": kind, "filament": filament, "grams_per_unit": grams}
        products.create(BomLine, by=by, product=product, **line)
    return product


def _refuse_together(rows):
    """Refuse the good lines of a product of which others can't be imported."""
    if bad := [row.number for row in rows if not row.is_ok]:
        message = _("Another line of this product can’t be imported: %(number)s.")
        for row in rows:
            if row.is_ok:
                row.instances = []
                row.refuse("", message % {"number": bad[0]})


def _detail(product, bill, *, is_first):
    parts = [
        _("%(grams)s g %(material)s")
        % {"grams": format_number(grams), "material": filament or kind}
        for kind, filament, grams in bill
    ]
    names = {"product": product, "materials": ", ".join(parts) or _("no material")}
    if is_first:
        return _("A new product %(product)s: %(materials)s.") % names
    return _("More of %(product)s: %(materials)s.") % names
