"""Spools, weighed while a run may print from them; and decoding of scans."""

from rest_framework.decorators import action
from rest_framework.response import Response

from inventory.api import spools
from inventory.models import Spool
from inventory.serializers.ledger import InventoryTransactionSerializer
from inventory.services.locking import UnknownSpool
from production.serializers.spools import (
    SavedForSerializer,
    ScanBody,
    ScanSerializer,
    WeighedSpool,
    WeighInUseBody,
)
from production.services import scanning
from production.services.printing import weighing
from tenants.api.fast_representation import represent
from tenants.api.finding import or_404, reference
from tenants.api.views import BaseViewSet


class SpoolInUseViewSet(spools.SpoolViewSet):
    """Spools. POST receives one; its grams move through the verbs and the production runs."""

    bodies = {**spools.SpoolViewSet.bodies, "weigh": WeighInUseBody}
    answers = {**spools.SpoolViewSet.answers, "weigh": WeighedSpool}

    @action(detail=True, methods=["post"])
    def weigh(self, request, pk):
        """Enter what the scale shows: a count.

        While a run prints from the spool, the weight is saved for its completion instead, unless
        ``as_count`` asks for a count.
        """
        spool = reference(Spool, pk)
        values = self.get_validated_data(spool)
        with or_404(spool, UnknownSpool):
            done = self.call(weighing.weigh, spool, **values)
        entry = done.entry and represent(InventoryTransactionSerializer, done.entry)
        saved_for = done.line and SavedForSerializer(done.line).data
        more = {"entry": entry, "saved_for": saved_for}
        if done.entry is None:
            return self.row_response(spool, **more)
        return self.represented(done.entry.spool, **more)


class ScanViewSet(BaseViewSet):
    """What was scanned: our labels, the maker's barcode, Spoolman's codes."""

    help_topic = "api#scan"
    queryset = Spool.objects.all()
    serializer_class = ScanSerializer
    bodies = {"create": ScanBody}
    answers = {"create": {200: ScanSerializer}}
    permissions = {"create": "view"}
    pagination_class = None

    def get_view_name(self):
        return "Scan"

    def create(self, request):
        """Look up a scanned or typed text in this farm.

        Nothing is written. A label of another farm is unknown here.
        """
        scan = scanning.decode(self.get_validated_data()["text"])
        return Response(ScanSerializer(scan).data)
