"""Filaments: added, changed and removed as master data is; a corrected price reports what was
booked at the old one. Clients of the printers' API take away what has no spools any more."""

from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import Filament, Spool
from inventory.services import doubles, extra_values, removal
from inventory.services.spools.valuation import revaluation
from tenants.accounts import audited
from tenants.operations import side_effects
from tenants.operations.operation import in_transaction, operation
from tenants.operations.refusals import InUse

create, delete = audited.create, audited.delete


def update(filament, /, *, by, **fields):
    """As `audited.update`; reports the Revaluation of its spools without a price of their own.
    ``extra`` is merged by its keys, None takes one out."""

    def work():
        rows = Filament.objects.select_for_update(no_key=True)
        before = rows.get(pk=filament.pk)  # a form has changed this one
        if "extra" in fields:
            fields["extra"] = extra_values.merged(before.extra, fields["extra"])
        cost = before.cost_per_gram
        changed = audited.update(filament, by=by, **fields)
        if cost not in (None, changed.cost_per_gram):
            spools = Spool.objects.with_filament().filter(filament=changed, price=None)
            side_effects.report(filter(None, [revaluation(spools)]))
        return changed

    return in_transaction(work)


@operation("filament.remove")
def remove(filament, *, by, at=None):
    """Take a filament out of all lists; returns it. Its removed spools keep it. Raises InUse where
    it has others, or a product or a run names it; AlreadyRemoved."""
    fresh = removal.locked(filament)
    names = {
        _("spools"): fresh.spools.present(),
        _("products"): fresh.bom_lines.all(),
        _("runs"): fresh.run_materials.all(),
    }
    if users := [name for name, rows in names.items() if rows.exists()]:
        message = _("%(filament)s is still used by %(users)s.")
        raise InUse(message % {"filament": fresh, "users": ", ".join(users)})
    return removal.remove(fresh, by=by, at=at or timezone.now())


@operation("filament.restore")
def restore(filament, *, by, at=None):
    """Put a removed filament into the lists again; returns it. Raises NotRemoved,
    FilamentMerged."""
    doubles.require_filament_not_merged(Filament.objects.get(pk=filament.pk))
    return removal.restore(filament, by=by, at=at)
