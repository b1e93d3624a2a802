"""Requests that are answered with a job: ``Prefer: respond-async`` (RFC 7240)."""

import re

from django.urls import reverse
from rest_framework import serializers, status
from rest_framework.response import Response

from tenants.api import NO_PERMISSION
from tenants.api.fields import UsernameField
from tenants.api.serializers import RowSerializer
from tenants.jobs import exports
from tenants.jobs.models import Job

PREFERENCE = "respond-async"
ASYNC = re.compile(rf"(?i)(^|,)\s*{PREFERENCE}\s*($|[,;])")


class JobSerializer(RowSerializer):
    """A job: how far it is, and what became of it."""

    by_username = UsernameField("by")
    problem = serializers.DictField(
        read_only=True, allow_null=True, help_text="Why it was refused, or has failed."
    )

    class Meta:
        model = Job
        fields = [
            "id",
            "kind",
            "title",
            "status",
            "by",
            "by_username",
            "created_at",
            "started_at",
            "finished_at",
            "done",
            "total",
            "problem",
            "result_name",
            "result_type",
            "result_bytes",
        ]
        read_only_fields = fields
        extra_kwargs = {
            "done": {
                "help_text": "Steps: rows of an export; lines of an import, twice each; tables of "
                "a backup; of a restore also kilobytes of its file."
            },
            "total": {"help_text": "Of the steps; null while unknown."},
            "result_bytes": {
                "help_text": "Null once it is not kept any more, and of a backup, which is "
                "downloaded in the admin alone."
            },
        }


def is_wanted(request):
    """Whether the caller prefers a job; HEAD begins none."""
    return request.method != "HEAD" and bool(ASYNC.search(request.headers.get("Prefer", "")))


def begin_export(view, rows):
    """Let a job answer the GET of a list as CSV."""
    request, permission = view.request, view.permission_needed()
    job = exports.start(
        request,
        by=request.user,
        permission="" if permission in NO_PERMISSION else permission,
        title=view.get_view_name(),
        total=rows.count() if hasattr(rows, "query") else len(rows),
    )
    return accepted(request, job)


def accepted(request, job):
    """202, with the address of the job."""
    headers = {
        "Location": request.build_absolute_uri(reverse("jobs-detail", args=[job.pk])),
        "Preference-Applied": PREFERENCE,
    }
    return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED, headers=headers)
