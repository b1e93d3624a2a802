"""Import of tables of printers and of products, with a result for each line."""

from rest_framework.decorators import action

from inventory.api.imports import CREATED_BY, IMPORT, PARSERS, TakesImport, of_table
from inventory.services.tables import table_reader
from production.services.tables.columns import PRINTERS, PRODUCTS
from production.services.tables.printer_import import import_printers
from production.services.tables.product_import import import_products


class PrinterImport(TakesImport):
    """For the viewset of printers. An import that is repeated adds nothing, so it needs no key."""

    @action(detail=False, methods=["post"], parser_classes=PARSERS, **IMPORT)
    def import_table(self, request):
        """Import a table of printers: new ones are added, known ones left out."""
        create = CREATED_BY[self.get_query_values()["create_missing"]]
        read = of_table(lambda data: table_reader.read(PRINTERS, data))
        return self.imported(PRINTERS, import_printers, read, create=create)


class ProductImport(TakesImport):
    """For the viewset of products. An import that is repeated adds nothing, so it needs no key."""

    @action(detail=False, methods=["post"], parser_classes=PARSERS, **IMPORT)
    def import_table(self, request):
        """Import a table of products, with their materials: known ones are left out."""
        read = of_table(lambda data: table_reader.read(PRODUCTS, data))
        return self.imported(PRODUCTS, import_products, read)
