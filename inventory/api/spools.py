"""Spools, their verbs and their entries."""

from drf_spectacular.types import OpenApiTypes
from rest_framework import status
from rest_framework.decorators import action

from inventory import filters
from inventory.api.imports import SpoolImport
from inventory.models import Spool, SpoolEvent
from inventory.models.spools import LIVE
from inventory.paper import labels
from inventory.serializers.labels import LabelQuery, LabelsQuery
from inventory.serializers.ledger import InventoryTransactionSerializer
from inventory.serializers.revaluing import ChangedSpool, RevaluedSpool, represented
from inventory.serializers.spools import (
    AsOfQuery,
    BookedSpool,
    MergedSpool,
    MergeSerializer,
    ReceivedSpools,
    SpoolEventSerializer,
    SpoolSerializer,
)
from inventory.serializers.tables import SpoolImportQuery, SpoolTable, TableReportSerializer
from inventory.serializers.verbs import SPOOL_VERBS
from inventory.services import receiving, returning, stock
from inventory.services.locking import UnknownSpool
from inventory.services.spools import consumption, merging, revaluing, scale, shelf
from tenants.accounts.models import FarmSettings
from tenants.api.documents import PDF, pdf_answer
from tenants.api.fast_representation import represent
from tenants.api.finding import or_404, reference
from tenants.api.views import Nested, ReadViewSet


