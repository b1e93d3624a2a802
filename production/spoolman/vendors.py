"""Changes of manufacturers, whom Spoolman calls vendors."""

from inventory.services import extra_values, manufacturers
from production.spoolman import bodies, rows
from production.spoolman.changes import DELETED, is_gone_not_found, without_nulls

COLUMNS = {"empty_spool_weight": "empty_spool_grams"}
TEXTS = {"comment"}  # of which none is ""


def create(call):
    given = bodies.read(bodies.VENDOR, call.body)
    extra_values.check("vendor", given.get("extra") or {})
    fields = _columns(given)
    fields["extra"] = extra_values.merged({}, fields.get("extra", {}))
    made = manufacturers.create_twin(by=call.client.user, **fields)
    made.refresh_from_db(fields=["number"])
    return rows.vendor_shape(made.number)


def update(call):
    given = bodies.read(bodies.VENDOR, call.body, is_partial=True)
    number = call.number("vendor_id")
    row = rows.vendor(number)
    extra_values.check("vendor", given.get("extra") or {})
    with is_gone_not_found("vendor", number):
        manufacturers.update_twin(row, by=call.client.user, **_columns(given))
    return rows.vendor_shape(number)


def delete(call):
    number = call.number("vendor_id")
    with is_gone_not_found("vendor", number):
        manufacturers.remove(rows.vendor(number), by=call.client.user)
    return DELETED


def _columns(given):
    """The values by our own names."""
    given = without_nulls(given, TEXTS)
    return {COLUMNS.get(name, name): value for name, value in given.items()}
