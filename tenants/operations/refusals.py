"""What a verb says when it refuses: the base of every domain error.

A refusal is raised by a service, beside the verb it belongs to, and is shown by every face: as
problem+json by the API, beside the field by a form. It names the cause, the numbers that matter
and what to do next.
"""


class Refusal(Exception):
    """A verb that was not carried out; nothing was written.

    ``code`` is stable and meant for programs, ``status`` is the HTTP status it is answered with,
    ``errors`` names the fields it concerns, ``numbers`` are the figures that matter.
    """

    code = "refused"
    status = 409
    title = "The request was refused"

    def __init__(self, detail="", *, errors=None, **numbers):
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = errors or {}
        self.numbers = numbers


class Invalid(Refusal):
    """A value that cannot be what it claims to be."""

    code = "invalid"
    status = 400
    title = "A value is not valid"


class Duplicate(Refusal):
    """A name, code or external id that must be unique is taken."""

    code = "duplicate"
    title = "This already exists"


class InUse(Refusal):
    """A row that others refer to can't be removed."""

    code = "in_use"
    title = "This is still in use"


class Stale(Refusal):
    """The row was changed since the caller read it (If-Match)."""

    code = "stale"
    status = 412
    title = "This was changed by somebody else in the meantime"


class OverrideNotPermitted(Refusal):
    """An override was asked for by someone whose role does not include it."""

    code = "override_not_permitted"
    status = 403
    title = "Only a manager may override this"


class TooMany(Refusal):
    """Asked for, or tried, too often; ``retry_after_seconds`` is among the numbers."""

    code = "too_many"
    status = 429
    title = "Too many requests"


class Busy(Refusal):
    """The database could not give the locks in time; trying again is safe."""

    code = "busy"
    status = 503
    title = "Others are changing the same rows; try again in a moment"
