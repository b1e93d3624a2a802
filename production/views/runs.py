"""A run on the floor: looked at, started, swapped, completed, failed, cancelled, taken back."""

from datetime import timedelta

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import Spool
from production.forms.floor import runs as forms
from production.models import ProductionRun, Reason
from production.services import completion
from production.services.printing import midprint, slots
from production.services.reports import demand
from production.services.reports.today import Job
from production.services.requirements import readiness
from production.services.runs import lifecycle
from production.services.undo import offline_conflicts, undo
from production.views.floor import ButtonView, FloorView, VerbView
from tenants.operations.operation import in_transaction
from tenants.operations.text import format_number

Status = ProductionRun.Status
RECENTLY = timedelta(days=90)
FILAMENT = ("spool__filament__manufacturer", "filament__manufacturer", "material_type")


class OfRun:
    """What the pages about one run share."""

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        self._run = None

    @property
    def run(self):
        if self._run is None:
            rows = ProductionRun.objects.live().select_related("printer", "outcome_reason")
            self._run = get_object_or_404(rows, pk=self.kwargs["pk"])
        return self._run

    def lines(self):
        return self.run.materials.select_related(*FILAMENT, "slot").with_taken().order_by("pk")

    def items(self):
        return self.run.items.select_related("product", "scrap_reason").order_by("pk")

    def context(self):
        return {"run": self.run, "job": Job(self.run)}

    def noted(self):
        """The lines, and whether somebody kept figures for the completion already."""
        lines, items = list(self.lines()), self.items()
        figures = [(line.actual_grams, line.gross_after_grams) for line in lines]
        figures += [(item.good_count, item.scrapped_count) for item in items]
        return {"lines": lines, "is_noted": any(set(pair) != {None} for pair in figures)}

    def after(self):
        return reverse("floor-run", args=[self.kwargs["pk"]])

    def reasons(self, kind):
        return Reason.objects.offered(kind).by_use(since=timezone.now() - RECENTLY)

    def require_unchanged(self, form, since):
        offline_conflicts.require_unchanged(self.run, since=since, by=self.request.user)

    def form_for(self, form_class, data, **more):
        return form_class(data, subject=self.run, by=self.request.user, **more)


class RunView(OfRun, FloorView):
    """The run; a planned one with the form that starts it."""

    template_name = "production/floor/run.html"

    def context(self):
        context = super().context() | {"items": list(self.items())}
        if self.run.status == Status.PLANNED:
            return context | _start_context(self)
        return context | self.noted()


class StartView(OfRun, VerbView):
    """Start a planned run."""

    template_name = "production/floor/run.html"
    may = "production.start_productionrun"

    def form(self, data=None):
        return _start_form(self, data)

    def context(self):
        context = super().context() | {"items": list(self.items())}
        if self.run.status != Status.PLANNED:
            return context | self.noted()
        return context | {"blockers": demand.blockers([self.run])[self.run.pk]}

    def do(self, form):
        run = lifecycle.start(form.subject, by=form.by, **form.service_kwargs())
        return _("Run %(run)s is running.") % {"run": run}


class CompleteView(OfRun, VerbView):
    """What the run took and made, in one form; or a draft of it for whoever comes next."""

    template_name = "production/floor/complete.html"
    may = "production.complete_productionrun"

    def form(self, data=None):
        lines, items = self.lines(), self.items()
        reasons = self.reasons(Reason.Kind.SCRAP)
        return self.form_for(forms.CompleteForm, data, lines=lines, items=items, reasons=reasons)

    def do(self, form):
        if "draft" in self.request.POST:
            midprint.save_actuals(form.subject, by=form.by, **form.draft())
            return _("Kept for the completion; nothing is booked yet.")
        done = completion.complete(form.subject, by=form.by, **form.service_kwargs())
        return _completed(done)


