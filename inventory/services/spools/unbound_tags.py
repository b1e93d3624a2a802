"""Tags that a device read and that are on no spool: they make none, but are offered to those that
may be meant."""

from django.db.models import Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from inventory.models import Spool, UnboundTag
from inventory.services.spools import tags
from tenants.operations.operation import operation

OFFERED = 5  # of a filament
OLDEST_FIRST = ("received_on", "pk")


def makes_spools(token):
    """Whether a tag that the device of this token does not know makes a spool."""
    return token is None or token.kind not in ("bridge", "reader") or token.makes_spools


def candidates(filaments):
    """``{id of a filament: the oldest sealed spools of it that have no tag}``, in one query."""
    spools = Spool.objects.present().on_shelf().sealed().holding().with_filament()
    place = Window(RowNumber(), partition_by="filament", order_by=OLDEST_FIRST)
    spools = spools.filter(filament__in=filaments, tags=None).annotate(place=place)
    found = {}
    for spool in spools.filter(place__lte=OFFERED).order_by(*OLDEST_FIRST):
        found.setdefault(spool.filament_id, []).append(spool)
    return found


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
