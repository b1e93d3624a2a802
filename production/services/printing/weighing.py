"""Weighing a spool that may be on a printer at the moment."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from inventory.models import InventoryTransaction
from inventory.services.spools import scale
from production.models import RunMaterial
from production.services.completion.actuals import MaterialActual
from production.services.printing import midprint
from tenants.operations.compiled import ID, compiled
from tenants.operations.operation import operation, whole_transaction
from tenants.operations.refusals import Refusal


class SpoolInSeveralRuns(Refusal):
    code = "spool_in_several_runs"
    title = "Several runs in progress draw from this spool"


@dataclass(frozen=True, kw_only=True)
class Weighing:
    """Where a weight went: to the ledger as a count, or to the line of a run in progress."""

    entry: InventoryTransaction | None = None
    line: RunMaterial | None = None


@operation("spool.weigh_in_use")
def weigh(spool, *, gross_grams, by, as_count=False, **given):
    """Weigh a spool; returns a Weighing.

    While one run in progress draws from it, the weight is saved as that line's gross after, and is
    booked when the run is completed; otherwise, or with ``as_count``, it is a count. ``given`` is
    as for `inventory.services.spools.scale.weigh`, which this raises as. Raises SpoolInSeveralRuns.
    """
    lines = [] if as_count else _drawing(spool=spool.pk)
    if not lines:
        with whole_transaction():
            return Weighing(entry=scale.weigh(spool, gross_grams=gross_grams, by=by, **given))
    if len(lines) > 1:
        numbers = ", ".join(line.run.number for line in lines)
        raise SpoolInSeveralRuns(
            _(
                "Runs %(numbers)s draw from spool %(spool)s: complete them, or have the spool "
                "counted whatever prints from it."
            )
            % {"numbers": numbers, "spool": spool.code},
            spool_id=spool.pk,
            run_ids=[line.run_id for line in lines],
        )
    if not given.get("confirm"):
        scale.require_possible(spool, gross_grams)
    line = lines[0]
    actual = MaterialActual(
        line=line.pk, gross_before_grams=line.gross_before_grams, gross_after_grams=gross_grams
    )
    midprint.save_actuals(line.run, by=by, at=given.get("at"), materials=[actual])
    line.refresh_from_db()
    return Weighing(line=line)


@compiled(spool=ID)
def _drawing(spool):
    lines = RunMaterial.objects.drawing().filter(spool=spool)
    return lines.select_related("run").order_by("pk")
