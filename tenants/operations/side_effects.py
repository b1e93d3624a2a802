"""Changes that a service made besides the requested one; views include them in the answer."""

from contextlib import contextmanager
from contextvars import ContextVar

_reported = ContextVar("reported_changes", default=None)


@contextmanager
def collected():
    """Yields a list; what is reported in the block is appended to it."""
    reported = []
    token = _reported.set(reported)
    try:
        yield reported
    finally:
        _reported.reset(token)


def report(changes):
    """Report changes besides the requested one; ``str()`` of each is a sentence."""
    reported = _reported.get()
    if reported is not None:
        reported.extend(changes)
