"""Tags that a device read and that are on no spool: they make none, but are offered to those that
may be meant."""

from django.utils import timezone

from inventory.models import Spool, UnboundTag
from inventory.services.spools import tags
from tenants.operations.operation import operation

OFFERED = 5


def makes_spools(token):
    """Whether a tag that the device of this token does not know makes a spool."""
    return token is None or token.kind not in ("bridge", "reader") or token.makes_spools


def candidates(filament):
    """The oldest sealed spools of a filament that have no tag."""
    spools = Spool.objects.present().on_shelf().sealed().filter(filament=filament, tags=None)
    spools = spools.filter(remaining_grams__gt=0).with_filament()
    return list(spools.order_by("received_on", "pk")[:OFFERED])


@operation("tag.note")
def note(uid, *, filament, extra, token, at=None):
    """Remember that a device read a tag on a reel of the filament; returns the UnboundTag."""
    values = {"filament": filament, "extra": extra, "token": token, "seen_at": at or timezone.now()}
    return UnboundTag.objects.update_or_create(uid=uid, defaults=values)[0]


@operation("spool.bind_unbound_tag")
def bind(spool, *, tag, by, at=None):
    """Put an UnboundTag on the spool, with the extra values by which its device finds it; returns
    the SpoolTag. Raises Duplicate, SpoolRemoved."""
    bound = tags.bind(spool, uid=tag.uid, by=by, at=at)
    tags.describe(bound.spool, extra=tag.extra, by=by, at=at)
    UnboundTag.objects.filter(pk=tag.pk).delete()
    return bound
