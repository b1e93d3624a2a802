"""What a printer reports is loaded into its only empty slot, where the book has it in none."""

from collections import Counter
from contextlib import suppress
from functools import partial

from production.services.printing import slots
from production.services.reports import devices
from tenants.operations.operation import in_transaction
from tenants.operations.refusals import Refusal

# Whether a farm has some, as `database_role.rows_of_each` asks.
IS_DUE = """
SELECT {name} WHERE EXISTS (
    SELECT FROM {schema}.inventory_usagemeter meter
    JOIN {schema}.accounts_devicetoken token ON token.id = meter.token_id
    JOIN {schema}.production_printerslot slot ON slot.printer_id = token.printer_id
    WHERE meter.closed_at IS NULL AND meter.run_material_id IS NULL AND slot.spool_id IS NULL
        AND NOT EXISTS (
            SELECT FROM {schema}.production_printerslot held WHERE held.spool_id = meter.spool_id
        )
)
"""


def load():
    """Load what can be in one slot only, in the name of the token's person; returns the slots. What
    somebody took out of a slot is loaded once it is reported again."""
    found = [each for each in devices.mismatches() if _is_clear(each)]
    of_printer = Counter(each.printer.pk for each in found)
    loaded = []
    for each in found:
        if of_printer[each.printer.pk] > 1:  # which of them would be where?
            continue
        with suppress(Refusal):
            [slot] = each.empty_slots
            how = {"only_free": True, "is_reported": True}
            work = partial(slots.load, each.spool, slot=slot, by=each.meter.by, **how)
            loaded.append(in_transaction(work))
    return loaded


def _is_clear(mismatch):
    """Whether the token names the printer, which has one empty slot, and the spool is in none."""
    token = mismatch.meter.token
    return (
        mismatch.kind == devices.NOT_LOADED
        and token is not None
        and token.printer_id is not None
        and not hasattr(mismatch.spool, "printer_slot")
        and len(mismatch.empty_slots) == 1
    )
