"""Views of sliced files on the floor: dropped, looked at, planned."""

from django.contrib import messages
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import F, Q, Value
from django.db.models.functions import JSONObject
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from production.forms.sliced_files import PlanFileForm
from production.models import Printer, SlicedFile
from production.services.sliced_files import bringing, planning
from production.views.floor import IS_ID, FloorView, VerbView
from tenants.operations.refusals import Refusal
from tenants.web import files

MOST = 30  # of a list
ELSEWHERE = "elsewhere"  # the button of a printer to plan on


class SlicedFilesView(FloorView):
    """The files that nothing is planned by yet, and a form for more. Sent by a browser alone: the
    page's script, which sends other forms once there is a network, does not store files."""

    help_topic = "floor#sliced-files"
    template_name = "production/floor/sliced_files.html"
    permission_required = "production.view_slicedfile"
    permission_for_files = "production.add_slicedfile"

    def get_context_data(self):
        rows = SlicedFile.objects.not_planned().with_pictures().order_by("-pk")
        return {"files": rows[:MOST]}

    def post(self, request):
        self.require_permission(self.permission_for_files)
        try:
            brought = bringing.receive_all(files.of_request(request), by=request.user)
        except Refusal as refusal:
            messages.error(request, refusal.detail)
            return self._go_on()
        for each in brought:
            if each.refusal:
                messages.error(request, each.sentence)
            elif each.sentence:
                messages.info(request, each.sentence)
        read = [each.row for each in brought if each.row]
        return self._go_on(read[0] if len(read) == len(brought) == 1 else None)

    def _go_on(self, file=None):
        there = reverse("floor-sliced-file", args=[file.pk]) if file else self.request.path
        return HttpResponseRedirect(there, status=303)


class SlicedFileView(VerbView):
    """What was read of a file, and the form that plans runs by it."""

    help_topic = "floor#sliced-files"
    template_name = "production/floor/sliced_file.html"
    permission_required = "production.view_slicedfile"
    verb_permission = "production.add_productionrun"
    form_class = PlanFileForm

    @cached_property
    def subject(self):
        of_run = JSONObject(pk=F("runs__pk"), number=F("runs__number"))
        is_live = Q(runs__isnull=False, runs__deleted_at=None)
        runs = ArrayAgg(of_run, filter=is_live, order_by=["runs__pk"], default=Value([]))
        rows = SlicedFile.objects.with_pictures().annotate(planned=runs)
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def get(self, request, **kwargs):
        return self.render_page(form=self.get_form())  # also for who may not plan

    def post(self, request, **kwargs):
        if ELSEWHERE in request.POST:  # the same for another printer; nothing is planned
            return self.render_page(form=self.get_form(entered=request.POST))
        return super().post(request, **kwargs)

    def get_form(self, data=None, entered=None):
        given = (data or self.request.GET).get("printer", "")
        if entered is not None:
            given = entered[ELSEWHERE]
        known = Printer.objects.active().filter(pk=given) if IS_ID.fullmatch(given) else ()
        return super().get_form(data, printer=next(iter(known), None), entered=entered)

    def get_context_data(self):
        return {"file": self.subject, "runs": self.subject.planned[:MOST]}

    def perform(self, form):
        self.planned = planning.plan(form.subject, by=form.by, **form.service_kwargs())
        if len(self.planned) == 1:
            return _("Run %(run)s is planned.") % {"run": self.planned[0]}
        return _("%(count)s runs are planned.") % {"count": len(self.planned)}

    def get_success_url(self):
        if len(self.planned) == 1:
            return reverse("floor-run", args=[self.planned[0].pk])
        return reverse("floor-queue")
