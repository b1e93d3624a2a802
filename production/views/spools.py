"""The pages of a spool on the floor."""

from datetime import timedelta

from django.db.models import F
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from inventory.forms.holds import SpoolHoldForm
from inventory.forms.spools import WeighForm
from inventory.models import Hold, Spool
from inventory.services import holds as placing
from inventory.services.spools.returned import standing_return
from production.forms.spools import LoadForm
from production.models import PrinterSlot, RunMaterial
from production.services import run_state
from production.services.holds import in_use
from production.services.printing import slots, weighing
from production.services.undo import last_action, offline_conflicts
from production.templatetags.floor import grams, signed_grams
from production.views.floor import IS_ID, ButtonView, FloorView, VerbView

MAX_ROWS = 8

UNDONE = {  # messages, by kind
    "weighing": gettext_lazy("Taken back: the book of spool %(code)s is as it was."),
    "loading": gettext_lazy("Taken back: spool %(code)s is where it was."),
    "unloading": gettext_lazy("Taken back: spool %(code)s is in the printer again."),
    "receipt": ngettext_lazy(
        "Taken back: %(count)d spool is off the shelf; its label is blank again.",
        "Taken back: %(count)d spools are off the shelf; their labels are blank again.",
        "count",
    ),
}


class SpoolPageMixin:
    """The subject of a page, and what uses it."""

    help_topic = "floor#scanning"
    permission_required = "inventory.view_spool"

    @cached_property
    def spool(self):
        return get_object_or_404(Spool.objects.with_filament(), pk=self.kwargs["pk"])

    @property
    def subject(self):
        return self.spool

    def claims(self):
        """The materials of open runs that reserve the spool."""
        lines = RunMaterial.objects.of_open_runs().filter(spool=self.spool)
        return lines.select_related("run__printer").order_by("run__status", "pk")

    def slot(self):
        return PrinterSlot.objects.filter(spool=self.spool).select_related("printer").first()

    def get_context_data(self):
        return {"spool": self.spool}

    def get_success_url(self):
        return reverse("floor-spool", args=[self.kwargs["pk"]])


class SpoolView(SpoolPageMixin, FloorView):
    """The spool, with its slot, reservations and last entries."""

    template_name = "production/floor/spool.html"

    def get_context_data(self):
        entries = self.spool.transactions.select_related("production_run").order_by("-pk")
        claims = list(self.claims()[: MAX_ROWS + 1])
        more = {"claims": claims[:MAX_ROWS], "has_more_claims": len(claims) > MAX_ROWS}
        more |= {"slot": self.slot(), "entries": entries[:MAX_ROWS]}
        more["holds"] = Hold.objects.open().of_spool(self.spool) if self.spool.is_held else ()
        more["returned"] = standing_return(self.spool)
        return super().get_context_data() | more


class WeighView(SpoolPageMixin, VerbView):
    """The weight on the scale: a count, or a draft of the run that prints from the spool."""

    template_name = "production/floor/weigh.html"
    verb_permission = "inventory.weigh_spool"
    form_class = WeighForm

    def get_form(self, data=None):
        return super().get_form(data, is_printing=self._printing() is not None)

    def get_context_data(self):
        context = {"printing": self._printing(), "tare": self.spool.tare()}
        if self.submitted_at is not None:
            context["waited"] = (timezone.now() - self.submitted_at) // timedelta(seconds=1)
        return super().get_context_data() | context

    def require_unchanged(self, form, since):
        if run := self._printing():
            offline_conflicts.require_unchanged(run, since=since, by=self.request.user)

    def perform(self, form):
        moment = {"weighed_at": self.submitted_at} if self.submitted_at else {}
        weighed = weighing.weigh(form.subject, by=form.by, **form.service_kwargs(), **moment)
        if weighed.line is not None:
            message = _("Saved for run %(run)s: booked when it is completed.")
            return message % {"run": weighed.line.run}
        figures = {
            "net": grams(weighed.entry.balance_grams),
            "off": signed_grams(weighed.entry.grams),
        }
        return _("%(net)s are on the spool, %(off)s against the book.") % figures

    def _printing(self):
        line = self.claims().drawing().first()
        return line and line.run


class SpoolUndoView(SpoolPageMixin, ButtonView):
    """Take back one's own last weighing, loading, unloading or receipt."""

    verb_permission = "inventory.undo_spool"
    kind = ""

    def perform(self, form):
        is_event = self.kind in ("loading", "unloading")
        rows = self.spool.events if is_event else self.spool.transactions
        event = get_object_or_404(rows, pk=form.cleaned_data["event"])
        _run, spools = last_action.undo_event(self.kind, event, by=form.by)
        return UNDONE[self.kind] % {"count": len(spools), "code": self.spool.code}

    def get_success_url(self):
        return reverse("floor-receive") if self.kind == "receipt" else super().get_success_url()


class HoldView(SpoolPageMixin, VerbView):
    """Hold the spool, its lot, its delivery or its filament."""

    help_topic = "holds#placing"
    template_name = "production/floor/hold.html"
    verb_permission = "inventory.add_hold"
    form_class = SpoolHoldForm

    def perform(self, form):
        hold = placing.place_of(form.subject, by=form.by, **form.service_kwargs())
        text = _("Held: %(hold)s.") % {"hold": hold}
        used = [_used(each) for each in in_use(hold)]
        if not used:
            return text
        names = {"places": ", ".join(used[:MAX_ROWS])}
        return run_state.sentences(text, _("In use: %(places)s.") % names)


def _used(each):
    """Where a HeldInUse is used."""
    places = [str(each.slot)] if each.slot else []
    return f"{each.spool.code} ({', '.join([*places, *(run.number for run in each.runs)])})"


class LoadView(SpoolPageMixin, VerbView):
    """Put the spool into a printer."""

    template_name = "production/floor/load.html"
    verb_permission = "inventory.load_spool"
    form_class = LoadForm

    def get_context_data(self):
        rows = PrinterSlot.objects.filter(printer__is_active=True)
        rows = rows.with_spool().select_related("printer")
        printer = self.request.GET.get("printer", "")
        if IS_ID.fullmatch(printer):
            rows = rows.filter(printer=int(printer))
        found = list(rows.order_by(F("printer__name"), "label", "pk"))
        for slot, line in slots.drawing(found).items():
            slot.line = line
        return super().get_context_data() | {"slots": found, "is_scanned": bool(printer)}

    def require_unchanged(self, form, since):
        offline_conflicts.require_unmoved(form.cleaned_data["slot"], since=since, by=form.by)

    def perform(self, form):
        given = {"slot": form.cleaned_data["slot"], "override_reason": form.override()}
        slot = slots.load(form.subject, by=form.by, **given)
        return _("Spool %(code)s is in %(slot)s.") % {"code": form.subject.code, "slot": slot}
