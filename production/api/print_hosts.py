"""The programs through which printers take files."""

from production.filters.runs import PrintHostFilter
from production.models import PrintHost
from production.serializers.print_hosts import PrintHostSerializer
from production.services.print_hosts import managing
from tenants.api.views import RecordViewSet


class PrintHostViewSet(RecordViewSet):
    """Where printers take the files that their slicers send: Moonraker, PrusaLink, OctoPrint."""

    help_topic = "slicers#pass-it-on-to-the-printer"
    queryset = PrintHost.objects.all()
    serializer_class = PrintHostSerializer
    records = managing
    stores_answers = False  # of requests with a key in them
    filterset_class = PrintHostFilter
    search_fields = ["printer__name", "url"]
    ordering_fields = ["id"]
