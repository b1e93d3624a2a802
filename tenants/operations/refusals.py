"""The base of every domain error.

A service raises a refusal that is defined beside it. The API answers with problem+json, a form
shows it beside the field. It names the cause, the numbers that matter and what to do next.
"""

from contextlib import contextmanager


class Refusal(Exception):
    """Nothing was written. ``code`` is stable and meant for programs, ``status`` is of HTTP,
    ``errors`` are by field, ``numbers`` are the figures that matter."""

    code = "refused"
    status = 409
    title = "The request was refused"

    def __init__(self, detail="", *, errors=None, **numbers):
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = errors or {}
        self.numbers = numbers

    @classmethod
    def of(cls, field, detail):
        """The refusal of one field's value."""
        return cls(detail, errors={field: [detail]})


@contextmanager
def located(*place):
    """Refusals in the block are of the part of a body at ``place``: ``located("items", 1)``;
    without one they stay as they are."""
    try:
        yield
    except Refusal as refusal:
        if not place:
            raise
        path = ".".join(map(str, place))
        errors = {f"{path}.{field}": texts for field, texts in refusal.errors.items()}
        refusal.errors = errors or {path: [refusal.detail]}
        raise


class Invalid(Refusal):
    code = "invalid"
    status = 400
    title = "A value is not valid"


class Duplicate(Refusal):
    code = "duplicate"
    title = "This already exists"


class InUse(Refusal):
    code = "in_use"
    title = "This is still in use"


class Stale(Refusal):
    code = "stale"
    status = 412
    title = "This was changed by somebody else in the meantime"


class OverrideNotPermitted(Refusal):
    code = "override_not_permitted"
    status = 403
    title = "Only a manager may override this"


class TooMany(Refusal):
    """Requested or attempted too often; ``retry_after_seconds`` is among the numbers."""

    code = "too_many"
    status = 429
    title = "Too many requests"


class Busy(Refusal):
    code = "busy"
    status = 503
    title = "Others are changing the same rows; try again in a moment"


class OutcomeUnknown(Refusal):
    """The one refusal after which something may have been written: see CommitUnknown."""

    code = "outcome_unknown"
    status = 503
    title = "The connection to the database was lost while this was saved"


class Unavailable(Busy):
    code = "unavailable"
    title = "The database is not available; try again in a moment"
