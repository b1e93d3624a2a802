"""What people do to printers between runs."""

from tenants.accounts import records
from tenants.operations import operation


@operation("printer.clear")
def clear(printer, *, by):
    """Say that the printer's bed was cleared; returns the printer. It is in the audit trail, unless
    the bed was clear already."""
    return records.change(printer, by=by, needs_clearing=False)
