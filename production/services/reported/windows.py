"""How long before its start, and after its end, what is reported of its spools is of a run."""

from datetime import timedelta

BEFORE, AFTER = timedelta(minutes=30), timedelta(hours=12)


def is_late(finished_at, at):
    return finished_at <= at <= finished_at + AFTER
