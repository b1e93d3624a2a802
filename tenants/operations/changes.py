"""What else a change changed: services report it, whoever called them answers with it."""

from contextlib import contextmanager
from contextvars import ContextVar

_reported = ContextVar("reported_changes", default=None)


@contextmanager
def collected():
    """Yields the list that changes reported in the block are added to."""
    reported = []
    token = _reported.set(reported)
    try:
        yield reported
    finally:
        _reported.reset(token)


def report(changes):
    """Report changes that the caller did not ask for by name; each is a sentence as ``str()``."""
    reported = _reported.get()
    if reported is not None:
        reported.extend(changes)
