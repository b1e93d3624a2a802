"""How far long work is: a service counts steps, whoever waits for them is told.

Without somebody who waits, as in a request, counting does nothing.
"""

from contextlib import contextmanager
from contextvars import ContextVar

STEP = 500  # rows that are counted at once

_counter = ContextVar("progress_counter", default=None)


@contextmanager
def counted_by(counter):
    """Within it ``counter(steps)`` is called as steps are done; what it raises ends the work."""
    token = _counter.set(counter)
    try:
        yield
    finally:
        _counter.reset(token)


def count(steps):
    counter = _counter.get()
    if counter is not None and steps:
        counter(steps)


def counting(rows):
    """The rows, each counted as a step once it is done with."""
    waiting = 0
    for row in rows:
        yield row
        waiting += 1
        if waiting == STEP:
            count(waiting)
            waiting = 0
    count(waiting)
