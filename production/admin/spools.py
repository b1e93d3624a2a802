"""Spools with their slot and their reservations, weighed while a run may print from them."""

from dataclasses import replace

from inventory.admin.spools import SpoolAdmin
from inventory.models import Spool
from production.admin import words
from production.models import PrinterSlot, RunMaterial
from production.services.printing import weighing
from tenants.site.site import farm_site

LAST = 10


class SpoolInUseAdmin(SpoolAdmin):
    preview_template = "production/_spool_preview.html"
    verbs = tuple(
        replace(verb, service=weighing.weigh) if verb.name == "weigh" else verb
        for verb in SpoolAdmin.verbs
    )

    def page(self, spool):
        slot = PrinterSlot.objects.filter(spool=spool).select_related("printer").first()
        return {**super().page(spool), "claims": _claims(spool), "slot": slot}


def _claims(spool):
    lines = RunMaterial.objects.filter(spool=spool, run__deleted_at=None).with_taken()
    newest = lines.select_related("run__printer").order_by("-run__scheduled_at", "-pk")[:LAST]
    return [(line, words.badge(line.run), words.run_link(line.run)) for line in newest]


farm_site.register(Spool, SpoolInUseAdmin)