class SpoolViewSet(SpoolImport, ReadViewSet):
    """Spools. POST receives one; its grams move through the verbs and the production runs."""

    queryset = Spool.objects.all()
    listed = Spool.objects.present()
    serializer_class = SpoolSerializer
    bodies = {**SPOOL_VERBS, "import_table": SpoolTable}
    answers = {
        **dict.fromkeys(["weigh", "use", "waste", "empty", "adjust", "send_back"], BookedSpool),
        "receive": {201: ReceivedSpools},
        **dict.fromkeys(["update", "partial_update"], ChangedSpool),
        "revalue": RevaluedSpool,
        "merge": MergedSpool,
        "import_table": TableReportSerializer,
        **dict.fromkeys(["label", "labels"], {(200, PDF): OpenApiTypes.BINARY}),
    }
    permissions = {
        "create": "receive",
        "import_table": "receive",
        "label": "view",
        "labels": "view",
        "unmerge": "merge",
        "send_back": "return",
    }
    queries = {
        "retrieve": AsOfQuery,
        "import_table": SpoolImportQuery,
        "label": LabelQuery,
        "labels": LabelsQuery,
    }
    documents = ("label", "labels")
    filterset_class = filters.SpoolFilter
    ordering_fields = [
        "id",
        "code",
        "lot_number",
        "received_on",
        "first_used_at",
        "last_used_at",
        "archived_at",
    ]
    ordering_aliases = {"remaining_grams": LIVE}

    def with_related(self, rows):
        rows = rows.with_filament()
        then = self.get_query_values()["as_of"] if self.action == "retrieve" else None
        return rows if then is None else stock.with_grams_as_of(then, rows)

    def create(self, request):
        """Receive one spool: it is on the shelf with a receipt in the ledger."""
        return self.row_response(
            self.call(receiving.receive, **self.get_validated_data()),
            status=status.HTTP_201_CREATED,
        )

    def update(self, request, pk, *, partial=False):
        spool = self.get_object()
        self.call(shelf.describe, spool, **self.get_validated_data(spool, partial=partial))
        found = next(iter(self.changed), None)
        return self.row_response(spool, revaluation=represented(found))

    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    # -- grams ---------------------------------------------------------------------------------

    @action(detail=False, methods=["post"])
    def receive(self, request):
        """Receive many equal spools at once: each with a code and a receipt of its own."""
        received = self.call(receiving.receive_many, **self.get_validated_data())
        return self.made_response("spools", received)

    @action(detail=True, methods=["post"])
    def weigh(self, request, pk):
        """Post the scale's reading as a count."""
        return self._booked(scale.weigh)

    @action(detail=True, methods=["post"])
    def use(self, request, pk):
        """Take filament for what no run knows of: grams, or what the scale shows after it."""
        return self._booked(consumption.use)

    @action(detail=True, methods=["post"])
    def waste(self, request, pk):
        """Throw filament away outside of any run: grams, or what the scale shows after it."""
        return self._booked(consumption.waste)

    @action(detail=True, methods=["post"])
    def empty(self, request, pk):
        """Post that nothing is left on the spool: the rest is a count, or waste."""
        return self._booked(consumption.empty)

    @action(detail=True, methods=["post"])
    def adjust(self, request, pk):
        """Correct the book by signed grams, with a reason: a manager's."""
        return self._booked(consumption.adjust)

    @action(detail=True, methods=["post"], url_path="return")
    def send_back(self, request, pk):
        """Give the spool back to its supplier, with what is left on it: a manager's."""
        return self._booked(returning.return_spool)

    @action(detail=True, methods=["post"])
    def revalue(self, request, pk):
        """Post what the spool gave again at its price of now: grams and balances stay."""
        spool = self.get_object()
        values = self.get_validated_data(spool)
        found = represented(self.call(revaluing.revalue, spool, **values))
        is_dry_run = values.get("dry_run", False)
        return self.row_response(spool, revaluation=found, dry_run=is_dry_run)

    # -- on paper ------------------------------------------------------------------------------

    @action(detail=True, methods=["get"])
    def label(self, request, pk):
        """Print the label of one spool, as PDF: a QR code of its address and what it holds."""
        spool = self.with_related(Spool.objects.filter(pk=self.get_object().pk)).get()
        return self._printed([spool], f"label-{spool.code}", **self.get_query_values())

    @action(detail=False, methods=["get"])
    def labels(self, request):
        """Print labels of many spools on sheets, as PDF; or blank ones with codes that are new.

        A spool is received with the code of a blank label later.
        """
        values = self.get_query_values()
        spools, blank = values.pop("ids"), values.pop("blank")
        return self._printed(spools, "labels", blank=blank, **values)

    def _printed(self, rows, name, *, blank=0, **layout):
        farm = FarmSettings.load().address_for(self.request)
        wanted = [labels.of_spool(spool, farm=farm) for spool in rows]
        wanted += labels.blank(blank, farm=farm)
        return pdf_answer(labels.pdf(wanted, **layout), name)

    # -- the reel ------------------------------------------------------------------------------

    @action(detail=True, methods=["post"])
    def move(self, request, pk):
        """Put the spool at another location."""
        return self.verb(shelf.move)

    @action(detail=True, methods=["post"])
    def open(self, request, pk):
        """Take the spool out of its bag."""
        return self.verb(shelf.open)

    @action(detail=True, methods=["post"])
    def dry(self, request, pk):
        """Record that the spool was dried."""
        return self.verb(shelf.dry)

    @action(detail=True, methods=["post"])
    def relabel(self, request, pk):
        """Give the spool a new label: the old one still finds it."""
        return self.verb(shelf.relabel)

    @action(detail=True, methods=["post"])
    def archive(self, request, pk):
        """Take the spool off the shelf."""
        return self.verb(shelf.archive)

    @action(detail=True, methods=["post"])
    def restore(self, request, pk):
        """Put an archived spool back on the shelf."""
        return self.verb(shelf.restore)

    @action(detail=True, methods=["post"])
    def merge(self, request, pk):
        """Book that another spool is the same reel: what it gave is booked here, and it is removed.

        Its labels and tags lead to this spool from then on.
        """
        spool = self.get_object()
        values = self.get_validated_data(spool)
        done = self.call(merging.merge, spool, **values)
        merge, is_dry_run = MergeSerializer(done).data, values.get("dry_run", False)
        return self.row_response(spool, merge=merge, dry_run=is_dry_run)

    @action(detail=True, methods=["post"])
    def unmerge(self, request, pk):
        """Take back that this spool was merged into another: both are as before."""
        return self.verb(merging.unmerge)

    def _booked(self, verb):
        spool = reference(Spool, self.kwargs["pk"])
        values = self.get_validated_data(spool)
        with or_404(spool, UnknownSpool):
            entry = self.call(verb, spool, **values)
        # The locked spool, as it was written: others wait for it while it is answered.
        return self.represented(entry.spool, entry=represent(InventoryTransactionSerializer, entry))


class SpoolEventViewSet(Nested, ReadViewSet):
    """What happened to one spool and moved no grams: moved, loaded, opened, dried, archived."""

    help_topic = "api#spools"
    queryset = SpoolEvent.objects.order_by("pk")
    serializer_class = SpoolEventSerializer
    filterset_class = filters.SpoolEventFilter
    parents, parent = Spool.objects.all(), "spool"
    search_fields = ["before", "after"]
    ordering_fields = ["id", "at", "verb"]

    def with_related(self, rows):
        return rows.select_related("spool", "by")
