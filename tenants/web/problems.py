"""Errors as RFC 9457 problem+json."""

from decimal import Decimal
from http import HTTPStatus
from itertools import islice

from tenants.operations.operation import correlation_id
from tenants.operations.refusals import OutcomeUnknown

CONTENT_TYPE = "application/problem+json"
MAX_ERRORS = 20  # that are named; how many more there are is a figure
MAX_NAME_LENGTH, MAX_TEXT_LENGTH, MAX_DETAIL_LENGTH = 60, 300, 1_000  # letters
RETRY_SECONDS = 1  # when the rows are busy


def problem(status, code, *, title="", detail="", **members):
    """The members of a problem, without those that are None: a few kB, whatever was sent."""
    if errors := members.get("errors"):
        members["errors"] = dict(map(_shortened, islice(errors.items(), MAX_ERRORS)))
        members["more_errors"] = max(len(errors) - MAX_ERRORS, 0) or None
    return {
        "type": f"/problems/{code}",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": shorten(str(detail), MAX_DETAIL_LENGTH),
        "correlation_id": correlation_id.get(),
        **{name: _json_value(value) for name, value in members.items() if value is not None},
    }


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


def headers_of(refusal):
    """``Retry-After``, where trying again is worth it: seconds."""
    is_worth_it = refusal.status in (429, 503) and not isinstance(refusal, OutcomeUnknown)
    seconds = refusal.numbers.get("retry_after_seconds", RETRY_SECONDS if is_worth_it else None)
    return {} if seconds is None else {"Retry-After": str(seconds)}


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


def shorten(text, most):
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _shortened(error):
    name, texts = error
    return shorten(name, MAX_NAME_LENGTH), [shorten(text, MAX_TEXT_LENGTH) for text in texts[:5]]


def _is_nested(values):
    return any(isinstance(value, (dict, list)) for value in values)


def _json_value(value):
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        return {str(name): _json_value(each) for name, each in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_json_value(each) for each in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
