"""The page on which a manager imports a Spoolman: a job previews it, another one brings it."""

import json
import re

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from production.forms.moving import SourceForm
from production.spoolman.importing import jobs
from production.spoolman.importing.report import (
    counted,
    sentence_of_difference,
    sentence_of_left,
    sentences,
)
from tenants.jobs import files
from tenants.jobs.models import Job
from tenants.operations.refusals import Refusal

NUMBER = re.compile("[0-9]{1,18}")
MOST = 200  # sentences of each list
NAME = "inventory_spool_moving"


class MovingPages:
    """For the admin of spools."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.moving_view)
        return [path("moving/", view, name=NAME), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        may = request.user.has_perm(jobs.PERMISSION)
        context = {"moving_url": reverse(f"admin:{NAME}") if may else None, **(extra_context or {})}
        return super().changelist_view(request, context)

    def moving_view(self, request):
        if not request.user.has_perm(jobs.PERMISSION):
            raise PermissionDenied
        if "job" in request.GET:
            return self._moving_job(request)
        given = (request.POST, request.FILES) if request.method == "POST" else ()
        form = SourceForm(*given, by=request.user)
        if form.is_valid():
            try:
                job = jobs.start(by=request.user, page=request.path, **form.source())
                return HttpResponseRedirect(f"?job={job.pk}")
            except Refusal as refusal:
                form.add_refusal(refusal)
        return self._moving_page(request, form)

    def _moving_job(self, request):
        """How far the job is; then what would come, with a button, or what has come."""
        found = Job.objects.visible_to(request.user).filter(kind=jobs.KIND)
        number = request.GET["job"]
        job = get_object_or_404(found, pk=int(number) if NUMBER.fullmatch(number) else 0)
        if request.method == "POST":
            return self._move_seen(request, job)
        context = {"job": job, "place": job.arguments["place"]}
        if job.status == Job.Status.DONE and job.result_bytes is not None:
            context |= _context(json.loads(b"".join(files.read(job, is_result=True))))
        return self._moving_page(request, SourceForm(by=request.user), **context)

    def _move_seen(self, request, seen):
        """Begin the import that the job has previewed, once."""
        form, begun = SourceForm(by=request.user), None
        try:
            if seen.by_id == request.user.pk and seen.arguments["dry_run"]:
                begun = jobs.start_seen(seen, by=request.user)
        except Refusal as refusal:
            return self._moving_page(request, form, message=refusal.detail)
        if begun is None:
            message = _("This page is too old, or another person’s: begin again.")
            return self._moving_page(request, form, message=message)
        return HttpResponseRedirect(f"?job={begun.pk}")

    def _moving_page(self, request, form, **more):
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import from Spoolman"),
            "opts": self.opts,
            "media": self.media,
            "form": form,
            **more,
        }
        return TemplateResponse(request, "production/admin_moving.html", context)

    moving_view.help_topic = "spoolman#in-the-admin"


def _context(report):
    groups = [
        _group(_("Left"), report, "left", sentence_of_left),
        _group(_("Written differently here"), report, "differently", sentence_of_difference),
    ]
    return {
        "report": report,
        "is_done": not report["dry_run"],
        "counted": [(title, counts.values()) for title, counts in counted(report)],
        "sentences": sentences(report),
        "groups": [group for group in groups if group],
    }


def _group(title, report, name, sentence):
    count = report[f"{name}_count"]
    found = [sentence(each) for each in report[name][:MOST]]
    group = {"title": title, "count": count, "sentences": found, "more": count - len(found)}
    return group if count else None
