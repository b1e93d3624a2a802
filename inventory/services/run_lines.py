"""What is reported of spools, and runs: production knows these, and registers what it does."""

_registered = []


def register(lock, settle):
    """``lock(number, token, at, waits)`` locks the line of a run in progress that takes what the
    device reports of the spool of that number; it returns its id, None where there is none, or,
    unless it ``waits``, another has the lock.
    ``settle(at)`` lets runs have what was reported for them without a run, before that is posted.
    """
    _registered.append((lock, settle))


def lock(number, *, token, at, waits=True):
    how = {"token": token, "at": at, "waits": waits}
    found = (work(number, **how) for work, _settle in _registered)
    return next((line for line in found if line is not None), None)


def settle(*, at=None):
    for _lock, work in _registered:
        work(at=at)
