"""Spools, locked in the order of their ids."""

from django.utils.translation import gettext as _

from inventory.models import Spool
from tenants.operations.compiled import IDS, IsOneOf, compiled
from tenants.operations.refusals import Refusal


class UnknownSpool(Refusal):
    code = "unknown_spool"
    status = 400
    title = "There is no such spool"


def locked(spool_ids):
    ids = {pk for pk in spool_ids if pk is not None}
    if not ids:
        return {}
    found = {spool.pk: spool for spool in _with_ids(ids=list(ids))}
    if missing := sorted(ids - found.keys()):
        raise UnknownSpool(
            _("No spool with id %(missing)s.") % {"missing": ", ".join(map(str, missing))},
            errors={"spool": [_("There is no spool %(pk)s.") % {"pk": pk} for pk in missing]},
        )
    return found


@compiled(ids=IDS)
def _with_ids(ids):
    return (
        Spool.objects.filter(IsOneOf("pk", ids))
        .with_filament()
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )
