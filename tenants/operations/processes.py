"""The same work for many, by several processes at once, each of which ends with the one that
started it."""

import os
import signal
from collections import deque
from multiprocessing import get_context
from multiprocessing.connection import wait

from django.db import connections

REFRESH_AFTER = 20  # a connection to the database has grown with each schema that it has read


def in_processes(work, items, *, count):
    """Call ``work(item)`` for each of the items, ``count`` at once; yields ``(item, result,
    failure)`` as each is done, where a failure is the text of what was raised, and None otherwise.

    For a few items it is done in this process. Results are pickled. The work of a process that is
    killed has failed, and the others go on with the rest.
    """
    left = deque(items)
    if count < 2 or len(left) <= count:
        yield from ((item, *_attempt(work, item)) for item in left)
        return
    busy = {}
    for _ in range(min(count, len(left))):
        _give(left, _started(work), busy)
    while busy:
        for end in wait(list(busy)):
            item = busy.pop(end)
            try:
                result, failure = end.recv()
            except (EOFError, OSError):
                yield item, None, "Its process has ended."
                end = _started(work) if left else None
            else:
                yield item, result, failure
            _give(left, end, busy)


def default_count():
    """As many as there are cores for this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _give(left, end, busy):
    if end is None:
        return
    if left:
        busy[end] = left.popleft()
        end.send(busy[end])
    else:
        end.close()


def _started(work):
    context = get_context("fork")  # with what this process has loaded
    ours, theirs = context.Pipe()
    context.Process(target=_serve, args=(work, ours, theirs), daemon=True).start()
    theirs.close()
    return ours


def _serve(work, ours, theirs):
    ours.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the one that waits for this
    for each in connections.all(initialized_only=True):  # those that were open are not ours
        del connections[each.alias]
    done = 0
    while True:
        try:
            item = theirs.recv()
        except (EOFError, OSError):
            break
        theirs.send(_attempt(work, item))
        done += 1
        if done % REFRESH_AFTER == 0:
            connections.close_all()
    connections.close_all()


def _attempt(work, item):
    """The result and None, or None and why there is none."""
    try:
        return work(item), None
    except Exception as error:
        return None, " ".join(str(error).split()) or type(error).__name__
