"""What jobs can do: an app registers a kind when it is ready."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import models


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
_of_managers = set()


def register(name, work, label="", *, is_of_managers=False):
    """``work(job, by=)`` does it and returns a Result. Jobs of kinds that managers alone begin are
    counted apart from all others."""
    _kinds[name] = work, label or name
    if is_of_managers:
        _of_managers.add(name)


def is_of_managers(name):
    return name in _of_managers


def counted_with(name):
    """The filter for the jobs that those of a kind are counted with."""
    are_of_managers = models.Q(kind__in=_of_managers)
    return are_of_managers if is_of_managers(name) else ~are_of_managers


def choices():
    return [(name, label) for name, (_work, label) in sorted(_kinds.items())]


def label_of(name):
    return dict(choices()).get(name, name)


def get(name):
    """Raises KeyError: a kind of another version of the program."""
    work, _label = _kinds[name]
    return work
