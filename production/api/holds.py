"""Holds: placed and released."""

from django.utils.translation import gettext_lazy
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from inventory.models import Hold
from inventory.services import holds
from production.filters.holds import HoldFilter
from production.serializers.holds import (
    HeldInUseSerializer,
    HoldBody,
    HoldReturnBody,
    HoldReturnSerializer,
    HoldSerializer,
    InUseSerializer,
    PlacedHold,
    ReleaseBody,
)
from production.services import held_returns
from production.services.holds import in_use
from tenants.api.views import ReadViewSet


class HoldViewSet(ReadViewSet):
    """Spools that are not to be used, and why. POST places a hold: its spools are not offered, not
    chosen for runs and not started, but by a manager who overrides."""

    help_topic = "holds#placing"
    changed_by = gettext_lazy("A hold is not changed: POST to its release/ ends it.")
    queryset = Hold.objects.all()
    serializer_class = HoldSerializer
    filterset_class = HoldFilter
    bodies = {"create": HoldBody, "release": ReleaseBody, "send_back": HoldReturnBody}
    answers = {
        "create": {201: PlacedHold},
        "release": HoldSerializer,
        "send_back": HoldReturnSerializer,
        "in_use": InUseSerializer,
    }
    permissions = {"in_use": "view", "send_back": "return"}
    search_fields = ["lot_number", "reason", "spool__code", "filament__name", "release_note"]
    ordering_fields = ["id", "placed_at", "released_at"]

    def create(self, request):
        """Hold a spool, a filament, a lot or a delivery. Answers with what of it is in use."""
        hold = self.call(holds.place, **self.get_validated_data())
        return self.row_response(hold, status=status.HTTP_201_CREATED, **_in_use(hold))

    @action(detail=True, methods=["post"])
    def release(self, request, pk):
        """Let the spools be used again, unless another hold covers them: a manager's."""
        return self.verb(holds.release)

    @action(detail=True, methods=["post"], url_path="return")
    def send_back(self, request, pk):
        """Give its spools back to their supplier, but for those in use: a manager's.

        The hold stays open.
        """
        hold = self.get_object()
        values = self.get_validated_data(hold)
        done = self.call(held_returns.return_held, hold, **values)
        answer = {**HoldReturnSerializer(done).data, "dry_run": values.get("dry_run", False)}
        if answer["dry_run"]:
            answer["entries"] = [{**entry, "id": None} for entry in answer["entries"]]
        return Response(answer)

    @action(detail=True, methods=["get"], url_path="in-use")
    def in_use(self, request, pk):
        """What of its spools is in printers and in open runs."""
        return Response(_in_use(self.get_object()))


def _in_use(hold):
    found = HeldInUseSerializer(in_use(hold), many=True).data
    return {"spool_count": hold.spools().count(), "in_use": found}
