"""What is done to the spools of a `model.Farm`.

Each verb takes the farm first, changes it or raises Refused.
"""

from decimal import Decimal

from tests.production.any_day.model import ZERO, Refused

DOUBTFUL_GRAMS, DOUBTFUL_SHARE = Decimal(50), Decimal("0.1")


def receive(farm, spool):
    """The ``model.Spool`` is on the shelf: all its verbs need is its id."""
    farm.spools[spool.pk] = spool
    farm.book().post(spool, "receipt", spool.initial)


def weigh(farm, pk, *, gross, seen=None, basis=None, confirm=False):
    """``seen``: what the book had when it was weighed, ``(grams, number of entries)``."""
    spool, missed = farm.shelved(pk), ZERO
    if seen is not None and seen[1] != sum(entry.spool == pk for entry in farm.ledger):
        if basis is None:
            raise Refused("EntriesSinceWeighing")
        missed = spool.remaining - seen[0] if basis == "then" else ZERO
    net, book = spool.net(gross), spool.remaining - missed
    off = abs(net - book)
    is_far = off > DOUBTFUL_GRAMS and off > book * DOUBTFUL_SHARE
    if (net < 0 or net > spool.initial or is_far) and not confirm:
        raise Refused("WeighingImplausible")
    _count(farm, spool, max(max(net, ZERO) + missed, ZERO))


def take(farm, pk, kind, *, grams=None, gross=None, confirm=False, is_back_dated=False):
    spool, book = farm.shelved(pk), farm.book()
    if gross is not None:
        net = spool.net(gross)
        if net > spool.remaining:
            raise Refused("AfterAboveBook")
        if net < 0 and not confirm:
            raise Refused("WeighingImplausible")
        grams = spool.remaining - max(net, ZERO)
        spool.needs_weighing = False
    if grams == 0:
        raise Refused("NothingToPost")
    if is_back_dated and grams <= spool.remaining:
        raise Refused("BackDated")
    book.take(spool, kind, grams)
    book.close()


def adjust(farm, pk, *, grams):
    if grams == 0:
        raise Refused("NothingToPost")
    spool = farm.shelved(pk)
    if spool.remaining + grams < 0:
        raise Refused("InsufficientInventory")
    farm.book().post(spool, "adjustment", grams)


def empty(farm, pk, *, as_, confirm=False):
    spool = farm.shelved(pk)
    if as_ == "waste":
        take(farm, pk, "waste", grams=spool.remaining)
        spool.needs_weighing = False
        return
    if spool.remaining > DOUBTFUL_GRAMS and not confirm:
        raise Refused("NotEmptyByBook")
    _count(farm, spool, ZERO)


def archive(farm, pk, *, discard=None):
    spool = farm.spools[pk]
    if spool.is_archived:
        raise Refused("AlreadyArchived")
    if any(line.spool == pk for run in farm.open_runs() for line in run.lines):
        raise Refused("SpoolClaimed")
    if spool.remaining and discard is None:
        raise Refused("RemainderUndecided")
    if spool.remaining and discard:
        farm.book().take(spool, "waste", spool.remaining)
    spool.is_archived = True


def send_back(farm, pk):
    spool = farm.shelved(pk)
    if any(line.spool == pk for run in farm.open_runs() for line in run.lines):
        raise Refused("SpoolClaimed")
    if not spool.remaining:
        raise Refused("NothingToReturn")
    farm.book().post(spool, "return", -spool.remaining)
    spool.is_archived = True


def restore(farm, pk):
    if not farm.spools[pk].is_archived:
        raise Refused("NotArchived")
    farm.require_not_returned([pk])
    farm.spools[pk].is_archived = False


def reverse(farm, number, *, confirm=False):
    """The entry is the ledger's ``number``-th."""
    entry = farm.ledger[number]
    is_return = entry.kind == "return"
    spool = farm.spools[entry.spool] if is_return else farm.shelved(entry.spool)
    if entry.run is not None:
        raise Refused("EntryOfRun")
    if entry.is_reversed:
        raise Refused("AlreadyReversed")
    if entry.keeps_a_count:
        raise Refused("KeepsACount")
    if entry.kind == "receipt" and any(_stands_beside(entry, other) for other in farm.ledger):
        raise Refused("ReceiptInUse")
    is_counted = farm.counted(entry.spool, number + 1)
    if is_counted and not confirm:
        raise Refused("CountedSince")
    book = farm.book()
    book.reverse(entry)
    book.close()
    spool.needs_weighing |= is_counted
    if is_return:
        spool.is_archived = False


def _stands_beside(receipt, entry):
    is_other = entry is not receipt and entry.spool == receipt.spool
    return is_other and entry.grams and not entry.is_reversed and entry.kind != "reversal"


def _count(farm, spool, net):
    farm.book().post(spool, "count", net - spool.remaining)
    spool.needs_weighing = False
