"""Import of tables and catalogues, with a result for each line."""

from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response

from inventory.services.tables import catalogue_source, spool_updates, uploads
from inventory.services.tables.catalogue_reader import read_catalogue
from inventory.services.tables.filament_import import import_filaments
from inventory.services.tables.report import CATALOGUE, CREATABLE, FILAMENTS, SPOOLS
from inventory.services.tables.spool_import import import_spools
from inventory.services.tables.table_reader import read_filaments, read_spools
from tenants.api import async_answers
from tenants.api.csv_format import CSVParser, XLSXParser
from tenants.web.idempotency import require_key

FILES = {CATALOGUE: "catalogue.json"}  # what a body is called, if it is no table
TABLE = "table.csv"
CREATED_BY = {None: None, True: CREATABLE, False: ()}
PARSERS = [CSVParser, XLSXParser]
TRY_FIRST = "With ?dry_run=true nothing is stored, and no key is needed."
IMPORT = {"url_path": "import", "url_name": "import", "is_async": True}


class TakesImport:
    """For a viewset with an action that imports its body."""

    def imported(self, what, verb, read, **options):
        """The report, or the job that makes it; ``read`` makes rows of the body."""
        options["dry_run"], rows = self.is_dry_run(), read(self.request.data)
        if async_answers.is_wanted(self.request):
            content = self.request.incoming_body.read_again()
            job = self.call(uploads.start, what, content, FILES.get(what, TABLE), **options)
            return async_answers.accepted(self.request, job)
        return Response(uploads.answer(what, self.call(verb, rows, **options)))

    def is_dry_run(self):
        return self.get_query_values()["dry_run"]


class SpoolImport(TakesImport):
    """For the viewset of spools."""

    @action(detail=False, methods=["post"], parser_classes=PARSERS, needs_key=True, **IMPORT)
    def import_table(self, request):
        """Import a table of spools: each line is one, and is received or refused by itself.

        A line whose spool is there already is left out, unless ``again`` is true. Exports of
        Spoolman, OctoPrint-SpoolManager and Bambuddy are known by their headers.
        """
        if not self.is_dry_run():
            require_key(request, or_else=TRY_FIRST)
        values = self.get_query_values()
        create = CREATED_BY[values["create_missing"]]
        if values["update"] and not request.user.has_perms(spool_updates.PERMISSIONS):
            raise PermissionDenied
        options = {"again": values["again"], "create": create, "update": values["update"]}
        options |= {name: values[name] for name in uploads.DEFAULTS if name in values}
        return self.imported(SPOOLS, import_spools, of_table(read_spools), **options)


class FilamentImport(TakesImport):
    """For the viewset of filaments. An import that is repeated changes nothing, so it needs no
    key."""

    @action(detail=False, methods=["post"], parser_classes=PARSERS, **IMPORT)
    def import_table(self, request):
        """Import a table of filaments: new ones are made, known ones filled in where empty."""
        return self.imported(FILAMENTS, import_filaments, of_table(read_filaments))

    @action(
        detail=False,
        methods=["post"],
        url_path="import-catalogue",
        is_async=True,
        max_values=30 * catalogue_source.MAX_ENTRIES,
    )
    def import_catalogue(self, request):
        """Import a catalogue such as SpoolmanDB's: known filaments are filled in where empty."""
        return self.imported(CATALOGUE, import_filaments, _read_entries)


def _read_entries(data):
    return read_catalogue(catalogue_source.entries(data, "The body"))


def of_table(read):
    """Reads a table from the data of a request."""
    return lambda data: read(data or b"")  # without a body, data is an empty dict
