"""Filaments: added, changed and removed as master data is; a corrected price reports what was
booked at the old one."""

from inventory.models import Filament, Spool
from inventory.services.spools.valuation import revaluation
from tenants.accounts import audited
from tenants.operations import side_effects
from tenants.operations.operation import in_transaction

create, delete = audited.create, audited.delete


def update(filament, /, *, by, **fields):
    """As `audited.update`; reports the Revaluation of its spools without a price of their own."""

    def work():
        before = Filament.objects.get(pk=filament.pk).cost_per_gram  # a form has changed this one
        changed = audited.update(filament, by=by, **fields)
        if before not in (None, changed.cost_per_gram):
            spools = Spool.objects.with_filament().filter(filament=changed, price=None)
            side_effects.report(filter(None, [revaluation(spools)]))
        return changed

    return in_transaction(work)
