"""Bodies and reports of imports of printers and of products."""

from rest_framework import serializers

from inventory.serializers.tables import DryRunQuery, TableReportSerializer
from production.services.tables.columns import PRINTERS, PRODUCTS
from tenants.api.serializers import Body


class PrinterImportQuery(DryRunQuery):
    """The same, and what else is made."""

    create_missing = serializers.BooleanField(
        allow_null=True,
        default=None,
        help_text="Make the locations that are missing; by default for an export of a Spoolbook.",
    )


class PrinterTable(Body):
    """CSV: the first line names the columns, every other is a printer."""


class ProductTable(Body):
    """CSV: the first line names the columns, every other is a product, or a material of one."""


class ImportedSerializer(TableReportSerializer):
    """What an import did, or in a dry run would do. In a dry run no line has an id."""

    kind = serializers.ChoiceField([PRINTERS, PRODUCTS])
