"""Import of tables and catalogues, with a result for each line."""

from rest_framework.decorators import action
from rest_framework.response import Response

from inventory.serializers.tables import CatalogueReportSerializer
from inventory.services.tables import catalogue_source, uploads
from inventory.services.tables.catalogue_reader import read_catalogue
from inventory.services.tables.csv_reader import read_filaments, read_spools
from inventory.services.tables.filament_import import import_filaments
from inventory.services.tables.report import FILAMENTS, SPOOLS
from inventory.services.tables.spool_import import import_spools
from tenants.api import async_answers
from tenants.api.csv_format import CSVParser
from tenants.web.idempotency import require_key

FILE = "table.csv"  # what a body is called
TRY_FIRST = "With ?dry_run=true nothing is stored, and no key is needed."
IMPORT = {"url_path": "import", "url_name": "import", "is_async": True}


class TakesTable:
    """For a viewset with an action that imports a table."""

    def imported(self, what, verb, read, **options):
        """The report, or the job that makes it."""
        dry_run, content = self.is_dry_run(), self.request.data or b""
        rows = read(content)
        if async_answers.is_wanted(self.request):
            job = self.call(uploads.start, what, content, FILE, dry_run=dry_run, **options)
            return async_answers.accepted(self.request, job)
        return Response(self.call(verb, rows, dry_run=dry_run, **options).as_dict())

    def is_dry_run(self):
        return self.get_query_values()["dry_run"]


class SpoolImport(TakesTable):
    """For the viewset of spools."""

    @action(detail=False, methods=["post"], parser_classes=[CSVParser], needs_key=True, **IMPORT)
    def import_table(self, request):
        """Import a table of spools: each line is one, and is received or refused by itself.

        A line whose spool is there already is left out, unless ``again`` is true.
        """
        if not self.is_dry_run():
            require_key(request, or_else=TRY_FIRST)
        again = self.get_query_values()["again"]
        return self.imported(SPOOLS, import_spools, read_spools, again=again)


class FilamentImport(TakesTable):
    """For the viewset of filaments. An import that is repeated changes nothing, so it needs no
    key."""

    @action(detail=False, methods=["post"], parser_classes=[CSVParser], **IMPORT)
    def import_table(self, request):
        """Import a table of filaments: new ones are made, known ones filled in where empty."""
        return self.imported(FILAMENTS, import_filaments, read_filaments)

    @action(
        detail=False,
        methods=["post"],
        url_path="import-catalogue",
        max_values=30 * catalogue_source.MAX_ENTRIES,
    )
    def import_catalogue(self, request):
        """Import a catalogue such as SpoolmanDB's: known filaments are filled in where empty."""
        rows = read_catalogue(catalogue_source.entries(request.data, "The body"))
        report = self.call(import_filaments, rows, dry_run=self.is_dry_run())
        values = report.as_dict() | {"refused": report.refused}
        return Response(CatalogueReportSerializer(values).data)
