"""Whether a device hears what changes here: it reports nothing while its websocket is down."""

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from tenants.accounts.models import SocketProcess, TokenSocket
from tenants.operations.compiled import ID, MOMENT, compiled


@compiled(token=ID, moment=MOMENT, seen_after=MOMENT)
def _lost(token, moment, seen_after):
    """Its row, where a socket of it was lost, or the first one opened, since the moment."""
    process = SocketProcess.objects.filter(pk=OuterRef("process"), seen_at__gt=seen_after)
    changed = Q(up_since=None) | Q(up_since__gt=moment) | Q(down_at__gte=moment)
    return TokenSocket.objects.filter(changed, Exists(process), token=token).order_by()


def was_up_since(token, moment):
    """Whether a websocket of the DeviceToken was up all the while since the moment; True where that
    is not known, as it never had one, or no process holds websockets here."""
    seen_after = timezone.now() - SocketProcess.LASTS
    return _lost.first(token=token.pk, moment=moment, seen_after=seen_after) is None
