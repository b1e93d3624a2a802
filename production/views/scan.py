"""From a label, or from what was typed, to the page it is about."""

from urllib.parse import urlencode

from django.http import Http404, HttpResponseRedirect
from django.urls import reverse

from inventory import codes
from inventory.models import Spool
from production.services import scanning
from production.views.floor import FloorView

SHOWN = 8
PAGES = {"spool": "floor-spool", "printer": "floor-printer", "run": "floor-run"}


class LabelView(FloorView):
    """What the QR code of a label leads to."""

    sees = "inventory.view_spool"

    def get(self, request, what, code):
        scan = scanning.decode(f"/{what}/{code}")
        if not scan.rows:
            raise Http404(scan.detail)
        return HttpResponseRedirect(page_of(scan))


class FindView(FloorView):
    """Whatever is scanned or typed: a label or the start of its code, the number of a run, the
    barcode of a maker."""

    template_name = "production/floor/find.html"
    sees = "inventory.view_spool"

    def get(self, request):
        text = request.GET.get("code", "")[:300].replace("\0", "").strip()
        if not text:
            return self.page(text="")
        scan = scanning.decode(text)
        if len(scan.rows) == 1 and scan.kind in PAGES:
            return HttpResponseRedirect(page_of(scan))
        found = {"filaments": scan.rows, "spools": [] if scan.rows else _beginning(text)}
        is_found = any(found.values())
        missing = "" if is_found else scan.detail
        return self.page(
            text=text, scan=scan, missing=missing, status=200 if is_found else 404, **found
        )


def page_of(scan, **asked):
    """The address of the page that a Scan of one row leads to."""
    address = reverse(PAGES[scan.kind], args=[scan.rows[0].pk])
    return f"{address}?{urlencode(asked)}" if asked else address


def _beginning(text):
    code = codes.normalise(text.rstrip("/").rpartition("/")[2])
    if len(code) < 2:
        return []
    found = Spool.objects.on_shelf().with_filament().filter(code__startswith=code)
    return list(found.order_by("code")[:SHOWN])
