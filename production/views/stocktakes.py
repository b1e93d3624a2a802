"""Stocktakes on the floor: begun, recorded spool by spool with a scanner, looked over, posted."""

from urllib.parse import urlencode

from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from inventory.models import Location, Spool, Stocktake, StocktakeLine
from production.forms import stocktakes as forms
from production.models import PrinterSlot
from production.services import scanning
from production.services.stocktaking import posting, recording, review, sessions
from production.templatetags.floor import grams, signed_grams
from production.views.floor import ButtonView, FloorView, VerbView
from tenants.accounts.models import FarmSettings
from tenants.operations.text import format_moment

MAX_ROWS, MAX_RECORDED, MAX_DIFFERENCES = 40, 10, 40
VIEW, RECORD = "inventory.view_stocktake", "inventory.record_stocktake"


class ReadableVerbView(VerbView):
    """A page that who may not do its verb reads too."""

    def get(self, request, **kwargs):
        return self.render_page(form=self.get_form())


class StocktakesView(ReadableVerbView):
    """Open stocktakes, those that were closed last, and a form to begin one."""

    help_topic = "stocktakes"
    template_name = "production/floor/stocktakes.html"
    permission_required = VIEW
    verb_permission = "inventory.begin_stocktake"
    form_class = forms.BeginForm

    def get_context_data(self):
        rows = Stocktake.objects.select_related("begun_by")
        return {
            "open": list(rows.open()[:MAX_ROWS]),
            "closed": list(rows.exclude(status="open")[:MAX_RECORDED]),
            "uncounted": review.not_counted_for_long(),
        }

    def perform(self, form):
        self.begun = sessions.begin(by=form.by, **form.service_kwargs())
        return ""

    def get_success_url(self):
        return reverse("floor-stocktake", args=[self.begun.pk])


class StocktakeMixin:
    """One stocktake; ``at`` in the address is the place where somebody counts now."""

    help_topic = "stocktakes"
    permission_required = VIEW

    @cached_property
    def stocktake(self):
        return get_object_or_404(Stocktake.objects.select_related("location"), pk=self.kwargs["pk"])

    @property
    def subject(self):
        return self.stocktake

    @cached_property
    def at(self):
        """The name of the place, "" for none; None where all of the stocktake is counted."""
        text = self.request.GET.get("at")
        return None if text is None else text[: forms.PLACE_LENGTH]

    @property
    def query(self):
        return "" if self.at is None else "?" + urlencode({"at": self.at})

    @cached_property
    def here(self):
        """The Location where somebody counts, or None."""
        if self.at:
            return Location.objects.filter(name__iexact=self.at).first()
        return self.stocktake.location

    def get_context_data(self):
        more = {"stocktake": self.stocktake, "at": self.at, "query": self.query}
        return super().get_context_data() | more

    def get_success_url(self):
        return reverse("floor-stocktake", args=[self.kwargs["pk"]]) + self.query


class StocktakeView(StocktakeMixin, FloorView):
    """How far it is, what is still to be counted, and what was recorded last."""

    template_name = "production/floor/stocktake.html"

    def get_context_data(self):
        places = review.progress(self.stocktake)
        lines = self.stocktake.lines.with_spool()
        rest = lines.filter(is_expected=True, result="")
        recorded = lines.recorded().order_by("-counted_at", "-pk").select_related("counted_by")
        if self.at is not None:
            rest = rest.filter(place=self.at)
            recorded = recorded.filter(place=self.at)
        of_place = next((each for each in places if each.place == self.at), None)
        splits = self.stocktake.scope == Stocktake.Scope.FARM and self.at is None
        more = {
            "places": places if splits else [],
            "progress": of_place if self.at is not None else review.summed(places),
            "rest": [] if splits else list(rest.order_by("pk")[: MAX_ROWS + 1]),
            "most": MAX_ROWS,
            "recorded": list(recorded[:MAX_RECORDED]),
        }
        return super().get_context_data() | more


class StocktakeScanView(StocktakeMixin, FloorView):
    """A label leads to the page on which its spool is recorded; an unknown code can be noted."""

    template_name = "production/floor/stocktake_unknown.html"

    def get(self, request, pk):
        text = request.GET.get("code", "")[:300].strip()
        if not text:
            return HttpResponseRedirect(self.get_success_url())
        scan = scanning.decode(text)
        if scan.kind == "spool" and scan.rows:
            address = reverse("floor-stocktake-record", args=[self.stocktake.pk, scan.rows[0].pk])
            return HttpResponseRedirect(address + self.query)
        found = {"text": text[: forms.TEXT_LENGTH], "scan": scan}
        return self.render_page(status=404, **found)


