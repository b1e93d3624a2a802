"""Every error of the API as RFC 9457 problem+json, the framework's own included."""

from decimal import Decimal
from http import HTTPStatus

from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response

from tenants.accounts import records
from tenants.errors import Busy, Invalid, Refusal, TooLarge
from tenants.operations import correlation_id

CONTENT_TYPE = "application/problem+json"
RETRY_SECONDS = "1"


class Unavailable(Busy):
    """The database does not answer."""

    code = "unavailable"
    title = "The database can't be reached; try again in a moment"


class UnusableText(Invalid):
    """NUL, or half of a surrogate pair: no text that can be kept."""

    code = "unusable_text"
    title = "The request holds a character or a number that can't be kept"


def handler(error, context):
    """DRF's EXCEPTION_HANDLER: the problem that answers an error; None for a fault of ours."""
    refusal = as_refusal(error)
    if refusal is not None:
        return answer(refusal)
    if isinstance(error, (Http404, ObjectDoesNotExist)):
        error = exceptions.NotFound("There is nothing here of this farm.")
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied(*error.args)
    if not isinstance(error, exceptions.APIException):
        return None
    return Response(_of_framework(error), status=error.status_code, headers=_headers(error))


def answer(refusal):
    """The response that answers a Refusal."""
    headers = {"Retry-After": RETRY_SECONDS} if refusal.status == 503 else None
    return Response(of_refusal(refusal), status=refusal.status, headers=headers)


def as_refusal(error):
    """What Python's, Django's or the database's error means to a caller; None when not theirs."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, IntegrityError):
        return records.refusal_of(error)
    if isinstance(error, (OperationalError, InterfaceError)):
        return Busy() if _sqlstate(error)[:2] in {"40", "55", "57"} else Unavailable()
    if isinstance(error, (DataError, UnicodeError)):
        return UnusableText()
    if isinstance(error, RequestDataTooBig):
        return TooLarge()
    if isinstance(error, (SuspiciousOperation, UnreadablePostError)):
        return Invalid("The request can't be read.")
    return None


def of_refusal(refusal):
    """A Refusal as the members of a problem; its numbers as strings."""
    return problem(
        refusal.status,
        refusal.code,
        title=refusal.title,
        detail=refusal.detail,
        errors=flat(refusal.errors) or None,
        **refusal.numbers,
    )


def problem(status, code, *, title="", detail="", **members):
    """The members of a problem, without those that are None."""
    return {
        "type": f"/problems/{code}",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "correlation_id": correlation_id.get(),
        **{name: _shown(value) for name, value in members.items() if value is not None},
    }


def flat(errors, prefix=""):
    """``{"items": [{}, {"quantity": [...]}]}`` as ``{"items.1.quantity": [...]}``."""
    found = {}
    pairs = errors.items() if isinstance(errors, dict) else enumerate(errors)
    for name, value in pairs:
        path = f"{prefix}.{name}" if prefix else str(name)
        if isinstance(value, dict) or (isinstance(value, list) and _is_nested(value)):
            found |= flat(value, path)
        elif value:
            found[path] = [str(each) for each in (value if isinstance(value, list) else [value])]
    return found


def _is_nested(values):
    return any(isinstance(value, (dict, list)) for value in values)


def _of_framework(error):
    detail, code = error.detail, error.default_code
    if isinstance(error, exceptions.ValidationError):
        errors = flat(detail if isinstance(detail, dict) else {"non_field_errors": detail})
        said = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in errors.items())
        return problem(400, "invalid", title="The request is not valid", detail=said, errors=errors)
    return problem(error.status_code, code, detail=str(detail))


def _headers(error):
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait) + 1)
    return headers


def _sqlstate(error):
    return getattr(error.__cause__, "sqlstate", None) or ""


def _shown(value):
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        return {str(name): _shown(each) for name, each in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_shown(each) for each in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
