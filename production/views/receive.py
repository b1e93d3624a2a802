"""Receiving spools on the floor."""

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import ngettext

from inventory.models import Filament, Spool, UnboundTag
from inventory.services import receiving, scanning
from production.forms.spools import FloorReceiveForm
from production.views.floor import FloorView, VerbView
from tenants.accounts.models import FarmSettings
from tenants.operations.searching import TooManyWords, words_in

MAX_ROWS = 20
LOOKED_AT = 100  # spools, for the filaments that came last
RECEIVE_SPOOL = "inventory.receive_spool"


class ChooseView(FloorView):
    """Choose the filament: by its barcode, by words, or of those received last."""

    help_topic = "floor#receiving-a-case"
    template_name = "production/floor/receive.html"
    permission_required = RECEIVE_SPOOL

    def get(self, request):
        text = request.GET.get("q", "")[:300].replace("\0", "").strip()
        has_tags = not text and UnboundTag.objects.unbound().exists()
        try:
            found = _found(text) if text else {"filaments": _lately()}
        except TooManyWords as refusal:
            return self.render_page(status=400, text=text, refused=refusal.detail)
        return self.render_page(text=text, has_tags=has_tags, **found)


class ReceiveView(VerbView):
    help_topic = "floor#receiving-a-case"
    template_name = "production/floor/receive_filament.html"
    permission_required = verb_permission = RECEIVE_SPOOL
    form_class = FloorReceiveForm

    def get_context_data(self):
        return {"filament": self.subject, "currency": FarmSettings.load().currency}

    def perform(self, form):
        self.received = receiving.receive_many(by=form.by, **form.service_kwargs())
        return ngettext(
            "%(count)d spool is on the shelf.",
            "%(count)d spools are on the shelf.",
            len(self.received),
        ) % {"count": len(self.received)}

    def get_success_url(self):
        ids = ",".join(str(spool.pk) for spool in self.received)
        return f"{reverse('floor-received')}?ids={ids}"

    @cached_property
    def subject(self):
        return get_object_or_404(Filament.objects.active().with_makers(), pk=self.kwargs["pk"])


class ReceivedView(FloorView):
    """The spools of a delivery, and their labels to print."""

    help_topic = "floor#receiving-a-case"
    template_name = "production/floor/received.html"
    permission_required = "inventory.view_spool"

    def get_context_data(self):
        given = self.request.GET.get("ids", "")[:4000].split(",")
        ids = [int(each) for each in given if each.isascii() and each.isdigit() and len(each) < 19]
        spools = Spool.objects.with_filament().filter(pk__in=ids[: receiving.MAX_AT_ONCE])
        return {"spools": spools.order_by("pk")}


def _found(text):
    symbol = scanning.read(text)
    if symbol.kind == "gtin":
        return {"filaments": scanning.of_gtin(symbol.code)[:MAX_ROWS], "gtin": symbol}
    rows = Filament.objects.active().with_makers()
    for word in words_in(text, field="q"):
        rows = rows.matching(word)
    filaments = list(rows.order_by("name", "pk")[: MAX_ROWS + 1])
    return {"filaments": filaments[:MAX_ROWS], "has_more": len(filaments) > MAX_ROWS}


def _lately():
    """Those of the spools received last, the newest first."""
    newest = Spool.objects.order_by("-pk").values_list("filament_id", flat=True)[:LOOKED_AT]
    ids = dict.fromkeys(newest)
    filaments = Filament.objects.active().with_makers().in_bulk(ids)
    return [filaments[pk] for pk in ids if pk in filaments][:MAX_ROWS]
