"""Whatever a scanner reads."""

from rest_framework.response import Response

from inventory.models import Spool
from production.serializers.scan import ScanBody, ScanSerializer
from production.services import scanning
from tenants.api.views import BaseViewSet


class ScanViewSet(BaseViewSet):
    """What was scanned: our labels, the maker's barcode, Spoolman's codes."""

    queryset = Spool.objects.all()
    serializer_class = ScanSerializer
    bodies = {"create": ScanBody}
    answers = {"create": {200: ScanSerializer}}
    permissions = {"create": "view"}
    pagination_class = None

    def get_view_name(self):
        return "Scan"

    def create(self, request):
        """Say what a scanned or typed text is in this farm, and where it leads.

        Nothing is written. A label of another farm is not known here, as one of nobody's.
        """
        scan = scanning.decode(self.get_validated_data()["text"])
        return Response(ScanSerializer(scan).data)
