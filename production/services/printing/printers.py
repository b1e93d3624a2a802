"""Verbs of printers."""

from tenants.accounts import audited
from tenants.operations.operation import operation


@operation("printer.clear")
def clear(printer, *, by):
    """Say that the printer's bed was cleared; returns the printer. It is in the audit trail, unless
    the bed was clear already."""
    return audited.update(printer, by=by, needs_clearing=False)
