"""Redirects from a label or typed text to its page, and loads by two scans."""

import re
from urllib.parse import quote, urlencode

from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from inventory.models import Filament, Spool
from production.forms.spools import ScanForm
from production.models import Printer, Product, ProductionRun
from production.services import scanning
from production.services.finding import found
from production.services.printing import slots
from production.services.undo import offline_conflicts
from production.views import found_rows
from production.views.floor import ButtonView, FloorView
from tenants.operations.searching import TooManyWords

IS_ADDRESS = re.compile(r"https?:|/", re.IGNORECASE)
PAGES = {
    "spool": "floor-spool",
    "printer": "floor-printer",
    "slot": "floor-slot-load",
    "run": "floor-run",
}
ADMIN_PAGES = {
    "spool": "admin:inventory_spool_change",
    "printer": "admin:production_printer_change",
    "slot": "admin:production_printerslot_change",
    "run": "admin:production_productionrun_change",
}
PAGES_BY_NUMBER = {Spool: "floor-spool", Filament: "admin:inventory_filament_change"}
LISTS = (ProductionRun, Product, Printer, Spool, Filament)  # that words are found in


class LabelView(FloorView):
    """What the QR code of a label leads to."""

    permission_required = "inventory.view_spool"

    def get(self, request, what, code, slot=""):
        scan = scanning.decode(f"/{what}/{code}" + (f"/{quote(slot)}" if slot else ""))
        if not scan.rows:
            raise Http404(scan.detail)
        return HttpResponseRedirect(page_of(scan, request.user))


class NumberView(FloorView):
    """What the QR code of a label by Spoolman leads to."""

    permission_required = "inventory.view_spool"
    model = None

    def get(self, request, number):
        row = self.model.objects.numbered(number).first()
        if row is None:
            message = _("There is no %(kind)s with the number %(number)s.")
            names = {"kind": self.model._meta.verbose_name, "number": number}
            raise Http404(message % names)
        return HttpResponseRedirect(reverse(PAGES_BY_NUMBER[self.model], args=[row.pk]))


class FindView(FloorView):
    """A label, the number of a run or a barcode leads to its page; words show what has them.
    ``in=admin`` leads to the pages of the admin."""

    help_topic = "floor#finding"
    template_name = "production/floor/find.html"
    permission_required = "inventory.view_spool"

    def get(self, request):
        text = request.GET.get("code", "")[:300].replace("\0", "").strip()
        is_admin = request.GET.get("in") == "admin" and request.user.is_staff
        if not text:
            return self.render_page(text="", is_admin=is_admin)
        scan = scanning.decode(text)
        if len(scan.rows) == 1 and scan.kind in PAGES:
            if is_admin:
                address = reverse(ADMIN_PAGES[scan.kind], args=[scan.rows[0].pk])
                return HttpResponseRedirect(address)
            return HttpResponseRedirect(page_of(scan, request.user))
        results = {"filaments": scan.rows} if scan.rows else self._found(text, scan, is_admin)
        status = results.pop("status", 404 if "missing" in results else 200)
        return self.render_page(text=text, scan=scan, is_admin=is_admin, status=status, **results)

    def _found(self, text, scan, is_admin):
        user = self.request.user
        try:
            kinds = found.find(_words_of(text), user=user)
        except TooManyWords as refusal:
            return {"missing": refusal.detail, "status": refusal.status}
        if not kinds:
            return {"missing": scan.detail, "lists": self._lists()}
        return {"found": found_rows.displayed(kinds, text, user=user, is_admin=is_admin)}

    def _lists(self):
        """The lists of the admin that find words, by their names; a PIN opens none."""
        if not self.request.user.is_staff:
            return {}
        every = [model._meta for model in LISTS]
        return {
            opts.verbose_name_plural: reverse(
                f"admin:{opts.app_label}_{opts.model_name}_changelist"
            )
            for opts in every
            if self.request.user.has_perm(f"{opts.app_label}.view_{opts.model_name}")
        }


class ScanView(ButtonView):
    """What is scanned on the page of a spool, a printer or a slot: a spool and a slot, one after
    the other, are a load. Anything else leads to its page."""

    help_topic = "floor#scanning"
    verb_permission = "inventory.load_spool"
    form_class = ScanForm
    location = ""

    def perform(self, form):
        self.location = self._page_seen(form)
        scan = scanning.decode(form.cleaned_data["code"])
        spool, slot, printer = scanning.pair(scan, **form.seen())
        if spool is None:
            self.location = self._found(scan, form.cleaned_data["code"])
        elif slot is None:
            self.location = _address("floor-load", spool.pk, printer=printer.pk)
        elif (line := slots.drawing([slot]).get(slot)) and slot.spool_id != spool.pk:
            self.location = _address("floor-swap", line.run_id, line.pk, spool=spool.code)
        else:
            return self._load(spool, slot, by=form.by)
        return ""

    def get_success_url(self):
        return self.location or reverse("floor-today")

    def _load(self, spool, slot, *, by):
        if self.submitted_at is not None:
            offline_conflicts.require_unmoved(slot, since=self.submitted_at, by=by)
        slot = slots.load(spool, slot=slot, by=by)
        return _("Spool %(code)s is in %(slot)s.") % {"code": spool.code, "slot": slot}

    def _page_seen(self, form):
        seen = form.seen()
        if spool := seen["spool"]:
            return reverse("floor-spool", args=[spool.pk])
        printer = seen["printer"] or (seen["slot"] and seen["slot"].printer)
        return printer and reverse("floor-printer", args=[printer.pk])

    def _found(self, scan, text):
        if len(scan.rows) == 1 and scan.kind in PAGES:
            return page_of(scan, self.request.user)
        return _address("floor-find", code=text)


def page_of(scan, user):
    """The address of the page that a Scan of one row leads to; the one of a slot loads it."""
    row = scan.rows[0]
    if scan.kind == "slot" and not user.has_perm("inventory.load_spool"):
        return reverse("floor-printer", args=[row.printer_id])
    return reverse(PAGES[scan.kind], args=[row.pk])


def _address(name, *args, **query):
    return f"{reverse(name, args=args)}?{urlencode(query)}"


def _words_of(text):
    """Of an address, as labels have it, the last part: the code, perhaps not all of it."""
    return text.rstrip("/").rpartition("/")[2] if IS_ADDRESS.match(text) else text
