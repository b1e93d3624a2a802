"""Tables and catalogues to import, and what became of them."""

from inventory.services.tables import filament_import, spool_import, table_reader
from inventory.services.tables.catalogue_reader import read_catalogue


def table(*lines, separator=";"):
    return "\n".join(separator.join(line) for line in lines).encode()


def import_spools(content, *, by=None, **options):
    """The report of a file of spools."""
    return spool_import.import_spools(table_reader.read_spools(content), by=by, **options)


def import_filaments(content, *, by=None, **options):
    """The report of a file of filaments."""
    return filament_import.import_filaments(table_reader.read_filaments(content), by=by, **options)


def import_entries(entries, *, by=None, **options):
    """The report of the entries of a catalogue."""
    return filament_import.import_filaments(read_catalogue(entries), by=by, **options)


def spools(*lines, **options):
    """The report of a table of spools: header and lines."""
    return import_spools(table(*lines), **options)


def filaments(*lines, **options):
    """The report of a table of filaments."""
    return import_filaments(table(*lines), **options)


def results_by_line(report):
    """What became of each line, by its number: a sentence, or problems by column."""
    return {row.number: row.detail if row.is_ok else row.problems for row in report.rows}


def columns_refused(report):
    return {row.number: sorted(row.problems) for row in report.refused}
