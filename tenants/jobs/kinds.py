"""What jobs can do: an app registers a kind when it is ready."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """A file, whose ``blocks`` are read within the transaction of the job; or one that is elsewhere
    (``url``). ``discard`` is called when the job has no effect after all."""

    name: str
    content_type: str = ""
    blocks: Iterable[bytes] = ()
    url: str = ""
    discard: Callable = lambda: None


_kinds = {}


def register(name, work, label=""):
    """``work(job, by=)`` does it and returns a Result."""
    _kinds[name] = work, label or name


def choices():
    return [(name, label) for name, (_work, label) in sorted(_kinds.items())]


def label_of(name):
    return dict(choices()).get(name, name)


def get(name):
    """Raises KeyError: a kind of another version of the program."""
    work, _label = _kinds[name]
    return work
