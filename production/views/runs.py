"""Views of a run and its verbs on the floor."""

from django.contrib import messages
from django.db.models import Prefetch, prefetch_related_objects
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from production.forms import completing, starting, swapping
from production.models import PlatePicture, ProductionRun, RunItem
from production.services import completion, explanation
from production.services.printing import midprint
from production.services.reports import demand
from production.services.reports.today import OpenRun
from production.services.requirements import fitting_spools
from production.services.sliced_files import fitting
from production.services.transitions import BUTTONS, TRANSITIONS
from production.services.undo import last_action, offline_conflicts, together
from production.views.floor import ButtonView, VerbView
from production.views.live import LiveMixin
from production.views.photos import WithPhoto
from tenants.operations.text import format_number, humanize_name
from tenants.web.incoming_files import NoFile

Status = ProductionRun.Status
MOST_CHOICES = 5  # spools to go on from
SAVED = gettext_lazy("Saved for the completion; nothing is booked yet.")
NOT_NOW = gettext_lazy(
    "“%(verb)s” is not possible now: run %(run)s is %(status)s. This is its page."
)
FILAMENT = [
    f"{path}__{name}" for path in demand.FILAMENTS for name in ("manufacturer", "material_type")
]


class RunPageMixin:
    """The run that a page is about, with its lines and items."""

    help_topic = "floor#while-a-run-prints"

    @cached_property
    def run(self):
        rows = ProductionRun.objects.live().with_plan_state().with_plate_picture()
        rows = rows.select_related("outcome_reason", "sliced_file")
        items = RunItem.objects.select_related("product", "scrap_reason").order_by("pk")
        rows = demand.with_needs(rows).prefetch_related(Prefetch("items", items))
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    @property
    def subject(self):
        return self.run

    def lines(self):
        lines = self.run.materials.select_related(*FILAMENT, "material_type", "slot")
        return lines.with_taken().order_by("pk")

    def get_context_data(self):
        return {"run": self.run, "job": OpenRun(self.run), "buttons": self.buttons()}

    def buttons(self):
        """``(row, address)`` of the verbs without a form that are possible now."""
        return [
            (row, reverse(f"floor-{row.path}", args=[self.run.pk]))
            for row in BUTTONS
            if row.is_offered(self.run) and self.request.user.has_perm(row.codename)
        ]

    def get_success_url(self):
        return reverse("floor-run", args=[self.kwargs["pk"]])

    def require_unchanged(self, form, since):
        offline_conflicts.require_unchanged(self.run, since=since, by=self.request.user)


class RunVerbMixin(RunPageMixin):
    """A verb of the run: service, permission and message are those of its Transition."""

    verb = ""

    @property
    def row(self):
        return TRANSITIONS[self.verb]

    @property
    def verb_permission(self):
        return self.row.codename

    def perform(self, form):
        self.row.call(form.subject, by=form.by, **form.service_kwargs())
        return self.row.success % {"run": form.subject}


class RunVerbView(RunVerbMixin, VerbView):
    """The form of a verb; where that is not possible any more, the run's page says why."""

    def get(self, request, **kwargs):
        self.require_permission(self.verb_permission)
        if self.row.is_possible(self.run):
            return super().get(request, **kwargs)
        figures = {"run": self.run, "status": self.run.get_status_display().lower()}
        verb = humanize_name(self.verb).capitalize()
        messages.warning(request, NOT_NOW % {"verb": verb, **figures})
        return HttpResponseRedirect(self.get_success_url())


class RunButtonView(RunVerbMixin, ButtonView):
    """A verb without a form."""


class StartView(RunVerbView):
    verb = "start"
    template_name = "production/floor/run.html"
    form_class = starting.StartForm

    def get_form(self, data=None):
        asks = "printers" in self.request.GET or "printer" in (data or ())
        return super().get_form(data, asks_printer=asks)

    def get_context_data(self):
        context = super().get_context_data() | {"items": self.run.items.all()}
        context["plate_pictures"] = PlatePicture.objects.of_run(self.run)
        context["photos"] = self.run.photos.select_related("created_by").order_by("pk")
        if not self.run.is_open:
            context["sentence"] = explanation.of_run(self.run).sentence
        if self.run.status != Status.PLANNED:
            return context | {"lines": self.lines()}
        prefetch_related_objects([self.run], "items__product__bom_lines")
        blockers = demand.blockers_of_read([self.run])[self.run.pk]
        misfits = [each.detail for each in fitting.misfits_of_run(self.run)]
        notes = [*demand.following(self.run), *misfits]
        return context | {"blockers": blockers, "following": notes}


class RunPage(StartView):
    """The run; a planned one with the form that starts it."""

    http_method_names = ("get", "head", "options")
    verb_permission = None

    def get(self, request, **kwargs):
        is_planned = self.run.status == Status.PLANNED
        return self.render_page(**({"form": self.get_form()} if is_planned else {}))


