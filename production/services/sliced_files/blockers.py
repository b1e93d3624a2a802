"""What keeps a run of a sliced file from starting, before it is planned: said as
`production.services.reports.demand` says it of planned runs, with the same codes."""

from django.utils.translation import gettext as _

from inventory.services.held_spools import SpoolHeld
from inventory.services.ledger import InsufficientInventory, SpoolArchived
from production.models import ProductionRun, RunMaterial
from production.services.reports.demand import Blocker
from production.services.requirements import claims, limits, readiness
from tenants.operations.text import format_number


def of_slot(search, spool, printer):
    """The Blockers of a slot with the spool that is chosen for it, or None."""
    kind, slot = search.material_type, {"slot": search.wanted.slot}
    if kind is None and search.wanted.material:
        names = {"material": search.wanted.material}
        detail = _("The farm has no material type “%(material)s”.") % names
        yield Blocker("unknown_material", detail, slot | names)
    if spool is None:
        yield from _without_spool(search, slot)
    else:
        yield from _of_spool(search, spool, slot)
    if printer and (spool or kind):
        yield from _of_limits(kind, spool, printer, slot)


def _without_spool(search, slot):
    wanted = search.material_type or search.wanted.material or _("an unknown material")
    figures, texts = slot | {"wanted": str(wanted)}, {"wanted": wanted}
    if search.needed is None:
        detail = _("No spool yet for %(wanted)s.") % texts
        yield Blocker(readiness.SpoolsMissing.code, detail, figures)
        return
    figures["needed_grams"], texts["needed"] = search.needed, format_number(search.needed)
    detail = _("No spool yet for %(needed)s g of %(wanted)s.") % texts
    yield Blocker(readiness.SpoolsMissing.code, detail, figures)
    if search.in_all < search.needed:
        missing = {"missing_grams": search.needed - search.in_all}
        figures |= {"available_grams": search.in_all, **missing}
        detail = _("%(needed)s g of %(wanted)s are wanted, %(available)s g are available.")
        detail %= texts | {"available": format_number(search.in_all)}
        yield Blocker("stock_insufficient", detail, figures)


def _of_spool(search, spool, slot):
    subject = slot | {"spool_id": spool.pk, "spool_code": spool.code}
    if spool.is_archived:
        detail = _("Spool %(spool)s is archived.") % {"spool": spool.code}
        yield Blocker(SpoolArchived.code, detail, subject)
    if spool.is_held:
        detail = _("Spool %(spool)s is held: its page says why.") % {"spool": spool.code}
        yield Blocker(SpoolHeld.code, detail, subject)
    line = RunMaterial(material_type=search.material_type)
    if search.material_type and not claims.matches(line, spool):
        wanted = str(search.material_type)
        detail = _("Spool %(spool)s holds %(filament)s, the file wants %(wanted)s.")
        detail %= {"spool": spool.code, "filament": spool.filament, "wanted": wanted}
        yield Blocker(claims.IncompatibleSpool.code, detail, subject | {"wanted": wanted})
    candidate = search.candidates[spool.pk]
    if candidate.printing is not None:
        names = {"printer": str(candidate.printing), "spool": spool.code}
        detail = _("%(printer)s prints from spool %(spool)s now.") % names
        yield Blocker("printing_elsewhere", detail, subject | {"printer": names["printer"]})
    if not candidate.is_enough and not candidate.follows:
        available = candidate.row.available
        missing = candidate.needed - available
        figures = {"needed_grams": candidate.needed, "available_grams": available}
        detail = _("Spool %(spool)s is %(missing)s g short of what the file takes.")
        detail %= {"spool": spool.code, "missing": format_number(missing)}
        numbers = subject | figures | {"missing_grams": missing}
        yield Blocker(InsufficientInventory.code, detail, numbers)


def _of_limits(kind, spool, printer, slot):
    run, line = ProductionRun(printer=printer), RunMaterial(material_type=kind, spool=spool)
    spools = {spool.pk: spool} if spool else {}
    for place, detail in limits.exceeded(run, [], [line], spools):
        yield Blocker(limits.LimitExceeded.code, detail, slot | {"field": place})
