"""Views of today's work, a printer and its slots."""

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from production.forms.spools import SlotForm
from production.forms.unloading import UnloadForm
from production.models import Printer, PrinterSlot
from production.services import run_state
from production.services.printing import printers, slots
from production.services.reports import devices, today
from production.services.requirements import wanted_spools
from production.services.undo import offline_conflicts
from production.templatetags.floor import grams
from production.views.floor import ButtonView, FloorView, VerbView


class TodayView(FloorView):
    help_topic = "floor#the-board"
    template_name = "production/floor/today.html"

    def get_context_data(self):
        return {"board": today.board()}


class ScreenView(TodayView):
    """The same for a screen on the wall, which nobody touches."""

    template_name = "production/floor/screen.html"

    def get_context_data(self):
        return super().get_context_data() | {"is_screen": True, "undoable": None}


class QueueView(FloorView):
    help_topic = "floor#the-board"
    template_name = "production/floor/queue.html"

    def get_context_data(self):
        return {"queue": today.queue()}


class PrinterView(FloorView):
    """A printer with its slots and open runs."""

    help_topic = "floor#the-board"
    template_name = "production/floor/printer.html"

    def get_context_data(self):
        printer = get_object_or_404(Printer.objects.active(), pk=self.kwargs["pk"])
        jobs = today.of_printer(printer)
        return {
            "printer": printer,
            "slots": printer.slots.all(),
            "jobs": jobs,
            "mismatches": devices.mismatches(printer),
            "reported": next(iter(devices.reported(printer)), None),
        }


class ClearView(ButtonView):
    help_topic = "floor#the-board"
    verb_permission = "production.clear_printer"

    @cached_property
    def subject(self):
        return get_object_or_404(Printer.objects.active(), pk=self.kwargs["pk"])

    def perform(self, form):
        printer = printers.clear(form.subject, by=form.by)
        return _("%(printer)s is clear.") % {"printer": printer}

    def get_success_url(self):
        if self.request.POST.get("from") == "printer":
            return reverse("floor-printer", args=[self.kwargs["pk"]])
        return reverse("floor-today")


class SlotPageMixin:
    """The slot that a page is about."""

    help_topic = "floor#scanning"

    @cached_property
    def subject(self):
        rows = PrinterSlot.objects.with_spool().select_related("printer")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def require_unchanged(self, form, since):
        offline_conflicts.require_unmoved(form.subject, since=since, by=form.by)

    def get_success_url(self):
        return reverse("floor-printer", args=[self.subject.printer_id])


class SlotLoadView(SlotPageMixin, VerbView):
    template_name = "production/floor/slot.html"
    verb_permission = "inventory.load_spool"
    form_class = SlotForm

    def get_context_data(self):
        run, wanted = wanted_spools.of_slot(self.subject)
        return {"slot": self.subject, "run": run, "wanted": wanted}

    def perform(self, form):
        seen = {"instead_of": form.instead_of(), "override_reason": form.override()}
        slot = slots.load(form.cleaned_data["spool"], slot=form.subject, by=form.by, **seen)
        return _("Spool %(code)s is in %(slot)s.") % {"code": slot.spool.code, "slot": slot}


class SlotUnloadView(SlotPageMixin, VerbView):
    """Take the spool out; where it goes and what it weighs may be left empty."""

    template_name = "production/floor/unload.html"
    verb_permission = "inventory.unload_spool"
    form_class = UnloadForm

    def get(self, request, **kwargs):
        self.require_permission(self.verb_permission)
        slot = self.subject
        if slot.spool is None:
            messages.warning(request, _("%(slot)s is empty already.") % {"slot": slot})
        elif line := slots.drawing([slot]).get(slot):
            text = _("Run %(run)s prints from it: swap the spool, or complete the run first.")
            messages.warning(request, text % {"run": line.run.number})
        else:
            return super().get(request, **kwargs)
        return HttpResponseRedirect(self.get_success_url())

    def get_form(self, data=None):
        form = super().get_form(data)
        if self.subject.spool is not None:
            form.offer(self.subject.spool)
        return form

    def get_context_data(self):
        spool = self.subject.spool
        return {"slot": self.subject, "spool": spool, "tare": spool and spool.tare()}

    def perform(self, form):
        out, given = form.subject.spool, form.service_kwargs()
        slot = slots.unload(form.subject, by=form.by, **given)
        text = _("%(slot)s is empty.") % {"slot": slot}
        place = given.get("location")
        if place is not None:
            moved = _("Spool %(code)s is at %(place)s.")
            text = run_state.sentences(text, moved % {"code": out.code, "place": place})
        if given.keys() & {"gross_grams", "remaining_grams"}:
            out.refresh_from_db()
            text = run_state.sentences(
                text, _("%(net)s are on it.") % {"net": grams(out.live_grams)}
            )
        return text
