"""Exports as jobs: what a GET answers with, kept as a file."""

import re
from io import BytesIO

from django.core.exceptions import PermissionDenied
from django.core.handlers.wsgi import WSGIRequest
from django.http import Http404
from django.urls import resolve
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.jobs import services
from tenants.jobs.kinds import Result
from tenants.jobs.models import Job
from tenants.operations import progress
from tenants.operations.refusals import Refusal

EXPORT = "export"
LABEL = gettext_lazy("Export")
FILE_NAME = re.compile(r'filename="([^"]+)"')
LINE_END = b"\r\n"
OF_REQUEST = ("HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "HTTP_ACCEPT", "wsgi.url_scheme")


class ExportRefused(Refusal):
    code = "export_refused"
    title = "The list can't be exported any more"


def start(request, *, by, permission, title, total):
    """Begin the export that a GET asks for; the same one, where it is not finished yet."""
    environ = {name: request.META[name] for name in OF_REQUEST if name in request.META}
    path, query = request.path_info, request.META.get("QUERY_STRING", "")
    return services.start(
        EXPORT,
        by=by,
        permission=permission,
        title=_("Export: %(title)s") % {"title": capfirst(title)},
        arguments={"path": path, "query": query, "environ": environ},
        total=total,
        instead_of=Job.UNFINISHED,
    )


def export(job, *, by):
    """Answer the GET as if it came now. Raises ExportRefused."""
    response = _answer(_request(job.arguments, by))
    if not response.streaming:
        problem = getattr(response, "data", None) or {}
        raise ExportRefused(problem.get("detail", ""), answered=response.status_code)
    name = FILE_NAME.search(response.headers.get("Content-Disposition", ""))
    return Result(
        name=name[1] if name else "export",
        content_type=response.headers["Content-Type"],
        blocks=_counted(response),
    )


def is_requested_by_job(request):
    """Whether a job asks, to which nothing is offered but the file."""
    return getattr(request, "is_of_job", False)


def _request(arguments, by):
    request = WSGIRequest(
        {
            **arguments["environ"],
            "REQUEST_METHOD": "GET",
            "PATH_INFO": arguments["path"],
            "QUERY_STRING": arguments["query"],
            "wsgi.input": BytesIO(),
        }
    )
    request.user, request.is_of_job = by, True
    return request


def _answer(request):
    match = resolve(request.path_info)
    request.resolver_match = match
    try:
        return match.func(request, *match.args, **match.kwargs)
    except (Http404, PermissionDenied) as error:
        raise ExportRefused() from error


def _counted(response):
    """Each line of a text is a step, but the one that names the columns; a workbook was counted as
    it was written."""
    names, is_text = 1, response.headers["Content-Type"].startswith("text/")
    for block in response.streaming_content:
        yield block
        if is_text:
            progress.count(block.count(LINE_END) - names)
        names = 0
