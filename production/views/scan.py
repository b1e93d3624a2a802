"""Redirects from a label or typed text to its page."""

from urllib.parse import urlencode

from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from inventory import codes
from inventory.models import Filament, Spool
from production.models import Printer, Product, ProductionRun
from production.services import scanning
from production.views.floor import IS_ID, FloorView

MAX_ROWS = 8
PAGES = {"spool": "floor-spool", "printer": "floor-printer", "run": "floor-run"}
ADMIN_PAGES = {
    "spool": "admin:inventory_spool_change",
    "printer": "admin:production_printer_change",
    "run": "admin:production_productionrun_change",
}
PAGES_BY_NUMBER = {Spool: "floor-spool", Filament: "admin:inventory_filament_change"}
LISTS = (ProductionRun, Product, Printer, Spool, Filament)  # that words are found in


class LabelView(FloorView):
    """What the QR code of a label leads to."""

    permission_required = "inventory.view_spool"

    def get(self, request, what, code):
        scan = scanning.decode(f"/{what}/{code}")
        if not scan.rows:
            raise Http404(scan.detail)
        return HttpResponseRedirect(page_of(scan))


class NumberView(FloorView):
    """What the QR code of a label by Spoolman leads to."""

    permission_required = "inventory.view_spool"
    model = None

    def get(self, request, number):
        row = self.model.objects.present().filter(number=number).first()
        if row is None:
            message = _("There is no %(kind)s with the number %(number)s.")
            names = {"kind": self.model._meta.verbose_name, "number": number}
            raise Http404(message % names)
        return HttpResponseRedirect(reverse(PAGES_BY_NUMBER[self.model], args=[row.pk]))


class FindView(FloorView):
    """A label or the start of its code, the number of a run, or a barcode; ``in=admin`` leads to
    the pages of the admin."""

    help_topic = "floor#scanning"
    template_name = "production/floor/find.html"
    permission_required = "inventory.view_spool"

    def get(self, request):
        text = request.GET.get("code", "")[:300].replace("\0", "").strip()
        if not text:
            return self.render_page(text="")
        scan = scanning.decode(text)
        if len(scan.rows) == 1 and scan.kind in PAGES:
            if request.GET.get("in") == "admin":
                return HttpResponseRedirect(page_of(scan, ADMIN_PAGES))
            return HttpResponseRedirect(self._loading(scan) or page_of(scan))
        found = {"filaments": scan.rows, "spools": [] if scan.rows else _beginning(text)}
        is_found = any(found.values())
        missing = {} if is_found else {"missing": scan.detail, "lists": self._lists()}
        return self.render_page(
            text=text, scan=scan, status=200 if is_found else 404, **found, **missing
        )

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

    def _loading(self, scan):
        """The page to load a spool that was scanned on a printer's page, or the reverse."""
        other = {"spool": "printer", "printer": "spool"}.get(scan.kind)
        seen = self.request.GET.get(other or "", "")
        if not IS_ID.fullmatch(seen) or not self.request.user.has_perm("inventory.load_spool"):
            return None
        ids = {scan.kind: scan.rows[0].pk, other: int(seen)}
        address = reverse("floor-load", args=[ids["spool"]])
        return f"{address}?{urlencode({'printer': ids['printer']})}"


def page_of(scan, pages=PAGES):
    """The address of the page that a Scan of one row leads to."""
    return reverse(pages[scan.kind], args=[scan.rows[0].pk])


def _beginning(text):
    code = codes.normalise(text.rstrip("/").rpartition("/")[2])
    if len(code) < 2:
        return []
    found = Spool.objects.on_shelf().with_filament().filter(code__startswith=code)
    return list(found.order_by("code")[:MAX_ROWS])
