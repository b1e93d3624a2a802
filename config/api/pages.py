"""Views of errors outside of API views: JSON for programs below /api/, for printers and slicers, or
pages.

Django's own read the form that was sent, for its CSRF token, and fail where it can't be read.
"""

import sys

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from config.api.renderers import ProblemJSONRenderer
from tenants.operations.refusals import Refusal
from tenants.web import middleware
from tenants.web.failures import as_refusal
from tenants.web.problems import CONTENT_TYPE, headers_of, of_refusal, problem
from tenants.web.requests import render_refusal, short_answer, wants_json


class FormNotTaken(Refusal):
    """A form whose CSRF token is missing or out of date, or whose origin is another site."""

    code = "form_not_taken"
    status = 403
    title = "This form was not accepted"


@csrf_exempt
def no_such_address(request):
    """Any other address below /api/, so that Django redirects none to one with a slash."""
    raise Http404


no_such_address.receives_body = True  # never: a 404 does not wait for it
no_such_address.help_topic = "api#errors"


def not_found(request, exception):
    if answer := short_answer(request, _("There is no such address."), 404):
        return answer
    detail = ""
    if _is_api(request):
        detail = _("There is no such address; those of the API end in a slash.")
        if wants_json(request):
            return _problem(problem(404, "not_found", detail=detail))
    return render(request, "404.html", {"detail": detail}, status=404)


def not_permitted(request, exception):
    if answer := short_answer(request, str(exception) or _("This is not permitted."), 403):
        return answer
    return render(request, "403.html", {"exception": str(exception)}, status=403)


def bad_request(request, exception):
    if answer := short_answer(request, _("The request can't be read."), 400):
        return answer
    if _is_api(request) and wants_json(request):
        return _problem(problem(400, "invalid", detail=_("The request can't be read.")))
    return HttpResponse(render_to_string("400.html"), status=400)


def server_error(request):
    error = sys.exc_info()[1]
    if answer := middleware.trouble_of_farm(request, error):
        return answer
    refusal = as_refusal(error)
    if answer := short_answer(request, _("The server failed; its log has the reason."), 500):
        return render_refusal(request, refusal) if refusal else answer
    if not (_is_api(request) and wants_json(request)):
        return render_refusal(request, refusal) if refusal else _failed(request)
    if refusal is not None:
        return _problem(of_refusal(refusal), headers_of(refusal))
    detail = _("The server failed. The correlation id leads to the entry in its log.")
    return _problem(problem(500, "server_error", detail=detail))


def _failed(request):
    """Without the request: what renders a page of a farm may be what failed."""
    context = {"correlation_id": request.correlation_id}
    return HttpResponse(render_to_string("500.html", context), status=500)


def form_not_taken(request, reason=""):
    """Django's CSRF_FAILURE_VIEW: why, and what to do, for a person and for who runs the proxy."""
    site = f"{request.scheme}://{request.get_host()}"
    origin = request.headers.get("Origin", "")
    detail = _(
        "Nothing was changed. Load the page again and resend the form; the browser has to accept "
        "this site’s cookies."
    )
    if origin and origin != site:
        detail = _(
            "Nothing was changed. The form was sent from %(origin)s, but the address of this site "
            "is %(site)s. The proxy has to pass on the host, with its port, and https "
            "(docs/operations.md, Behind a proxy)."
        ) % {"origin": origin, "site": site}
    return render_refusal(request, FormNotTaken(detail, reason=str(reason)))


def _is_api(request):
    return request.path_info.startswith("/api/")


def _problem(members, headers=None):
    content, status = ProblemJSONRenderer().render(members), members["status"]
    return HttpResponse(content, status=status, content_type=CONTENT_TYPE, headers=headers)
