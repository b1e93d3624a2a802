"""Locations as clients of the printers' API know them: by their names."""

from django.db.models import F
from django.utils import timezone

from inventory.models import Location, Spool, SpoolEvent
from tenants.accounts import audited
from tenants.operations.operation import operation
from tenants.operations.refusals import Duplicate
from tenants.operations.text import one_line


def named(name, *, by):
    """The Location that is called so, in any case; a new one, if there is none. Raises Invalid."""
    rows = Location.objects.filter(name__iexact=one_line(name))
    if found := rows.first():
        return found
    try:
        return audited.create(Location, by=by, name=name)
    except Duplicate:  # somebody else made it at this moment
        return rows.get()


@operation("location.rename_all")
def rename_all(name, *, new_name, by, at=None):
    """Put all spools that are at the Location of this very ``name``, archived ones too, at the one
    called ``new_name``, which is made where there is none; returns how many. Raises Invalid."""
    at = at or timezone.now()
    before = Location.objects.filter(name=name).first()
    if before is None:
        return 0
    after = named(new_name, by=by)
    if after.pk == before.pk:  # in another case
        audited.update(before, by=by, name=new_name)
        return before.spools.present().count()
    spools = Spool.objects.present().filter(location=before).order_by("pk")
    ids = list(spools.select_for_update(no_key=True).values_list("pk", flat=True))
    Spool.objects.filter(pk__in=ids).update(location=after, version=F("version") + 1)
    moved = {"verb": SpoolEvent.Verb.MOVED, "before": str(before), "after": str(after)}
    SpoolEvent.objects.bulk_create(SpoolEvent(spool_id=pk, by=by, at=at, **moved) for pk in ids)
    return len(ids)
