"""Pages that show what others change, without being loaded again."""

from django.core.exceptions import PermissionDenied

from tenants.web import printer_checks, websockets
from tenants.web.requests import render_refusal


class LiveMixin:
    """A page whose script opens a websocket at the page's own address. It is told that something of
    the ``topics()`` has changed, and reads the page anew."""

    def get_context_data(self):
        return super().get_context_data() | {"is_live": websockets.are_offered()}

    def get(self, request, **kwargs):
        if not websockets.is_handshake(request):
            return super().get(request, **kwargs)
        if printer_checks.is_foreign_page(request):
            raise PermissionDenied
        try:
            return websockets.give_away(request, self.topics(), is_bare=True)
        except websockets.NoLiveEvents as refusal:
            return render_refusal(request, refusal)
