"""Spools that were merged into another: nothing is done to them any more."""

from django.utils.translation import gettext as _

from tenants.operations.refusals import Refusal


class SpoolMerged(Refusal):
    code = "spool_merged"
    title = "The spool was merged into another"


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
