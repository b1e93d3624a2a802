"""Importing spools and filaments from a CSV table, as it comes out of a spreadsheet.

Every line stands for itself: the good ones are imported, the others are reported with what is
wrong with them, so that nothing entered is lost because of something else. A dry run is the
import itself, taken back.
"""

from contextlib import contextmanager

from inventory.services.tables import filaments, reading, spools
from inventory.services.tables.lines import TableReport, parsed
from tenants.operations.operation import in_dry_run, operation, source

SPOOL_COLUMNS = tuple(spools.COLUMNS)
FILAMENT_COLUMNS = tuple(filaments.COLUMNS)


def import_spools(content, *, by, at=None, dry_run=False):
    """Put a spool on the shelf for each line of a table; returns a TableReport.

    ``content`` is bytes, text or a binary file: CSV in UTF-8, at most 5 MB and 10,000 lines,
    whose first line names the columns (SPOOL_COLUMNS). A filament is named by its external_id or
    by manufacturer, name and material, as far as they are needed. Each spool has its receipt of
    ``initial_grams`` (the filament's net grams unless said); with ``remaining_grams`` what was
    used before is adjusted away. Raises UnusableTable, TableTooLarge, Busy, Duplicate.
    """
    return _carried_out(_spools, content, by=by, at=at, dry_run=dry_run)


def import_filaments(content, *, by, dry_run=False):
    """Add the filaments of a table, with makers and material types that are new; returns a
    TableReport.

    ``content`` as in `import_spools`, of FILAMENT_COLUMNS. A filament that is there already (by
    its external_id, else by manufacturer, name, material, diameter and net grams) is filled in
    where it is empty and never overwritten. Raises UnusableTable, TableTooLarge, Busy, Duplicate.
    """
    return _carried_out(_filaments, content, by=by, dry_run=dry_run)


def _carried_out(verb, content, *, dry_run, **options):
    with _said_to_be_an_import():
        if dry_run:
            return in_dry_run(lambda: verb(content, dry_run=True, **options))
        return verb(content, dry_run=False, **options)


@operation("spool.import_table")
def _spools(content, *, by, dry_run, at=None):
    report = _read("spools", content, spools, dry_run=dry_run)
    spools.plan(report.lines)
    spools.write([line for line in report.lines if line.is_ok], by=by, at=at)
    return report


@operation("filament.import_table")
def _filaments(content, *, by, dry_run):
    report = _read("filaments", content, filaments, dry_run=dry_run)
    filaments.plan(report)
    filaments.write(report, by=by)
    return report


def _read(kind, content, table, *, dry_run):
    columns = {name: cell.others for name, cell in table.COLUMNS.items()}
    raw_lines = reading.read(content, columns=columns, needed=table.NEEDED)
    return TableReport(kind=kind, dry_run=dry_run, lines=parsed(raw_lines, table.COLUMNS))


@contextmanager
def _said_to_be_an_import():
    token = source.set("import")
    try:
        yield
    finally:
        source.reset(token)
