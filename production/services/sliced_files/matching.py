"""What a sliced file is printed with: each of its slots is matched with what is loaded in the
printer and what is on the shelf. Queries only, six however many slots and spools there are; net
grams, of which what open runs reserve is not available."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from heapq import nsmallest

from inventory.models import MaterialType, Spool
from inventory.services import material_types
from production.models import RunMaterial, SlicerCorrection
from production.services.reports.demand import Blocker
from production.services.sliced_files import blockers, proposals
from production.services.sliced_files.proposals import SpoolCandidate, SpoolProposal, WantedSlot
from production.services.sliced_files.shelf_rows import shelf_rows


@dataclass(frozen=True, kw_only=True)
class MatchedSlot:
    """A slot of a file and the spools proposed for it, best first. ``needed_grams`` are of all
    plates; ``material_type`` is what the farm calls the slot's material, None where it has none.
    ``chosen`` is what was chosen by hand, else the best one that has enough: each spool once.
    ``blockers`` are what keeps a run with it from starting."""

    wanted: WantedSlot
    needed_grams: Decimal | None
    material_type: MaterialType | None
    proposals: tuple[SpoolProposal, ...]
    chosen: SpoolProposal | None
    blockers: tuple[Blocker, ...]


def match(slots, *, printer=None, plates=1, by_hand=None, most=5):
    """A MatchedSlot for each of the WantedSlots, in their order.

    ``printer`` is where it is to print, None where that is not known; ``by_hand`` are spools that
    somebody has chosen, by the number of their slot: ``{slot: Spool}``. At most ``most`` proposals
    a slot.
    """
    by_hand = {number: spool.pk for number, spool in (by_hand or {}).items() if spool}
    types = material_types.of_labels({each.material for each in slots})
    kinds = None if None in types.values() else set(types.values())
    rows = shelf_rows(printer=printer, material_types=kinds, besides=by_hand.values())
    searches = [
        _Search(each, plates, types[each.material], by_hand.get(each.slot)) for each in slots
    ]
    loaded = Counter()
    for row in rows:
        if row.is_loaded:
            loaded[row.filament_id] += row.free
    factors, printing = _factors(rows, printer), printing_from(printer)
    for search in searches:
        search.look_through(rows, loaded, factors, printing, most=most + len(slots))
    chosen = _choose(searches)
    ids = {pk for search in searches for pk in search.candidates}
    spools = Spool.objects.with_filament().select_related("printer_slot__printer").in_bulk(ids)
    return [
        search.matched(pk, spools, printer=printer, taken=set(chosen) - {pk}, most=most)
        for search, pk in zip(searches, chosen, strict=True)
    ]


def _factors(rows, printer):
    """``{filament id: factor}`` of what was accepted for them on the printer."""
    on = printer and printer.pk
    found = SlicerCorrection.objects.factors({(row.filament_id, on) for row in rows})
    return {filament: factor for (filament, _printer), factor in found.items()}


def printing_from(printer):
    """``{spool id: Printer}`` of what other printers print from now."""
    lines = RunMaterial.objects.printed_elsewhere(printer)
    return {line.spool_id: line.run.printer for line in lines.select_related("run__printer")}


class _Search:
    """A slot, and what suits it: ``candidates`` by the id of their spool, best first."""

    def __init__(self, wanted, plates, material_type, by_hand):
        self.wanted, self.material_type, self.by_hand = wanted, material_type, by_hand
        self.needed = None if wanted.grams is None else wanted.grams * plates

    def look_through(self, rows, loaded, factors, printing, *, most):
        """``loaded`` are grams that are free in the printer, ``factors`` what plans multiply the
        slicer's grams by, both by filament; ``printing`` as `printing_from` has it."""
        fits, found = {}, []
        for row in rows:
            if row.filament_id not in fits:
                fits[row.filament_id] = self._fit(row)
            fit = None if row.archived_at else fits[row.filament_id]
            if fit or row.pk == self.by_hand:
                fit = fit or proposals.suits(self.wanted, self.material_type, row)
                twins = loaded[row.filament_id] - row.free if row.is_loaded else Decimal(0)
                needed = self.needed and self.needed * factors[row.filament_id]
                found.append(SpoolCandidate(row, fit, needed, twins, printing.get(row.pk)))
        self.in_all = sum((each.row.free for each in found), Decimal(0))
        best = nsmallest(most, found, key=self.rank)
        best += [each for each in found if each.row.pk == self.by_hand]
        self.candidates = {each.row.pk: each for each in best}

    def _fit(self, row):
        if proposals.is_unfit(self.wanted, self.material_type, row):
            return None
        return proposals.suits(self.wanted, self.material_type, row)

    def rank(self, candidate):
        return proposals.rank(self.wanted, candidate)

    def sufficing(self):
        """The ids of spools that can be chosen by themselves, best first: they have enough, are of
        no other colour, and no other printer prints from them."""
        return [
            pk
            for pk, each in self.candidates.items()
            if each.is_enough and each.fit.color_rank < 2 and each.printing is None
        ]

    def matched(self, chosen, spools, *, printer, taken, most):
        """The MatchedSlot; spools that are ``taken`` for other slots come last."""
        order = sorted(self.candidates, key=lambda pk: (pk != chosen, pk in taken))
        found = {pk: self._propose(pk, spools) for pk in order[:most]}
        about = blockers.of_slot(self, spools.get(chosen), printer)
        return MatchedSlot(
            wanted=self.wanted,
            needed_grams=self.needed,
            material_type=self.material_type,
            proposals=tuple(found.values()),
            chosen=found.get(chosen),
            blockers=tuple(about),
        )

    def _propose(self, pk, spools):
        return proposals.propose(self.wanted, self.material_type, self.candidates[pk], spools[pk])


def _choose(searches):
    """The id of the spool of each search, or None: each spool once, and as many searches with one
    as can be. Those come first whose best spool is best."""
    holders = {search.by_hand: search for search in searches if search.by_hand}
    rest = [search for search in searches if search.candidates and not search.by_hand]
    for search in sorted(rest, key=_best_rank):
        _place(search, holders, seen=set())
    chosen = {search.wanted.slot: pk for pk, search in holders.items()}
    return [chosen.get(search.wanted.slot) for search in searches]


def _best_rank(search):
    return search.rank(next(iter(search.candidates.values())))


def _place(search, holders, *, seen):
    """Give it a spool that is free, else one whose holder can take another; whether it could."""
    options = search.sufficing()
    for pk in options:
        if pk not in holders:
            holders[pk] = search
            return True
    for pk in options:
        if pk not in seen and not holders[pk].by_hand:
            seen.add(pk)
            if _place(holders[pk], holders, seen=seen):
                holders[pk] = search
                return True
    return False
