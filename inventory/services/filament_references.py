"""What else refers to filaments: production knows it, and registers how that follows a merge."""

_registered = []


def register(references):
    """A module with ``lock(target, double)``, before any other lock; ``require_free(spools)``, of
    ids of locked spools; ``move(target, double, by, at)``, which returns what it changed, as JSON,
    and the parts of a sentence that say so; and ``put_back(target, double, before, by, at)``."""
    _registered.append(references)


def lock(target, double):
    for each in _registered:
        each.lock(target, double)


def require_free(spools):
    for each in _registered:
        each.require_free(spools)


def move(target, double, *, by, at):
    before, found = {}, []
    for each in _registered:
        changed, sentences = each.move(target, double, by=by, at=at)
        before |= changed
        found += sentences
    return before, found


def put_back(target, double, before, *, by, at):
    for each in _registered:
        each.put_back(target, double, before, by=by, at=at)
