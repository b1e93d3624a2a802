"""Spools with their slot and their reservations, weighed while a run may print from them."""

import re
from dataclasses import replace

from django.db.models import Case, Prefetch, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.admin.spools import SpoolAdmin
from inventory.models import Spool
from inventory.services.spools.preview import preview
from production.admin import formatting
from production.admin.moving import MovingPages
from production.forms.unloading import UnloadForm
from production.models import PrinterSlot, ProductionRun, RunMaterial
from production.services.printing import slots, weighing
from production.services.reports import demand
from production.services.requirements import fitting_spools
from production.services.undo import receipts
from tenants.site.site import farm_site
from tenants.site.verbs import VerbAction

LAST = 10
MOST_RANKED = 20  # of the spools that fit a material
NUMBER = re.compile("[0-9]{1,18}")


def _undo_receipt(spool, *, by):
    return receipts.undo_receipt(spool.transactions.get(kind="receipt"), by=by)


UNDO_RECEIPT = VerbAction(
    name="undo_receipt",
    label="Undo the receipt",
    service=_undo_receipt,
    permission="inventory.undo_spool",
    is_possible=receipts.may_be_undone,
    description="All spools that were received or imported together leave the book and the shelf, "
    "and their labels are blank again; while nothing was done to any of them.",
    success_message="The spools received with %(row)s are off the shelf.",
    tone="stop",
)


def _unload(spool, *, by, **given):
    slot = _slot_of(spool)
    if slot is None:
        raise slots.SlotEmpty(_("Spool %(spool)s is in no printer.") % {"spool": spool.code})
    return slots.unload(slot, by=by, **given)


def _slot_of(spool):
    return PrinterSlot.objects.filter(spool=spool).select_related("printer").first()


UNLOAD = VerbAction(
    name="unload",
    label=gettext_lazy("Unload"),
    service=_unload,
    permission="inventory.unload_spool",
    form=UnloadForm,
    is_possible=lambda spool: _slot_of(spool) is not None,
    description=gettext_lazy(
        "The spool comes out of its printer. What is left empty stays as it is noted."
    ),
    success_message=gettext_lazy("Spool %(row)s is out of its printer."),
)


class SpoolInUseAdmin(MovingPages, SpoolAdmin):
    preview_template = "production/_spool_preview.html"
    verbs = tuple(
        replace(verb, service=weighing.weigh) if verb.name == "weigh" else verb
        for verb in SpoolAdmin.verbs
    ) + (UNLOAD, UNDO_RECEIPT)

    def preview(self, row, verb, values, by):
        if verb is not UNDO_RECEIPT:
            return super().preview(row, verb, values, by)
        return preview(lambda: verb.service(row, by=by), receipts.together_with(row))

    def search(self, request, queryset, search_term):
        found, may_have_duplicates = super().search(request, queryset, search_term)
        line = _line_of(request)
        return (_best_first(found, line) if line else found), may_have_duplicates

    def suggestion(self, spool):
        """For a material of a run the reasons for the spool, as the floor has them."""
        more = super().suggestion(spool)
        return more | {"note": spool.reasons} if getattr(spool, "reasons", "") else more

    def page(self, spool):
        return {**super().page(spool), "claims": _claims(spool), "slot": _slot_of(spool)}


def _line_of(request):
    """The material of an open run that an autocomplete is asked for; None for any other."""
    text = request.GET.get("row", "")
    is_autocomplete = request.path.endswith("/autocomplete/") and NUMBER.fullmatch(text)
    if not is_autocomplete or not request.user.has_perm("production.view_productionrun"):
        return None
    lines = RunMaterial.objects.select_related("run", "filament", "spool")
    return lines.filter(pk=int(text), run__deleted_at=None).first()


def _best_first(spools, line):
    """What fits the line first, the best before all, with its reasons; then the others."""
    is_swapped = line.run.status == ProductionRun.Status.IN_PROGRESS and line.spool_id is not None
    how = {"most": MOST_RANKED, "is_swapped": is_swapped}
    fitting = fitting_spools.of_lines(line.run, [line], **how)[line.pk]
    if not fitting:
        return spools
    places = [When(pk=each.spool.pk, then=place) for place, each in enumerate(fitting)]
    reasons = [
        When(pk=each.spool.pk, then=Value(" ".join(reason.detail for reason in each.reasons)))
        for each in fitting
    ]
    ranked = spools.annotate(
        place=Case(*places, default=len(fitting)), reasons=Case(*reasons, default=Value(""))
    )
    return ranked.order_by("place", "-available", "pk")


def _claims(spool):
    lines = RunMaterial.objects.filter(spool=spool, run__deleted_at=None).with_taken()
    runs = ProductionRun.objects.select_related("printer").with_contents()
    newest = lines.prefetch_related(Prefetch("run", runs)).order_by("-run__scheduled_at", "-pk")[
        :LAST
    ]
    runs = [line.run for line in newest]
    blockers = demand.blockers(runs)
    links = [
        (formatting.badge(run, blockers[run.pk]), formatting.contents_link(run)) for run in runs
    ]
    return [(line, *link) for line, link in zip(newest, links, strict=True)]


farm_site.register(Spool, SpoolInUseAdmin)