class RunView(LiveMixin, RunPage):
    """The same, and what others change of it."""

    def topics(self):
        spools = self.run.materials.exclude(spool=None).order_by("pk")
        numbers = spools.values_list("spool__number", flat=True)
        return [("run", str(self.run.pk)), *(("spool", str(number)) for number in numbers)]


class CompleteView(RunVerbView):
    """What the run took and made; or a draft of it."""

    help_topic = "floor#completing-a-run"
    verb = "complete"
    template_name = "production/floor/complete.html"
    form_class = completing.CompleteForm

    def perform(self, form):
        if "draft" in self.request.POST:
            midprint.save_actuals(form.subject, by=form.by, **form.draft())
            return SAVED
        return _completed(form, **form.service_kwargs())


class CompleteAsPlannedView(RunButtonView):
    verb = "complete"

    def perform(self, form):
        return _completed(form, as_planned=True)


class NoteView(RunVerbView):
    """Counts, weights and progress at a shift change, saved for the completion."""

    verb = "save_actuals"
    template_name = "production/floor/note.html"
    form_class = completing.DraftForm

    def perform(self, form):
        midprint.save_actuals(form.subject, by=form.by, **form.draft())
        return SAVED


class PlateView(RunVerbView):
    """A plate failed, and the run goes on."""

    verb = "note_plate"
    template_name = "production/floor/plate.html"
    form_class = completing.PlateForm


class FailView(WithPhoto, RunVerbView):
    verb = "fail"
    template_name = "production/floor/fail.html"
    form_class = completing.FailForm

    def get_form(self, data=None):
        form = super().get_form(data)
        form.fields["progress_percent"].initial = OpenRun(self.run).percent()
        return form

    def perform(self, form):
        return self.with_photo(super().perform(form), form.subject)


class PhotoView(WithPhoto, RunPageMixin, ButtonView):
    """Add a photo to a run."""

    verb_permission = "production.add_runphoto"

    def perform(self, form):
        if self.photo is None and self.photo_refusal is None:
            raise NoFile(_("Take or choose a photo first."))
        self.add_photo(self.run)
        return _("Run %(run)s has the photo.") % {"run": self.run}


class ChangePrinterView(RunVerbView):
    """Another printer, which the run really prints on."""

    verb = "change_printer"
    template_name = "production/floor/change_printer.html"
    form_class = starting.ChangePrinterForm


class CancelView(RunVerbView):
    verb = "cancel"
    template_name = "production/floor/cancel.html"
    form_class = completing.CancelForm


class SwapView(RunVerbView):
    verb = "swap_spool"
    template_name = "production/floor/swap.html"
    form_class = swapping.SwapForm

    def get_form(self, data=None):
        initial = {"spool": self.request.GET.get("spool", "")[:40]}
        return super().get_form(data, line=self._line(), initial=initial)

    def get_context_data(self):
        line = self._line()
        wanted = line.filament or line.material_type
        found = fitting_spools.of_lines(self.run, [line], most=MOST_CHOICES, is_swapped=True)
        context = {"line": line, "wanted": wanted, "fitting": found[line.pk]}
        return super().get_context_data() | context

    def perform(self, form):
        new = midprint.swap_spool(self.run, by=form.by, **form.service_kwargs())
        return _("It goes on from spool %(code)s.") % {"code": new.spool.code}

    def _line(self):
        line = self.lines().filter(pk=self.kwargs["line"], spool__isnull=False).first()
        if line is None:
            raise Http404(_("This run has no such spool."))
        return line


class TakeOverView(RunButtonView):
    """By a touch where it is told that the run does not name what is reported."""

    verb = "take_over_reports"
    form_class = swapping.TakeOverForm


class UndoView(RunPageMixin, ButtonView):
    """Take one's own last verb back."""

    verb_permission = "production.undo_productionrun"

    @cached_property
    def run(self):
        """Deleted runs too: deleting is undone here."""
        return get_object_or_404(ProductionRun, pk=self.kwargs["pk"])

    def perform(self, form):
        run = last_action.undo(form.subject, event=form.cleaned_data["event"], by=form.by)
        status = run.get_status_display().lower()
        if (count := together.same_press(run.events.latest("pk")).count()) > 1:
            text = _("Taken back: %(count)s runs are without the spools that were chosen at once.")
            return text % {"count": count}
        return _("Taken back: run %(run)s is %(status)s again.") % {"run": run, "status": status}


def _completed(form, **values):
    done = completion.complete(form.subject, by=form.by, **values)
    grams = done.variance["grams"]["total"]["actual"] or 0
    message = _("Run %(run)s is completed: %(grams)s g are booked.")
    return message % {"run": done.run, "grams": format_number(grams)}
