"""What jobs can do: an app registers a kind when it is ready."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """A file: ``blocks`` are read within the transaction of the job."""

    name: str
    content_type: str
    blocks: Iterable[bytes]


_kinds = {}


def register(name, work):
    """``work(job, by=)`` does it and returns a Result."""
    _kinds[name] = work


def get(name):
    """Raises KeyError: a kind of another version of the program."""
    return _kinds[name]
