"""Grams of lines that follow each other: several spools for what one of them asked for.

Where all spools but the last give whatever is available, they were chosen for what the plan was:
another plan is divided anew, in their order, and a spool that it does not need gives nothing.
Others keep their proportion. The parts are exactly the whole.
"""

from inventory.services.ledger import ZERO
from tenants.operations.quantities import grams as to_grams


def divide(figure, lines, book):
    """Give lines a ``figure`` of grams and purge grams, which all of them take together."""
    rooms = _rooms(lines, book)
    if rooms is None:
        _keep_proportion(figure, lines)
    else:
        _fill(figure, lines, rooms)


def total(lines):
    """``(grams, purge grams)`` that lines are planned with together."""
    grams = sum((line.planned_grams for line in lines), ZERO)
    return grams, sum((line.planned_purge_grams for line in lines), ZERO)


def is_chain(spools):
    """Whether these spools of lines of one requirement follow each other, as none but the last has
    anything more to give. None is no spool."""
    if len(spools) < 2 or None in spools or len({each.filament_id for each in spools}) > 1:
        return False
    return all(spool.available_grams <= 0 for spool in spools[:-1])


def in_order(whole, rooms):
    """The ``whole`` in parts, each at most the room for it; the last has the rest."""
    parts = []
    for room in rooms[:-1]:
        parts.append(min(whole, room))
        whole -= parts[-1]
    return [*parts, whole]


def _rooms(lines, book):
    """What each spool could give; None where it is not the reason of the division."""
    spools = [book and line.spool_id and book.spools.get(line.spool_id) for line in lines]
    if not is_chain(spools):
        return None
    claimed = zip(spools, lines, strict=True)
    return [max(spool.available_grams + line.reserved_grams, ZERO) for spool, line in claimed]


def _fill(figure, lines, rooms):
    purge = in_order(figure[1], rooms)
    grams = in_order(figure[0], [room - part for room, part in zip(rooms, purge, strict=True)])
    for line, part, flushed in zip(lines, grams, purge, strict=True):
        line.planned_grams, line.planned_purge_grams = part, flushed


def _keep_proportion(figure, lines):
    """As they were spread before; the last has the rest."""
    weights = [line.planned_total_grams for line in lines]
    weights = weights if any(weights) else [1] * len(lines)
    left, whole = figure, sum(weights)
    for line, weight in zip(lines[:-1], weights, strict=False):
        shares = [to_grams(grams * weight / whole) for grams in figure]
        line.planned_grams, line.planned_purge_grams = map(min, shares, left)
        left = (left[0] - line.planned_grams, left[1] - line.planned_purge_grams)
    lines[-1].planned_grams, lines[-1].planned_purge_grams = left
