"""Products and their bills of materials: added, changed and removed as master data is, and the
planned runs that were derived from them follow (see ``runs.replanning.following``)."""

from django.db import models

from inventory.services import doubles
from production.models import Product
from production.services.runs.replanning import following
from tenants.accounts import audited
from tenants.operations.operation import in_transaction


def create(model, /, *, by, **fields):
    """As `audited.create`, of a Product or a BomLine."""
    row = model if isinstance(model, models.Model) else model(**fields)
    if isinstance(row, Product):
        return audited.create(row, by=by)  # no run makes it yet
    return _followed(row.product, _create_line, row, by=by)


def _create_line(line, *, by):
    if line.filament_id is not None:
        line.filament = doubles.present(line.filament)
    return audited.create(line, by=by)


def _update(row, *, by, **fields):
    if fields.get("filament") is not None:
        fields["filament"] = doubles.present(fields["filament"])
    return audited.update(row, by=by, **fields)


def update(row, /, *, by, **fields):
    """As `audited.update`, of a Product or a BomLine."""
    return _followed(_product(row), _update, row, by=by, **fields)


def delete(row, /, *, by):
    """As `audited.delete`, of a Product or a BomLine."""
    if isinstance(row, Product):
        return audited.delete(row, by=by)  # refused while any run makes it
    return _followed(row.product, audited.delete, row, by=by)


def _product(row):
    return row if isinstance(row, Product) else row.product


def _followed(product, write, /, *args, by, **fields):
    def work():
        with following(product, by=by):
            return write(*args, by=by, **fields)

    return in_transaction(work)
