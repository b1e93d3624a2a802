"""Errors outside of every API view: JSON below /api/, pages elsewhere."""

import sys

from django.http import HttpResponse
from django.views import defaults
from rest_framework.exceptions import NotFound
from rest_framework.views import APIView

from config.api import problems
from config.api.renderers import ProblemJSONRenderer
from tenants.api import OPEN
from tenants.operations.refusals import Refusal
from tenants.web.problems import CONTENT_TYPE, headers_of, of_refusal, problem
from tenants.web.requests import plainly


class FormNotTaken(Refusal):
    """A form whose token is missing or old, or that comes from another address than ours."""

    code = "form_not_taken"
    status = 403
    title = "This form was not taken"


class NotFoundView(APIView):
    """What lies below /api/ and is no address of it."""

    authentication_classes = ()
    schema = None
    is_nowhere = True

    def get_view_name(self):
        return "There is nothing here"

    def permission_needed(self):
        return OPEN

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        raise NotFound("There is no such address; those of the API end in a slash.")


def not_found(request, exception):
    if _is_api(request):
        return _problem(problem(404, "not_found", detail="There is nothing here."))
    return defaults.page_not_found(request, exception)


def bad_request(request, exception):
    if _is_api(request):
        return _problem(problem(400, "invalid", detail="The request can't be read."))
    return defaults.bad_request(request, exception)


def server_error(request):
    refusal = problems.as_refusal(sys.exc_info()[1])
    if not _is_api(request):
        return plainly(request, refusal) if refusal else defaults.server_error(request)
    if refusal is not None:
        return _problem(of_refusal(refusal), headers_of(refusal))
    detail = "This is our fault, not yours; the correlation id helps us to find it."
    return _problem(problem(500, "server_error", detail=detail))


def form_not_taken(request, reason=""):
    """Django's CSRF_FAILURE_VIEW: why, and what to do, for a person and for who runs the proxy."""
    ours, theirs = f"{request.scheme}://{request.get_host()}", request.headers.get("Origin", "")
    detail = (
        "Nothing was changed. Go back, load the page anew and send it again; the browser has to "
        "keep this site’s cookies."
    )
    if theirs and theirs != ours:
        detail = (
            f"Nothing was changed. The browser sends it from {theirs}, and this site believes to "
            f"be {ours}. Whoever runs it: the proxy has to tell the host, with its port, and https "
            "(docs/operations.md, Behind a proxy)."
        )
    return plainly(request, FormNotTaken(detail, reason=str(reason)))


def _is_api(request):
    return request.path_info.startswith("/api/")


def _problem(members, headers=None):
    content, status = ProblemJSONRenderer().render(members), members["status"]
    return HttpResponse(content, status=status, content_type=CONTENT_TYPE, headers=headers)