class NoteView(OfRun, VerbView):
    """At a shift change: counts, weights and how far it is, kept for the completion."""

    template_name = "production/floor/note.html"
    may = "production.save_actuals_productionrun"

    def form(self, data=None):
        rows = {"lines": self.lines(), "items": self.items()}
        reasons = self.reasons(Reason.Kind.SCRAP)
        return self.form_for(forms.DraftForm, data, reasons=reasons, **rows)

    def do(self, form):
        def work():
            if form.percent() is not None:
                midprint.progress(form.subject, by=form.by, percent=form.percent())
            midprint.save_actuals(form.subject, by=form.by, **form.draft())

        in_transaction(work)
        return _("Kept for the completion; nothing is booked yet.")


class PlateView(OfRun, VerbView):
    """A plate failed, and the run goes on."""

    template_name = "production/floor/plate.html"
    may = "production.save_actuals_productionrun"

    def form(self, data=None):
        reasons = self.reasons(Reason.Kind.SCRAP)
        return self.form_for(forms.PlateForm, data, items=self.items(), reasons=reasons)

    def do(self, form):
        midprint.note_plate(form.subject, by=form.by, **form.service_kwargs())
        return _("Noted: the completion begins with these counts.")


class CompleteAsPlannedView(OfRun, ButtonView):
    """All came out as planned: one touch."""

    may = "production.complete_productionrun"

    def form(self, data=None):
        return self.form_for(forms.NoteForm, data)

    def do(self, form):
        return _completed(completion.complete(form.subject, by=form.by, as_planned=True))


class FailView(OfRun, VerbView):
    """Nothing usable came out."""

    template_name = "production/floor/fail.html"
    may = "production.fail_productionrun"

    def form(self, data=None):
        reasons = self.reasons(Reason.Kind.FAILURE)
        progress = self.run.progress_percent
        if progress is None:
            progress = _progress_by_time(self.run)
        rows = {"lines": self.lines(), "items": self.items(), "reasons": reasons}
        return self.form_for(forms.FailForm, data, progress=progress, **rows)

    def do(self, form):
        done = completion.fail(form.subject, by=form.by, **form.service_kwargs())
        return _("Run %(run)s has failed; what it took is booked as waste.") % {"run": done.run}


class CancelView(OfRun, VerbView):
    """The run is given up."""

    template_name = "production/floor/cancel.html"
    may = "production.cancel_productionrun"

    def form(self, data=None):
        lines = self.lines() if self.run.status == Status.IN_PROGRESS else ()
        return self.form_for(forms.CancelForm, data, lines=lines)

    def do(self, form):
        run = lifecycle.cancel(form.subject, by=form.by, **form.service_kwargs())
        return _("Run %(run)s is cancelled.") % {"run": run}


class SwapView(OfRun, VerbView):
    """Go on printing from another spool."""

    template_name = "production/floor/swap.html"
    may = "production.swap_spool_productionrun"

    def form(self, data=None):
        line, scanned = self._line(), {"spool": self.request.GET.get("spool", "")[:40]}
        return forms.SwapForm(data, subject=line, by=self.request.user, initial=scanned)

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


class UndoView(OfRun, ButtonView):
    """Take one's own last verb back."""

    may = "production.undo_productionrun"

    def form(self, data=None):
        return self.form_for(forms.NoteForm, data)

    def do(self, form):
        run = undo.undo(form.subject, event=form.cleaned_data["event"], by=form.by)
        status = run.get_status_display().lower()
        return _("Taken back: run %(run)s is %(status)s again.") % {"run": run, "status": status}


def _start_form(view, data=None):
    lines = list(view.lines())
    bare = [line for line in lines if not line.spool_id]
    found = readiness.from_slots(view.run, bare) if bare else {}
    return view.form_for(forms.StartForm, data, lines=lines, found=found)


def _start_context(view):
    from_today = demand.blockers([view.run])[view.run.pk]
    return {"form": _start_form(view), "blockers": from_today}


def _completed(done):
    grams = done.variance["grams"]["total"]
    numbers = {"run": done.run, "grams": format_number(grams["actual"] or 0)}
    return _("Run %(run)s is completed: %(grams)s g are booked.") % numbers


def _progress_by_time(run):
    """How far the print should be by the clock, in percent; None when nobody knows."""
    if not (run.started_at and run.planned_minutes):
        return None
    until = run.finished_at or timezone.now()
    share = (until - run.started_at) / timedelta(minutes=float(run.planned_minutes))
    return min(round(share * 100), 100)
