"""A run on the floor: looked at, started, swapped, completed, failed, cancelled, taken back."""

from datetime import timedelta

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from inventory.models import Spool
from production.forms import closing, opening, swapping
from production.models import ProductionRun
from production.services import completion
from production.services.printing import midprint, slots
from production.services.reports import demand
from production.services.reports.today import Job
from production.services.runs import lifecycle
from production.services.undo import offline_conflicts, undo
from production.services.verbs import BUTTONS
from production.views.floor import ButtonView, VerbView
from tenants.operations.operation import in_transaction
from tenants.operations.text import format_number

Status = ProductionRun.Status
FILAMENT = ("spool__filament__manufacturer", "filament__manufacturer", "material_type")


class RunPageMixin:
    """The run that a page is about, with its lines and items."""

    @cached_property
    def run(self):
        rows = ProductionRun.objects.live().select_related("printer", "outcome_reason")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    @property
    def subject(self):
        return self.run

    def lines(self):
        return self.run.materials.select_related(*FILAMENT, "slot").with_taken().order_by("pk")

    def items(self):
        return self.run.items.select_related("product", "scrap_reason").order_by("pk")

    def context(self):
        return {"run": self.run, "job": Job(self.run), "buttons": self.buttons()}

    def buttons(self):
        """``(row, address)`` of the verbs that ask for nothing and are possible now."""
        return [
            (row, reverse(f"floor-{row.path}", args=[self.run.pk]))
            for row in BUTTONS
            if row.is_possible(self.run) and self.request.user.has_perm(row.codename)
        ]

    def noted(self):
        """The lines, and whether somebody kept figures for the completion already."""
        lines, items = list(self.lines()), self.items()
        figures = [(line.actual_grams, line.gross_after_grams) for line in lines]
        figures += [(item.good_count, item.scrapped_count) for item in items]
        return {"lines": lines, "is_noted": any(set(pair) != {None} for pair in figures)}

    def after(self):
        return reverse("floor-run", args=[self.kwargs["pk"]])

    def require_unchanged(self, form, since):
        offline_conflicts.require_unchanged(self.run, since=since, by=self.request.user)


class StartView(RunPageMixin, VerbView):
    """Start a planned run."""

    template_name = "production/floor/run.html"
    may = "production.start_productionrun"
    form_class = opening.StartForm

    def context(self):
        context = super().context() | {"items": list(self.items())}
        if self.run.status != Status.PLANNED:
            return context | self.noted()
        return context | {"blockers": demand.blockers([self.run])[self.run.pk]}

    def do(self, form):
        run = lifecycle.start(form.subject, by=form.by, **form.service_kwargs())
        return _("Run %(run)s is running.") % {"run": run}


class RunView(StartView):
    """The run; a planned one with the form that starts it."""

    http_method_names = ("get", "head", "options")
    may = None

    def get(self, request, **kwargs):
        is_planned = self.run.status == Status.PLANNED
        return self.page(**({"form": self.form()} if is_planned else {}))


class CompleteView(RunPageMixin, VerbView):
    """What the run took and made, in one form; or a draft of it for whoever comes next."""

    template_name = "production/floor/complete.html"
    may = "production.complete_productionrun"
    form_class = closing.CompleteForm

    def do(self, form):
        if "draft" in self.request.POST:
            midprint.save_actuals(form.subject, by=form.by, **form.draft())
            return _("Kept for the completion; nothing is booked yet.")
        done = completion.complete(form.subject, by=form.by, **form.service_kwargs())
        return _completed(done)


class NoteView(RunPageMixin, VerbView):
    """At a shift change: counts, weights and how far it is, kept for the completion."""

    template_name = "production/floor/note.html"
    may = "production.save_actuals_productionrun"
    form_class = closing.DraftForm

    def do(self, form):
        def work():
            if form.percent() is not None:
                midprint.progress(form.subject, by=form.by, percent=form.percent())
            midprint.save_actuals(form.subject, by=form.by, **form.draft())

        in_transaction(work)
        return _("Kept for the completion; nothing is booked yet.")


