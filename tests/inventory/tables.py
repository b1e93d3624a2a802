"""Tables to import, line by line, and what became of them."""

from inventory.services.tables import import_filaments, import_spools


def table(*lines, separator=";"):
    return "\n".join(separator.join(line) for line in lines).encode()


def spools(*lines, by=None, **options):
    """The report of a table of spools: header and lines."""
    return import_spools(table(*lines), by=by, **options)


def filaments(*lines, by=None, **options):
    """The report of a table of filaments."""
    return import_filaments(table(*lines), by=by, **options)


def told(report):
    """What became of each line, by its number: a sentence, or problems by column."""
    return {line.number: line.said if line.is_ok else line.problems for line in report.lines}


def columns_refused(report):
    return {line.number: sorted(line.problems) for line in report.refused}
