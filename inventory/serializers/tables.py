"""Bodies and reports of imports."""

from rest_framework import serializers

from inventory.services.tables.report import FILAMENTS, OUTCOMES, SPOOLS
from tenants.api.fields import GRAMS, QuantityField, TextField, WholeField
from tenants.api.serializers import Body

NUMBER = {"required": False, "allow_null": True, **GRAMS}


class DryRunQuery(serializers.Serializer):
    """Whether it is only tried."""

    dry_run = serializers.BooleanField(
        default=False, help_text="Do it, report it, and take it back."
    )


class SpoolImportQuery(DryRunQuery):
    """The same, and what else is received or made."""

    again = serializers.BooleanField(
        default=False, help_text="Receive also what is there already: these are other spools."
    )
    update = serializers.BooleanField(
        default=False,
        help_text="Give spools that are there already the place of their lines, and their weight "
        "as a count.",
    )
    create_missing = serializers.BooleanField(
        allow_null=True,
        default=None,
        help_text="Make the filaments, manufacturers, material types and locations that are "
        "missing; by default for an export of another program, which is known by its headers.",
    )

    default_net_grams = QuantityField(
        required=False,
        help_text="How much is on a spool, where neither its line nor its filament says so.",
        **GRAMS,
    )
    default_tare_grams = QuantityField(
        required=False,
        help_text="What an empty reel weighs, where neither its line nor its filament says so.",
        **GRAMS,
    )


class SpoolTable(Body):
    """CSV: the first line names the columns, every other is a spool."""


class FilamentTable(Body):
    """CSV: the first line names the columns, every other is a filament."""


class TableLineSerializer(serializers.Serializer):
    """What became of a line; its problems are by column, "" for the whole line."""

    line = serializers.IntegerField(help_text="In the file, from 1; the header counts.")
    status = serializers.CharField(help_text="ok or refused")
    outcome = serializers.ChoiceField(OUTCOMES)
    detail = serializers.CharField()
    problems = serializers.DictField(child=serializers.CharField())
    id = serializers.IntegerField(allow_null=True)
    code = serializers.CharField(allow_null=True, help_text="Of a spool, for its label.")
    ids = serializers.ListField(
        child=serializers.IntegerField(), help_text="Of a line with a quantity, each spool."
    )


class ReportSerializer(serializers.Serializer):
    dry_run = serializers.BooleanField()
    created_count = serializers.IntegerField()
    filled_in_count = serializers.IntegerField()
    updated_count = serializers.IntegerField()
    unchanged_count = serializers.IntegerField()
    manufacturers = serializers.ListField(child=serializers.CharField())
    material_types = serializers.ListField(child=serializers.CharField())


class TableReportSerializer(ReportSerializer):
    """What an import did, or in a dry run would do. In a dry run no line has an id."""

    kind = serializers.ChoiceField([SPOOLS, FILAMENTS])
    refused_count = serializers.IntegerField()
    receipt = serializers.IntegerField(
        allow_null=True, help_text="Of spools: the event to undo the import by, as a receipt."
    )
    neighbour = serializers.CharField(help_text="The program that has written it, if known.")
    left_aside = serializers.ListField(
        child=serializers.CharField(), help_text="Columns that hold something we do not import."
    )
    missing = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="Names that the farm did not have, by kind; made if create_missing has it and "
        "a line that is imported needs it.",
    )
    create_missing = serializers.ListField(child=serializers.CharField())
    lacking = serializers.ListField(
        child=serializers.CharField(),
        help_text="Of default_net_grams and default_tare_grams those that refused lines need.",
    )
    notes = serializers.ListField(
        child=serializers.CharField(), help_text="How the file was read, where it may be wrong."
    )
    refused_table = serializers.CharField(
        help_text="The refused lines as CSV, with a column of problems: to mend and import."
    )
    lines = TableLineSerializer(many=True)


# --- Catalogues --------------------------------------------------------------------------------


class CatalogueEntry(Body):
    """A filament as SpoolmanDB has it; what else is in it is passed over."""

    id = TextField(max_length=200)
    manufacturer = TextField(required=False, allow_blank=True, max_length=100)
    name = TextField(max_length=150)
    material = TextField(max_length=40)
    density = QuantityField(**NUMBER)
    diameter = QuantityField(**NUMBER)
    weight = QuantityField(help_text="Net grams.", **NUMBER)
    spool_weight = QuantityField(help_text="Grams of the empty reel; 0 is unknown.", **NUMBER)
    color_hex = TextField(required=False, allow_null=True, allow_blank=True)
    color_hexes = serializers.ListField(child=TextField(), required=False, allow_null=True)
    multi_color_direction = TextField(
        required=False, allow_null=True, help_text="coaxial or longitudinal"
    )
    extruder_temp = WholeField(required=False, allow_null=True)
    bed_temp = WholeField(required=False, allow_null=True)


class Catalogue(serializers.ListSerializer):
    """A list of filaments, such as SpoolmanDB's compiled filaments.json."""

    child = CatalogueEntry()

    @property
    def fields(self):
        return self.child.fields


class RefusedEntry(serializers.Serializer):
    """An entry that was left out; others were imported."""

    position = serializers.IntegerField(help_text="In the list, from 1.")
    external_id = serializers.CharField(help_text="As it was found.")
    problem = serializers.CharField()


class CatalogueReportSerializer(ReportSerializer):
    """What the import of a catalogue did, or in a dry run would do."""

    refused = RefusedEntry(many=True)
