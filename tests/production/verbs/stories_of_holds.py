"""The verbs of holds: how each comes to be used, and where each has as much to write as can be."""

from inventory.services import holds, receiving, returning
from production.services.held_returns import return_held
from tests.factories import a_filament
from tests.production.verbs.preparation import a_table

CASES, verb = a_table()


def a_delivery(count=2):
    """Spools that were received together."""
    return receiving.receive_many(filament=a_filament(), count=count, by=None)


def a_hold(count=2):
    """A hold of the filament of so many spools."""
    [spool, *_others] = a_delivery(count)
    return holds.place(filament=spool.filament, reason="Brittle", by=None)


@verb("hold.place")
def _():
    [spool, *_others] = a_delivery()
    return lambda: holds.place(delivery_of=spool, reason="Brittle", by=None)


@verb("hold.release")
def _():
    hold = a_hold()
    return lambda: holds.release(hold, note="Fine", by=None)


@verb("hold.return")
def _():
    hold = a_hold()
    return lambda: return_held(hold, credit=10, by=None)


@verb("spool.return")
def _():
    [spool, *_others] = a_delivery()
    return lambda: returning.return_spool(spool, credit=10, by=None)


STORIES = {name: lambda arrange=arrange: arrange()() for name, arrange in CASES.items()}
