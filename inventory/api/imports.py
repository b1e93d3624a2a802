"""Tables and catalogues that are imported as a whole; every line of them is answered for."""

from rest_framework.decorators import action
from rest_framework.response import Response

from inventory import serializers
from inventory.services import tables
from inventory.services.tables import catalogue_source
from inventory.services.tables.catalogue_importing import import_entries
from tenants.api.csv_format import CSVParser
from tenants.web.idempotency import require_key

TRY_FIRST = "With ?dry_run=true nothing is kept, and no key is needed."
IMPORT = {"url_path": "import", "url_name": "import"}


class TakesTable:
    """For a viewset with an action that imports a table."""

    def imported(self, verb):
        report = self.call(verb, self.request.data or b"", dry_run=self.is_dry_run())
        return Response(report.as_dict())

    def is_dry_run(self):
        return self.get_query_values()["dry_run"]


class SpoolImport(TakesTable):
    """For the viewset of spools."""

    @action(detail=False, methods=["post"], parser_classes=[CSVParser], **IMPORT)
    def import_table(self, request):
        """Import a table of spools: each line is one, and is received or refused by itself."""
        if not self.is_dry_run():
            require_key(request, or_else=TRY_FIRST)
        return self.imported(tables.import_spools)


class FilamentImport(TakesTable):
    """For the viewset of filaments. An import that is repeated changes nothing, so it needs no
    key."""

    @action(detail=False, methods=["post"], parser_classes=[CSVParser], **IMPORT)
    def import_table(self, request):
        """Import a table of filaments: new ones are made, known ones filled in where empty."""
        return self.imported(tables.import_filaments)

    @action(detail=False, methods=["post"], url_path="import-catalogue")
    def import_catalogue(self, request):
        """Import a catalogue such as SpoolmanDB's: known filaments are filled in where empty."""
        entries = catalogue_source.entries(request.data, "The body")
        dry_run = self.is_dry_run()
        report = self.call(import_entries, entries, dry_run=dry_run)
        return Response(serializers.CatalogueReportSerializer(report).data)
