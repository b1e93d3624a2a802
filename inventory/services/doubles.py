"""Spools and filaments that were merged into another: nothing is done to them any more."""

from django.db import connection
from django.utils.translation import gettext as _

from inventory.models import Filament
from tenants.operations.refusals import Refusal

# Who asks for the same one does not wait for another, but a merge does for both.
SHARED = """
SELECT id, merged_into_id FROM inventory_filament WHERE id = ANY(%s) ORDER BY id FOR SHARE
"""


class SpoolMerged(Refusal):
    code = "spool_merged"
    title = "The spool was merged into another"


class FilamentMerged(Refusal):
    code = "filament_merged"
    title = "The filament was merged into another"


def require_not_merged(spool):
    """Raises SpoolMerged."""
    if spool.merged_into_id is not None:
        names = {"spool": spool.code, "target": spool.merged_into.code}
        raise SpoolMerged(
            _(
                "Spool %(spool)s is the same reel as %(target)s, and was merged into it: take the "
                "merge back first."
            )
            % names,
            spool_id=spool.pk,
            merged_into_id=spool.merged_into_id,
        )


def require_filament_not_merged(filament):
    """Raises FilamentMerged."""
    if filament.merged_into_id is not None:
        names = {"filament": filament, "target": filament.merged_into}
        raise FilamentMerged(
            _("%(filament)s was merged into %(target)s: take the merge back first.") % names,
            filament_id=filament.pk,
            merged_into_id=filament.merged_into_id,
        )


def present(filament):
    """The filament, fresh and locked, so that it is not merged before the transaction ends; of a
    double, the one that it was merged into. It comes before the lock of a spool."""
    rows = Filament.objects.with_makers().select_for_update(no_key=True, of=("self",))
    fresh = rows.get(pk=filament.pk)
    return fresh if fresh.merged_into_id is None else rows.get(pk=fresh.merged_into_id)


def wanted_now(filaments):
    """What asks for these filaments is to ask for: ``{id: filament}``, each itself, or the one that
    it was merged into. None of them is merged before the transaction ends; before locks of runs and
    spools."""
    wanted = {filament.pk: filament for filament in filaments}
    merged = {pk: target for pk, target in _shared(wanted) if target is not None}
    if merged:
        _shared(merged.values())
        rows = Filament.objects.with_makers().in_bulk(merged.values())
        wanted |= {pk: rows[target] for pk, target in merged.items()}
    return wanted


def _shared(ids):
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(SHARED, [list(ids)])
        return cursor.fetchall()
