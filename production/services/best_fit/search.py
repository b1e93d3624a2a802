"""Looks for the plan that costs least (see `plan`).

Lines that share no spool, directly or through others, are planned apart. Where there are few ways
to combine their spools, all of them are tried. Else each line takes the spool that costs least at
that moment: in the order of the queue, by size, and by size with those first that one spool has
enough for. Single lines of the best of these plans are moved, and exchanged, as long as that costs
less, at most a fixed number of times: the same rows give the same plan, on whatever machine.
"""

from collections import defaultdict
from itertools import combinations, permutations
from math import prod

from production.services.best_fit.plan import CHANGES, SMALL, UNCOVERED, FitPlan

MOST_WAYS = 20_000  # that are all tried
MOST_TRIALS = 15_000  # of moves, in all
MOST_PIECES = 3  # of a line, where all ways are tried
MOST_SPOOLS = 12  # the same
NEIGHBORS = 16  # spools that a line is moved to, of each kind


def best_plan(lines, supplies, lots=None, *, most_ways=MOST_WAYS, most_trials=MOST_TRIALS):
    """The FitPlan of all lines."""
    lots, whole = lots or {}, [()] * len(lines)
    parts = components(lines)
    for part in parts:
        mine = FitPlan([lines[place] for place in part], supplies, lots)
        share = most_trials * len(part) // len(lines)
        found = _best_of(mine, most_ways, share)
        for place, pieces in zip(part, found, strict=True):
            whole[place] = pieces
    plan = FitPlan(lines, supplies, lots)
    for place, pieces in enumerate(whole):
        plan.place(place, pieces)
    return plan


def components(lines):
    """Places of lines by what they share: spools, or an order of which the lots are kept together;
    each part in the order of the queue."""
    parents = {}

    def root(key):
        while parents.setdefault(key, key) != key:
            parents[key] = parents[parents[key]]
            key = parents[key]
        return key

    for place, line in enumerate(lines):
        shared = [("spool", spool) for spool in line.spools]
        for key in [*shared, *(("order", group) for group in line.groups)]:
            parents[root(key)] = root(("line", place))
    parts = defaultdict(list)
    for place in range(len(lines)):
        parts[root(("line", place))].append(place)
    return list(parts.values())


def _best_of(plan, most_ways, most_trials):
    options = [_options(plan, line, most_ways) for line in range(len(plan.lines))]
    if all(options) and prod(map(len, options)) <= most_ways:
        return _try_all(plan, options)
    by_queue = range(len(plan.lines))
    by_size = sorted(by_queue, key=lambda line: -max(plan.lines[line].needs.values(), default=0))
    whole_first = sorted(by_size, key=lambda line: not _could_be_whole(plan, line))
    found = []
    for order in (by_queue, by_size, whole_first):
        for line in by_queue:
            plan.place(line, ())
        for line in order:
            plan.place(line, _cheapest(plan, line))
        found.append((tuple(plan.cost), list(plan.taken)))
    for line in by_queue:
        plan.place(line, ())
    for line, pieces in enumerate(min(found)[1]):
        plan.place(line, pieces)
    _improve(plan, most_trials)
    return plan.taken


# --- All ways ----------------------------------------------------------------------------------


def _options(plan, line, most):
    """Spools that the line could take, one or, the last as far as it is needed, several; none at
    last. Nothing where that is more than ``most``."""
    spools = plan.lines[line].spools
    if len(spools) > MOST_SPOOLS:
        return []
    found = [(spool,) for spool in spools if plan.left[spool] >= plan.need(line, spool)]
    for count in range(2, MOST_PIECES + 1) if plan.lines[line].is_divisible else ():
        for chosen in combinations(spools, count):
            if _could_divide(plan, line, chosen):
                found += [(*(spool for spool in chosen if spool != last), last) for last in chosen]
        if len(found) > most:
            return []
    return [*found, ()]


