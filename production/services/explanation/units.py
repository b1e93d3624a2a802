"""What of a plan was printed, in the weights of the items."""

from decimal import Decimal


class PrintedUnits:
    """Units of the plan, and those printed good and scrapped, each in the weight of its item.

    ``weights`` are ways to weigh a unit, ``{item id: weight}``: the first by which the plan weighs
    anything counts, else each unit is one.
    """

    def __init__(self, figures, *weights):
        planned, printed = figures.shares.counts, figures.shares.printed
        weights = [*weights, dict.fromkeys(planned, 1)]
        unit = next((each for each in weights if _weight(planned, each)), {})
        self.planned = _weight(planned, unit)
        self.printed = {pk: count * unit[pk] for pk, count in printed.items()}
        self.scrapped = {
            item.pk: (item.scrapped_count or 0) * unit[item.pk] if printed[item.pk] else 0
            for item in figures.items
        }
        self.more = {
            pk: count - self.scrapped[pk] - planned[pk] * unit[pk]
            for pk, count in self.printed.items()
        }

    def split(self, figure, item=None):
        """What a planned figure owes to more or fewer good parts, and to scrapped ones: those of
        the run, or of one item."""
        chosen = [item.pk] if item else list(self.printed)
        return [
            self._share(figure, sum(counts[pk] for pk in chosen))
            for counts in (self.more, self.scrapped)
        ]

    def expected(self, figure):
        """What a planned figure comes to for the parts that were printed."""
        return self._share(figure, sum(self.printed.values())) if self.printed else figure

    def share_of(self, item):
        """The item's share of what was printed; None where nothing was."""
        whole = sum(self.printed.values())
        return self.printed[item.pk] / Decimal(whole) if whole else None

    def _share(self, figure, count):
        if count == 0:
            return Decimal(0)
        return None if figure is None else figure * count / self.planned  # divided once, at the end


def unit_grams(items):
    """Grams of one unit by its frozen bill of materials."""
    return {item.pk: item.bom_grams_per_unit or 0 for item in items}


def _weight(counts, unit):
    return sum(count * unit[pk] for pk, count in counts.items())
