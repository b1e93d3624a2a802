"""Estimates of what a run used of a material without a statement.

Plan and percent are of a requirement as a whole: of all lines that ask for the same filament, or
material type. A line of the plan takes its own share of it, and so does one that was added with
grams of its own; one that goes on where another stopped takes what is left. Of spools that follow
each other a percent takes the first one whole before it takes anything of the next.
"""

from collections import defaultdict
from decimal import Decimal

from inventory.services.ledger import ZERO
from production.services.requirements import chains
from tenants.operations.quantities import grams as to_grams


def requirements(lines):
    """The lines by what they ask for: a list of lists."""
    together = defaultdict(list)
    for line in lines:
        together[line.filament_id, line.material_type_id].append(line)
    return list(together.values())


def goes_on(line):
    """Whether it has no grams of its own, as a spool that was swapped in: it takes the rest."""
    return line.expected_grams is not None and not expected(line)


def expected(line):
    """Part and purge grams it was planned with, or added with after the start."""
    return line.planned_total_grams + (line.expected_grams or ZERO)


def estimates(lines, percent=100):
    """Part and purge grams of lines without an actual by ``percent`` of what was planned:
    ``{line id: (part, purge)}``.

    None for a line whose requirement has nothing left, or nothing planned, for it.
    """
    share, found = Decimal(percent) / 100, {}
    for whole in requirements(lines):
        unknown = [line for line in whole if line.actual_grams is None]
        unknown = [line for line in unknown if line.gross_after_grams is None]
        own = [line for line in unknown if not goes_on(line)]
        for together in _in_turn(own) if share < 1 else [[line] for line in own]:
            found |= _own_shares(together, share)
        rests = [line for line in unknown if goes_on(line)]
        is_weighed = any(
            line.actual_grams is None and line.gross_after_grams is not None for line in whole
        )
        if len(rests) == 1 and not is_weighed:
            guessed = [found[line.pk] for line in own]
            if rest := _rest(whole, share, guessed):
                found[rests[0].pk] = rest
    return found


def _in_turn(lines):
    """Lines of a requirement by slot of the file; those that are printed one after another
    together, each other by itself."""
    of_slot = defaultdict(list)
    for line in lines:
        of_slot[line.sliced_slot].append(line)
    for mine in of_slot.values():
        is_chain = chains.is_chain([line.spool_id and line.spool for line in mine])
        yield from [mine] if is_chain else ([line] for line in mine)


def _own_shares(lines, share):
    """What a share of the plan takes of lines: all of the first one before any of the next."""
    planned = [line.planned_grams + (line.expected_grams or ZERO) for line in lines]
    flushed = [line.planned_purge_grams for line in lines]
    parts, purge = (
        chains.in_order(to_grams(sum(each) * share), each) for each in (planned, flushed)
    )
    pairs = zip(parts, purge, strict=True)
    return {line.pk: pair for line, pair in zip(lines, pairs, strict=True)}


def _rest(whole, share, guessed):
    """What is left of a requirement, as part and purge; None where nothing is."""
    taken = [(line.actual_grams, line.actual_purge_grams or ZERO) for line in whole]
    taken = [*guessed, *(pair for pair in taken if pair[0] is not None)]
    left = to_grams(sum(map(expected, whole)) * share, signed=True) - sum(map(sum, taken))
    if left <= 0:
        return None
    purge = to_grams(sum(line.planned_purge_grams for line in whole) * share)
    purge = min(max(purge - sum(pair[1] for pair in taken), ZERO), left)
    return left - purge, purge
