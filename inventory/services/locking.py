"""Spools, locked in the order of their ids."""

from django.utils.translation import gettext as _

from inventory.models import Spool
from tenants.operations.compiled import ID, IDS, IsOneOf, compiled
from tenants.operations.refusals import Refusal


class UnknownSpool(Refusal):
    code = "unknown_spool"
    status = 400
    title = "There is no such spool"


def locked(spool_ids):
    ids = {pk for pk in spool_ids if pk is not None}
    if not ids:
        return {}
    some = _with_id(pk=min(ids)) if len(ids) == 1 else _with_ids(ids=list(ids))
    found = {spool.pk: spool for spool in some}
    if missing := sorted(ids - found.keys()):
        raise UnknownSpool(
            _("No spool with id %(missing)s.") % {"missing": ", ".join(map(str, missing))},
            errors={"spool": [_("There is no spool %(pk)s.") % {"pk": pk} for pk in missing]},
        )
    return found


@compiled(ids=IDS)
def _with_ids(ids):
    return _to_lock().filter(IsOneOf("pk", ids))


@compiled(pk=ID)
def _with_id(pk):
    """Planned once. As a plan for any array is one for ten rows, PostgreSQL plans for each anew."""
    return _to_lock().filter(pk=pk)


def _to_lock():
    spools = Spool.objects.with_filament().order_by("pk")
    return spools.select_for_update(no_key=True, of=("self",))
