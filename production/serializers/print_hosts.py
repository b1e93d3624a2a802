"""Print hosts, as JSON: without the key or password, which goes in alone."""

from production.models import Printer, PrintHost
from tenants.api.fields import FlagField, NameField, TextField
from tenants.api.serializers import RowSerializer


class PrintHostSerializer(RowSerializer):
    """Where files of a printer's slicer are passed on to."""

    printer_name = NameField(
        "name", source="printer", lookup="name__iexact", queryset=Printer.objects.all()
    )
    secret = TextField(
        max_length=200,
        required=False,
        allow_blank=True,
        write_only=True,
        trim_whitespace=False,
        help_text="The key, or with a username the password. Needed again for another address.",
    )
    has_secret = FlagField(read_only=True)

    class Meta:
        model = PrintHost
        needed = create_only = ("printer", "printer_name")
        fields = [
            "id",
            "printer",
            "printer_name",
            "kind",
            "url",
            "username",
            "secret",
            "has_secret",
            "last_filename",
            "last_at",
            "last_problem",
        ]
        read_only_fields = ["last_filename", "last_at", "last_problem"]