def _could_divide(plan, line, spools):
    is_one = len({plan.supplies[spool].filament for spool in spools}) == 1
    return is_one and sum(plan.left[spool] for spool in spools) >= plan.need(line, spools[0])


def _try_all(plan, options):
    """The cheapest of all ways: lines of one spool first, then the others in any order."""
    best, divided = [None, None], []
    count = len(options)
    later = [sum(plan.bits[line:]) for line in range(count + 1)]

    def note():
        if best[0] is None or tuple(plan.cost) < best[0]:
            best[:] = tuple(plan.cost), list(plan.taken)

    def go_on(line, changes):
        certain = plan.cost[UNCOVERED] - later[line] - sum(plan.bits[each] for each, _ in divided)
        if best[0] is not None and (certain, changes) > (best[0][UNCOVERED], best[0][CHANGES]):
            return
        if line == count:
            _divide_in_any_order(plan, divided, note)
            return
        for spools in options[line]:
            if len(spools) > 1:
                divided.append((line, spools))
                go_on(line + 1, changes + len(spools) - 1)
                divided.pop()
                continue
            pieces = tuple((spool, plan.need(line, spool)) for spool in spools)
            if plan.fits(line, pieces):
                plan.place(line, pieces)
                go_on(line + 1, changes)
                plan.place(line, ())

    go_on(0, 0)
    return best[1]


def _divide_in_any_order(plan, divided, note):
    for order in permutations(divided):
        for line, spools in order:
            if pieces := _pieces(plan, line, spools):
                plan.place(line, pieces)
            else:
                break
        else:
            note()
        for line, _spools in order:
            plan.place(line, ())


def _pieces(plan, line, spools):
    """All that is left of spools but the last, which gives the rest; () where that is not so."""
    *first, last = spools
    if not all(plan.left[spool] > 0 and plan.may_take(line, spool) for spool in spools):
        return ()
    rest = plan.need(line, last) - sum(plan.left[spool] for spool in first)
    if not 0 < rest <= plan.left[last]:
        return ()
    return (*((spool, plan.left[spool]) for spool in first), (last, rest))


# --- Step by step ------------------------------------------------------------------------------


def _could_be_whole(plan, line):
    """Whether a spool has enough for the line by itself, as long as nothing is taken."""
    supplies = plan.supplies
    return any(
        supplies[each].available >= plan.need(line, each) for each in plan.lines[line].spools
    )


def _cheapest(plan, line):
    """What costs least for a line that takes nothing yet."""
    whole = [
        spool
        for spool in _unlike(plan, line)
        if plan.left[spool] >= plan.need(line, spool) and plan.may_take(line, spool)
    ]
    if whole:
        spool = min(whole, key=lambda spool: _added(plan, line, spool))
        return ((spool, plan.need(line, spool)),)
    return _fewest(plan, line) if plan.lines[line].is_divisible else ()


def _unlike(plan, line):
    """The spools of the line; of those that nothing tells apart, and nothing is taken from, one."""
    seen, has_orders = set(), bool(plan.lines[line].groups)
    for spool in plan.lines[line].spools:
        each = plan.supplies[spool]
        if not (plan.drawn[spool] or each.uses or each.printer):
            key = each.available, each.filament, each.is_sealed, has_orders and each.lot
            if key in seen:
                continue
            seen.add(key)
        yield spool


def _added(plan, line, spool):
    """What the line adds to the cost if it takes the spool, from the small rest on."""
    need = plan.need(line, spool)
    small, carried, opened, left = plan.of_spool(spool)
    plan.left[spool] -= need
    plan.drawn[spool][line] = need
    then = plan.of_spool(spool)
    del plan.drawn[spool][line]
    plan.left[spool] += need
    lots = bool(plan.lines[line].groups) and not plan.has_lot(line, spool)
    added = then[0] - small, lots, then[1] - carried, then[2] - opened, then[3] - left
    return *added, spool


