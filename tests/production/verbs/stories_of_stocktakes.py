"""The verbs of stocktakes: how each comes to be used, and where each has as much to write as can
be."""

from inventory.models import Location
from production.services.stocktaking import posting, recording, sessions
from tests.factories import a_filament, a_spool
from tests.production.verbs.preparation import a_table

CASES, verb = a_table()


def a_stocktake(count=2):
    """An open stocktake, of a place with so many spools, and one of its lines."""
    here, filament = Location.objects.create(name="Shelf 9"), a_filament()
    for _ in range(count):
        a_spool(1000, filament=filament, location=here)
    stocktake = sessions.begin(location=here, by=None)
    return stocktake, stocktake.lines.order_by("pk").first()


def recorded():
    """The same with a spool that is lighter, one that was not found, and one found elsewhere."""
    stocktake, line = a_stocktake()
    recording.record(stocktake, spool=line.spool, net_grams=900, by=None)
    recording.mark_rest_missing(stocktake, by=None)
    recording.record(stocktake, spool=a_spool(500), result="as_book", moves=True, by=None)
    return stocktake, line


def posted():
    return posting.post(recorded()[0], reason="Year end", missing="archive", by=None)


@verb("stocktake.begin")
def _():
    spool = a_spool(location=Location.objects.create(name="Shelf 9"))
    return lambda: sessions.begin(location=spool.location, by=None)


@verb("stocktake.record")
def _():
    stocktake, line = a_stocktake()
    return lambda: recording.record(stocktake, spool=line.spool, net_grams=900, by=None)


@verb("stocktake.note_unknown")
def _():
    stocktake, _line = a_stocktake()
    return lambda: recording.note_unknown(stocktake, text="LOT 17", by=None)


@verb("stocktake.mark_rest_missing")
def _():
    stocktake, _line = a_stocktake()
    return lambda: recording.mark_rest_missing(stocktake, by=None)


@verb("stocktake.take_back")
def _():
    stocktake, line = recorded()
    return lambda: recording.take_back(stocktake, line=line, by=None)


@verb("stocktake.post")
def _():
    stocktake, _line = recorded()
    return lambda: posting.post(stocktake, reason="Year end", missing="archive", by=None)


@verb("stocktake.undo")
def _():
    stocktake = posted()
    return lambda: posting.undo(stocktake, by=None)


@verb("stocktake.cancel")
def _():
    stocktake, _line = recorded()
    return lambda: sessions.cancel(stocktake, by=None)


STORIES = {name: lambda arrange=arrange: arrange()() for name, arrange in CASES.items()}