class PlateView(RunPageMixin, VerbView):
    """A plate failed, and the run goes on."""

    template_name = "production/floor/plate.html"
    may = "production.save_actuals_productionrun"
    form_class = closing.PlateForm

    def do(self, form):
        midprint.note_plate(form.subject, by=form.by, **form.service_kwargs())
        return _("Noted: the completion begins with these counts.")


class CompleteAsPlannedView(RunPageMixin, ButtonView):
    """All came out as planned: one touch."""

    may = "production.complete_productionrun"

    def do(self, form):
        return _completed(completion.complete(form.subject, by=form.by, as_planned=True))


class FailView(RunPageMixin, VerbView):
    """Nothing usable came out."""

    template_name = "production/floor/fail.html"
    may = "production.fail_productionrun"

    form_class = closing.FailForm

    def form(self, data=None):
        form = super().form(data)
        if self.run.progress_percent is None:
            form.fields["progress_percent"].initial = _progress_by_time(self.run)
        return form

    def do(self, form):
        done = completion.fail(form.subject, by=form.by, **form.service_kwargs())
        return _("Run %(run)s has failed; what it took is booked as waste.") % {"run": done.run}


class CancelView(RunPageMixin, VerbView):
    """The run is given up."""

    template_name = "production/floor/cancel.html"
    may = "production.cancel_productionrun"
    form_class = closing.CancelForm

    def do(self, form):
        run = lifecycle.cancel(form.subject, by=form.by, **form.service_kwargs())
        return _("Run %(run)s is cancelled.") % {"run": run}


class PlainVerbView(RunPageMixin, ButtonView):
    """A verb without a form: all of it is in its row."""

    row = None

    def do(self, form):
        self.row.call(form.subject, by=form.by)
        return self.row.success % {"run": form.subject}


class SwapView(RunPageMixin, VerbView):
    """Go on printing from another spool."""

    template_name = "production/floor/swap.html"
    may = "production.swap_spool_productionrun"

    form_class = swapping.SwapForm

    def form(self, data=None):
        scanned = {"spool": self.request.GET.get("spool", "")[:40]}
        return super().form(data, line=self._line(), initial=scanned)

    def context(self):
        line = self._line()
        wanted = line.filament or line.material_type
        fitting = Spool.objects.on_shelf().holding().with_available().with_filament()
        of = {"filament": line.filament} if line.filament_id else {}
        of = of or {"filament__material_type": line.material_type}
        fitting = fitting.filter(**of).exclude(pk=line.spool_id).order_by("-available", "pk")
        return super().context() | {"line": line, "wanted": wanted, "fitting": fitting[:5]}

    def do(self, form):
        new = slots.swap(self.run, by=form.by, **form.service_kwargs())
        return _("It goes on from spool %(code)s.") % {"code": new.spool.code}

    def _line(self):
        line = self.lines().filter(pk=self.kwargs["line"], spool__isnull=False).first()
        if line is None:
            raise Http404(_("This run has no such spool."))
        return line


class UndoView(RunPageMixin, ButtonView):
    """Take one's own last verb back."""

    may = "production.undo_productionrun"

    def do(self, form):
        run = undo.undo(form.subject, event=form.cleaned_data["event"], by=form.by)
        status = run.get_status_display().lower()
        return _("Taken back: run %(run)s is %(status)s again.") % {"run": run, "status": status}


def _completed(done):
    grams = done.variance["grams"]["total"]
    numbers = {"run": done.run, "grams": format_number(grams["actual"] or 0)}
    return _("Run %(run)s is completed: %(grams)s g are booked.") % numbers


def _progress_by_time(run):
    """How far the print should be by the clock, in percent; None if unknown."""
    if not (run.started_at and run.planned_minutes):
        return None
    until = run.finished_at or timezone.now()
    share = (until - run.started_at) / timedelta(minutes=float(run.planned_minutes))
    return min(round(share * 100), 100)
