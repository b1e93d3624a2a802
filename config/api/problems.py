"""Every error of the API as RFC 9457 problem+json, the framework's own included."""

from itertools import islice

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response

from config.api.renderers import ProblemJSONRenderer
from tenants.web.failures import as_refusal, log_busy
from tenants.web.problems import MAX_ERRORS, flat, headers_of, of_refusal, problem

INVALID = "The request is not valid"
SIGN_IN = _(
    "Send “Authorization: Token spb_...” with a token from POST /api/v1/tokens/, or sign in with "
    "the browser."
)


def handler(error, context):
    """DRF's EXCEPTION_HANDLER: the problem that answers an error; None for a bug."""
    refusal = as_refusal(error)
    if _needs_json(context, refusal):
        _answer_in_json(context["request"])
    if refusal is not None:
        response = refusal_response(refusal)
        log_busy(refusal, context["request"], response)
        return response
    if isinstance(error, Http404):
        error = exceptions.NotFound(*error.args)
    elif isinstance(error, ObjectDoesNotExist):
        error = exceptions.NotFound(_("This farm has no such row."))
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied(*error.args)
    if not isinstance(error, exceptions.APIException):
        return None
    members = _of_framework(error) | _instead(error, context.get("view"))
    return Response(members, status=error.status_code, headers=_headers(error, members))


def refusal_response(refusal):
    return Response(of_refusal(refusal), status=refusal.status, headers=headers_of(refusal))


def _needs_json(context, refusal):
    """Whether the view has no page for an error (Swagger, YAML), or none without the database."""
    has_pages = ProblemJSONRenderer in context["view"].renderer_classes
    is_busy = refusal is not None and refusal.status >= 500
    return context["request"] is not None and (is_busy or not has_pages)


def _answer_in_json(request):
    request.accepted_renderer = ProblemJSONRenderer()
    request.accepted_media_type = ProblemJSONRenderer.media_type


def _of_framework(error):
    detail, code = error.detail, error.default_code
    if isinstance(error, exceptions.ValidationError):
        errors = flat(detail if isinstance(detail, dict) else {"non_field_errors": detail})
        detail = "; ".join(
            " ".join(texts) if name == "non_field_errors" else f"{name}: {' '.join(texts)}"
            for name, texts in islice(errors.items(), MAX_ERRORS)
        )
        return problem(400, "invalid", title=INVALID, detail=detail, errors=errors)
    return problem(error.status_code, code, detail=str(detail))


def _instead(error, view):
    """Members that name what is possible: to sign in (401), methods (405), types (406, 415)."""
    if isinstance(error, exceptions.NotAuthenticated):
        return {"detail": str(SIGN_IN)}
    if isinstance(error, exceptions.MethodNotAllowed):
        methods = [each for each in view.allowed_methods if each not in ("HEAD", "OPTIONS")]
        detail = _detail(_("This address takes %(values)s."), methods)
        return {"detail": f"{detail} {getattr(view, 'changed_by', '')}".strip()}
    if isinstance(error, exceptions.UnsupportedMediaType):
        accepted = [parser.media_type for parser in view.get_parsers()]
        return {"accepted": accepted, "detail": _detail(_("Send it as %(values)s."), accepted)}
    if isinstance(error, exceptions.NotAcceptable):
        available = [renderer.media_type for renderer in view.get_renderers()]
        return {"available": available, "detail": _detail(_("Available: %(values)s."), available)}
    return getattr(error, "members", {})


def _detail(message, values):
    return str(message) % {"values": ", ".join(values)}


def _headers(error, members):
    headers = {"Accept": ", ".join(members["accepted"])} if "accepted" in members else {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    return headers
