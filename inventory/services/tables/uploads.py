"""Import of a file: at once or, as a long one takes minutes, as a job."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext_lazy as _

from inventory.services.tables import archives, catalogue_source, samples, table_reader
from inventory.services.tables.catalogue_reader import read_catalogue
from inventory.services.tables.choices import remember, remembered
from inventory.services.tables.filament_import import import_filaments
from inventory.services.tables.refusals import UnusableTable
from inventory.services.tables.report import CATALOGUE, FILAMENTS, SPOOLS
from inventory.services.tables.spool_import import import_spools
from inventory.services.tables.table_reader import read_filaments, read_spools
from tenants.jobs import files, kinds, services

LONG, LONG_BYTES = 1_000, 1024**2  # lines, and their size
# Of an import.
DEFAULTS = {"default_net_grams": None, "default_tare_grams": None}
OPTIONS = {"again": False, "create": None, "update": False, "chosen": {}, **DEFAULTS}
MARK = b"\xef\xbb\xbf"  # of UTF-8
TITLES = {
    SPOOLS: _("Import of spools: %(name)s"),
    FILAMENTS: _("Import of filaments: %(name)s"),
    CATALOGUE: _("Import of a catalogue: %(name)s"),
}
KINDS = {SPOOLS: "spool_import", FILAMENTS: "filament_import", CATALOGUE: "catalogue_import"}
LABELS = {
    SPOOLS: _("Import of spools"),
    FILAMENTS: _("Import of filaments"),
    CATALOGUE: _("Import of a catalogue"),
}
PERMISSIONS = {
    SPOOLS: "inventory.receive_spool",
    **dict.fromkeys([FILAMENTS, CATALOGUE], "inventory.add_filament"),
}
IMPORTERS, LONG_OF = {}, {}  # of kinds of other apps


@dataclass(frozen=True, kw_only=True)
class TableKind:
    """A kind of table that another app imports: ``kind`` is that of its jobs, ``title`` and
    ``label`` what these are called, ``needed`` columns as in `table_reader.NEEDED`, ``importer``
    gets a ReadTable and ``by``, ``dry_run`` and ``create``, as `import_spools` does, ``folder`` has
    the sample, and a table of more than ``long`` lines takes long."""

    what: str
    kind: str
    title: str
    label: str
    permission: str
    columns: dict
    needed: tuple
    importer: Callable
    folder: Path
    long: int


def register(table):
    """Make a TableKind known, by its name ``what``."""
    table_reader.COLUMNS[table.what], table_reader.NEEDED[table.what] = table.columns, table.needed
    KINDS[table.what], TITLES[table.what] = table.kind, table.title
    LABELS[table.what], PERMISSIONS[table.what] = table.label, table.permission
    LONG_OF[table.what] = table.long
    IMPORTERS[table.what], samples.FOLDERS[table.what] = table.importer, table.folder
    kinds.register(table.kind, partial(_work, table.what), table.label)


def import_file(what, content, name, *, by, dry_run, chosen=None, **options):
    """Import SPOOLS, FILAMENTS or a CATALOGUE of these, or a registered kind, from a file (bytes or
    text); returns an ImportReport.

    Of filaments a table or a catalogue (JSON), by how it begins. ``options`` are those of
    `import_spools`; what is ``chosen`` for columns (`choices`) is remembered. Raises UnusableTable,
    Busy, Duplicate.
    """
    if what in IMPORTERS:
        table = table_reader.read(what, content, chosen=chosen)
        create = options.get("create")
        report = IMPORTERS[what](table, by=by, dry_run=dry_run, create=create)
        return _with_choices(report, what, chosen)
    if what == SPOOLS:
        table = read_spools(content, chosen=chosen)
        report = import_spools(table, by=by, dry_run=dry_run, **options)
        return _with_choices(report, what, chosen)
    data = content if isinstance(content, bytes) else content.encode()
    if _is_catalogue(data):
        rows = read_catalogue(catalogue_source.from_bytes(data, name))
    else:
        rows = read_filaments(content, chosen=chosen)
    return _with_choices(import_filaments(rows, by=by, dry_run=dry_run), what, chosen)


def columns_of(what, content, *, chosen=None):
    """The columns of a table as they are read with what is ``chosen``, by default what the farm
    remembers; none of a catalogue, and of a file that can't be read, of which its import says
    why."""
    if _is_catalogue(content):
        return []
    try:
        return table_reader.columns_of(what, content, chosen=chosen or partial(remembered, what))
    except UnusableTable:
        return []


def _with_choices(report, what, chosen):
    if chosen and not report.dry_run:
        remember(what, chosen)
    return report


def is_long(what, content):
    """Whether it takes minutes, or is more than a page can carry on."""
    return len(content) > LONG_BYTES or count_lines(content) > LONG_OF.get(what, LONG)


def count_lines(content):
    """About how many lines there are in a table, or entries in a catalogue."""
    if archives.is_workbook(content):
        return archives.count_rows(content)
    return content.count(b"{" if _is_catalogue(content) else b"\n")


def start(what, content, name, *, by, dry_run, of=None, page="", instead_of=(), **options):
    """Begin the import of a file (bytes) as a job, with OPTIONS; ``of`` is the dry run that it
    follows, ``page`` the address that shows what becomes of it."""
    options = OPTIONS | options | {"dry_run": dry_run, "of": of and of.pk, "page": page}
    return services.start(
        KINDS[what],
        by=by,
        permission=PERMISSIONS[what],
        title=str(TITLES[what]) % {"name": name[:100]},
        arguments={"name": name, **options},
        content=content,
        total=2 * count_lines(content),
        instead_of=instead_of,
    )


def answer(what, report):
    """What became of an import, as plain values."""
    return report.as_catalogue_dict() if what == CATALOGUE else report.as_dict()


def register_kinds():
    for what, kind in KINDS.items():
        kinds.register(kind, partial(_work, what), LABELS[what])


def _work(what, job, *, by):
    options = {name: (OPTIONS | job.arguments)[name] for name in ("dry_run", *OPTIONS)}
    content = b"".join(files.read(job, is_result=False))
    report = import_file(what, content, job.arguments["name"], by=by, **options)
    values = answer(what, report)
    text = json.dumps(values, cls=DjangoJSONEncoder, ensure_ascii=False)
    return kinds.Result("import.json", "application/json", [text.encode()])


def _is_catalogue(data):
    return data.removeprefix(MARK).lstrip()[:1] in (b"[", b"{")
