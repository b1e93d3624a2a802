"""Answers in Spoolman's words: JSON with status 200, ``message``, or ``detail``."""

import gzip
import json
import math
from http import HTTPStatus

import orjson
from django.http import HttpResponse

from tenants.web.problems import headers_of

COMPRESSED_BYTES = 500  # and more
LEVEL = 1  # of gzip: lists are long, and read every minute
HEADERS = {"Vary": "Accept-Encoding", "Cache-Control": "private, no-cache"}
MAX_ECHO_LENGTH = 500
# Of a Refusal. All others are 400: a 404 is a spool that is gone.
STATUSES = {403, 411, 412, 413, 429, 503}
REALM = 'Basic realm="Spoolbook"'


class Failure(Exception):
    """An answer with ``message``, which clients show."""

    def __init__(self, status, message, headers=None):
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


class InvalidShape(Exception):
    """Items of an answer 422."""

    def __init__(self, items):
        super().__init__(items)
        self.items = items


def item(kind, location, message, given, **context):
    """What is wrong with one value, as pydantic writes it."""
    found = {"type": kind, "loc": location, "msg": message, "input": _echo(given)}
    return found | ({"ctx": context} if context else {})


def item_of(error, location, given):
    """The same, of a value that is Unusable."""
    return item(error.kind, location, error.message, given, **error.context)


def missing(location, given=None):
    return item("missing", location, "Field required", given)


def as_json(data, request, *, status=200, headers=None):
    """Data of dicts, lists, texts, floats and aware moments."""
    content = orjson.dumps(data, option=orjson.OPT_UTC_Z)
    return _response(content, request, status=status, headers=headers)


def of_failure(failure, request):
    answer = {"message": failure.message}
    return as_json(answer, request, status=failure.status, headers=failure.headers)


def of_refusal(refusal, request):
    headers = headers_of(refusal)  # of what is worth trying again, which a 400 is not
    status = refusal.status if headers or refusal.status in STATUSES else 400
    answer = {"message": str(refusal.detail)}
    return as_json(answer, request, status=status, headers=headers)


def of_shape(error, request):
    content = json.dumps({"detail": error.items}, default=float).encode()
    return _response(content, request, status=422, headers=None)


def of_route(status, request, headers=None):
    """No such route, or method."""
    return as_json({"detail": HTTPStatus(status).phrase}, request, status=status, headers=headers)


def of_method(methods, request):
    return of_route(405, request, {"Allow": ", ".join(methods)})


def accepts_gzip(request):
    return "gzip" in request.headers.get("Accept-Encoding", "")


def not_signed_in(message):
    return Failure(401, message, {"WWW-Authenticate": REALM})


def _response(content, request, *, status, headers):
    headers = HEADERS | (headers or {})
    if len(content) >= COMPRESSED_BYTES and accepts_gzip(request):
        content = gzip.compress(content, LEVEL, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return HttpResponse(content, "application/json", status=status, headers=headers)


def _echo(value):
    """What was sent, if it is short and JSON has a word for it."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    try:
        text = json.dumps(value, default=float, allow_nan=False)
    except ValueError:  # with a number that is none
        text = None
    return value if text and len(text) <= MAX_ECHO_LENGTH else str(value)[:MAX_ECHO_LENGTH]