class StocktakeRecordView(StocktakeMixin, ReadableVerbView):
    """What was found of one spool: the scale's weight, net grams, or a word."""

    template_name = "production/floor/stocktake_record.html"
    verb_permission = RECORD
    form_class = forms.RecordForm

    @cached_property
    def spool(self):
        return get_object_or_404(Spool.objects.with_filament(), pk=self.kwargs["spool"])

    @cached_property
    def line(self):
        lines = StocktakeLine.objects.filter(stocktake=self.stocktake, spool=self.spool)
        return lines.select_related("counted_by").first()

    @cached_property
    def slot(self):
        slots = PrinterSlot.objects.filter(spool=self.spool)
        return slots.select_related("printer").first()

    @property
    def book_place(self):
        if self.line is not None:
            return self.line.place
        location = self.spool.location
        return self.slot.printer.name if self.slot else str(location or "")

    @property
    def is_elsewhere(self):
        """Whether the book has it at another place than where somebody counts."""
        if self.line is None or not self.line.is_expected:
            return True
        return self.at is not None and self.line.place != self.at

    def get_form(self, data=None):
        can_move = self.is_elsewhere and self.here is not None and self.slot is None
        return super().get_form(data, here=self.here if can_move else None)

    def get_context_data(self):
        more = {"spool": self.spool, "line": self.line, "slot": self.slot}
        more |= {"is_elsewhere": self.is_elsewhere, "book_place": self.book_place}
        return super().get_context_data() | more | {"tare": self.spool.tare()}

    def perform(self, form):
        values = form.service_kwargs()
        if values.get("moves"):
            values["found_at"] = self.here
        if self.waited:
            values["counted_at"] = timezone.now() - self.waited
        line = recording.record(self.stocktake, spool=self.spool, by=form.by, **values)
        code = self.spool.code
        if self.waited and line.counted_at > values["counted_at"]:
            return _("%(code)s was counted again at %(at)s: that stays.") % {
                "code": code,
                "at": format_moment(line.counted_at),
            }
        if line.counted_grams is None:
            return _("%(code)s: not found.") % {"code": code}
        message = _("%(code)s: %(net)s, %(off)s against the book.") % {
            "code": code,
            "net": grams(line.counted_grams),
            "off": signed_grams(line.difference_grams),
        }
        doubts = review.doubts_of(line)
        return " ".join([message, *(doubt.text for doubt in doubts)])


class StocktakeUnknownView(StocktakeMixin, ButtonView):
    """Note a code that no spool of the farm has."""

    verb_permission = RECORD
    form_class = forms.UnknownForm

    def perform(self, form):
        line = recording.note_unknown(form.subject, by=form.by, **form.service_kwargs())
        return _("%(text)s is noted.") % {"text": line.text or line.spool.code}


class StocktakeRestView(StocktakeMixin, ButtonView):
    """Record that all that is left was not found."""

    verb_permission = RECORD
    form_class = forms.RestForm

    def perform(self, form):
        at = timezone.now() - self.waited if self.waited else None
        recording.mark_rest_missing(form.subject, by=form.by, at=at, **form.service_kwargs())
        return _("The rest is recorded as not found.")


class StocktakeTakeBackView(StocktakeMixin, ButtonView):
    """Take back what was recorded of a line."""

    verb_permission = RECORD

    def perform(self, form):
        line = get_object_or_404(self.stocktake.lines.with_spool(), pk=self.kwargs["line"])
        recording.take_back(form.subject, line=line, by=form.by)
        return _("Taken back: %(code)s is not counted.") % {"code": line.text or line.spool.code}


class StocktakeReviewView(StocktakeMixin, ReadableVerbView):
    """The differences with the largest value first, and what looks wrong; a manager posts them."""

    template_name = "production/floor/stocktake_review.html"
    verb_permission = "inventory.post_stocktake"
    form_class = forms.PostForm

    def get_context_data(self):
        lines = self.stocktake.lines.changed().by_value().with_spool().select_related("entry")
        more = {"lines": list(lines[: MAX_DIFFERENCES + 1]), "most": MAX_DIFFERENCES}
        return (
            super().get_context_data()
            | more
            | {
                "review": review.review(self.stocktake),
                "currency": FarmSettings.load().currency,
            }
        )

    def perform(self, form):
        posting.post(form.subject, by=form.by, **form.service_kwargs())
        return _("Posted: the book says what was counted.")

    def get_success_url(self):
        return reverse("floor-stocktake-review", args=[self.kwargs["pk"]])