def _fewest(plan, line):
    """The fewest spools of a filament that have enough together, the last as small as can be."""
    of_filament = defaultdict(list)
    for spool in plan.lines[line].spools:
        if plan.left[spool] > 0 and plan.may_take(line, spool):
            of_filament[plan.supplies[spool].filament].append(spool)
    found = []
    for spools in of_filament.values():
        spools.sort(key=lambda spool: (-plan.left[spool], spool))
        rest, first = plan.need(line, spools[0]), []
        for spool in spools:
            if plan.left[spool] >= rest:
                last = min(
                    (each for each in spools if each not in first and plan.left[each] >= rest),
                    key=lambda each: (0 < plan.left[each] - rest < SMALL, plan.left[each], each),
                )
                pieces = (*((each, plan.left[each]) for each in first), (last, rest))
                found.append((len(pieces), plan.left[last] - rest, pieces))
                break
            first.append(spool)
            rest -= plan.left[spool]
    return min(found)[2] if found else ()


def _improve(plan, most_trials):
    trials = _Trials(plan, most_trials)
    near = [_neighbors(plan, line) for line in range(len(plan.lines))]
    is_better = True
    while is_better and trials.left > 0:
        is_better = False
        hardest = sorted(range(len(near)), key=lambda line: len(plan.taken[line]) == 1)
        for line in hardest:
            if _move(trials, line, near):
                is_better = True
            if trials.left <= 0:
                break


def _neighbors(plan, line):
    """Spools that are tried for the line: what is loaded in its printer, of its lots, the
    smallest that suffice, and the largest."""
    spools, printer = plan.lines[line].spools, plan.lines[line].printer
    whole = [spool for spool in spools if plan.supplies[spool].available >= plan.need(line, spool)]
    by_size = sorted(whole, key=lambda spool: (plan.supplies[spool].available, spool))
    loaded = [spool for spool in whole if printer and plan.supplies[spool].printer == printer]
    of_lot = [spool for spool in by_size if plan.has_lot(line, spool)]
    drawn = [spool for spool in whole if plan.drawn[spool]]
    found = [*loaded, *drawn[:NEIGHBORS], *of_lot[:NEIGHBORS], *by_size[:NEIGHBORS]]
    return list(dict.fromkeys([*found, *by_size[-NEIGHBORS:]]))


def _move(trials, line, near):
    """Move the line to the first spool that makes the plan cost less, another one out of its way
    if need be; whether there is one."""
    plan = trials.plan
    for spool in near[line]:
        if any(spool == taken for taken, _grams in plan.taken[line]):
            continue
        pieces = ((spool, plan.need(line, spool)),)
        if plan.fits(line, pieces):
            if trials.try_to([(line, pieces)]):
                return True
        elif _exchange(trials, line, pieces, near):
            return True
        if trials.left <= 0:
            return False
    return False


def _exchange(trials, line, pieces, near):
    plan = trials.plan
    [(spool, need)], former = pieces, plan.taken[line]
    own = [taken for taken, _grams in former]
    for other, grams in list(plan.drawn[spool].items()):
        if len(plan.taken[other]) > 1 or plan.left[spool] + grams < need:
            continue
        for place in [*own, *near[other]]:
            if place == spool or place not in plan.lines[other].spools:
                continue
            instead = ((place, plan.need(other, place)),)
            if trials.try_to([(line, ()), (other, instead), (line, pieces)]):
                return True
            if trials.left <= 0:
                return False
    return False


class _Trials:
    """Changes of a plan that stay where it costs less than before, and ``left`` of them."""

    def __init__(self, plan, most):
        self.plan, self.left = plan, most

    def try_to(self, changes):
        plan, cost = self.plan, tuple(self.plan.cost)
        former = [(line, plan.taken[line]) for line in {line for line, _pieces in changes}]
        self.left -= 1
        for line, pieces in changes:
            if not plan.fits(line, pieces):
                break
            plan.place(line, pieces)
        else:
            if tuple(plan.cost) < cost:
                return True
        for line, _pieces in former:
            plan.place(line, ())
        for line, pieces in former:
            plan.place(line, pieces)
        return False
