"""PUT /spool/{id}/use: what a device used, which goes to its meter."""

from inventory.services import metering
from production.spoolman import bodies, rows, shapes
from production.spoolman.answers import Failure

ONE_OF_BOTH = "Only specify either use_weight or use_length."
NEITHER = "Either use_weight or use_length must be specified."
PRINTER_NAME_LENGTH = 100


def use(call):
    number, amount = call.number("spool_id"), _amount(bodies.read(bodies.USE, call.body))
    client = call.client
    how = {"answer": rows.spool_columns, "printer_name": _printer_name(call.request)}
    try:
        found = metering.use(number, by=client.user, token=client.token, **amount, **how)
    except metering.NoSuchSpool as error:
        raise rows.not_found("spool", number) from error
    return shapes.spool(found)


def _amount(given):
    weight, length = given.get("use_weight"), given.get("use_length")
    if weight is not None and length is not None:
        raise Failure(400, ONE_OF_BOTH)
    if weight is None and length is None:
        raise Failure(400, NEITHER)
    return {"length_mm": length} if weight is None else {"grams": weight}


def _printer_name(request):
    name = request.headers.get("X-Printer-Name", "").strip()
    return name[:PRINTER_NAME_LENGTH] if name.isprintable() else ""
