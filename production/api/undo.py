"""The user's last action, and its undo."""

from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response

from inventory.models import Spool
from production.api.runs import ProductionRunViewSet
from production.api.spools import SpoolInUseViewSet
from production.models import ProductionRun
from production.serializers.undo import LastSerializer, UndoBody, UndoneSerializer
from production.services.undo import last_action
from tenants.api import SIGNED_IN
from tenants.api.json_rows import read_page, read_row
from tenants.api.views import BaseViewSet


class UndoViewSet(BaseViewSet):
    """What I did last, and how it is undone."""

    help_topic = "api#undo"
    observed_as = "undo.get"
    queryset = Spool.objects.all()
    serializer_class = LastSerializer
    bodies = {"create": UndoBody}
    answers = {"create": {200: UndoneSerializer}}
    permissions = {"show": SIGNED_IN, "create": "undo", "metadata": SIGNED_IN}
    pagination_class = None

    def get_view_name(self):
        return "Undo"

    def show(self, request):
        """Read what I did last, if I can undo it: for 30 minutes, while nothing was done after it.

        Starting and ending a run, its figures and swaps, weighing, loading, unloading,
        receiving.
        """
        return Response(LastSerializer({"undoable": last_action.find(by=request.user)}).data)

    def create(self, request):
        """Undo it: name its ``kind`` and ``event``, so that it is not something else by now.

        The answer is what it was done to, as it is then: the run, or the spools, all those that
        were received together. A manager may undo what others did, and later.
        """
        values = self.get_validated_data()
        permission = "production.undo_productionrun"
        if values["kind"] == "run" and not request.user.has_perm(permission):
            raise PermissionDenied(_("You may not undo a run."))
        run, spools = self.call(last_action.undo_event, **values)
        found = Spool.objects.filter(pk__in=[spool.pk for spool in spools]).order_by("pk")
        if self.request.accepted_renderer.format != "json":
            return Response(UndoneSerializer({"run": run, "spools": found.with_filament()}).data)
        rows, _count = read_page(SpoolInUseViewSet(), found, 0, len(spools))
        if run:
            run = read_row(ProductionRunViewSet(), ProductionRun.objects.all(), run.pk).loaded()
        return Response({"run": run, "spools": rows})
