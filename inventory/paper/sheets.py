"""Formats of label sheets and rolls, as data. Millimetres throughout."""

from dataclasses import dataclass

A4, LETTER = (210, 297), (215.9, 279.4)
INCH = 25.4


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Labels of ``size`` in ``columns`` and ``rows``, with ``gap`` between them, in the middle of
    a ``page``; the label of a roll is a page of its own."""

    name: str
    page: tuple
    size: tuple
    columns: int = 1
    rows: int = 1
    gap: tuple = (0, 0)

    @property
    def labels(self):
        return self.columns * self.rows

    def corner(self, place):
        """``(left, top)`` of the label at a ``place``, 0 and up, row by row."""
        row, column = divmod(place, self.columns)
        corner = []
        for axis, count, number in ((0, self.columns, column), (1, self.rows, row)):
            step = self.size[axis] + self.gap[axis]
            margin = (self.page[axis] - count * step + self.gap[axis]) / 2
            corner.append(margin + number * step)
        return tuple(corner)


def _roll(name, width, height):
    return Sheet(name=name, page=(width, height), size=(width, height))


SHEETS = {
    "L7160": Sheet(
        name="Avery L7160, A4, 21 of 63.5 x 38.1 mm",
        page=A4, columns=3, rows=7, size=(63.5, 38.1), gap=(2.54, 0),
    ),
    "L7158": Sheet(
        name="Avery L7158, A4, 30 of 64 x 26.7 mm",
        page=A4, columns=3, rows=10, size=(64, 26.7), gap=(2.04, 0),
    ),
    "L7651": Sheet(
        name="Avery L7651, A4, 65 of 38.1 x 21.2 mm",
        page=A4, columns=5, rows=13, size=(38.1, 21.2), gap=(2.54, 0),
    ),
    "5160": Sheet(
        name="Avery 5160, Letter, 30 of 2 5/8 x 1 in",
        page=LETTER, columns=3, rows=10, size=(2.625 * INCH, INCH), gap=(0.125 * INCH, 0),
    ),
    "5163": Sheet(
        name="Avery 5163, Letter, 10 of 4 x 2 in",
        page=LETTER, columns=2, rows=5, size=(4 * INCH, 2 * INCH), gap=(0.1875 * INCH, 0),
    ),
    "62x29": _roll("Roll, 62 x 29 mm (Brother DK-11209)", 62, 29),
    "54x25": _roll("Roll, 54 x 25 mm (Dymo 11352)", 54, 25),
    "57x32": _roll("Roll, 57 x 32 mm (Dymo 11354, Zebra)", 57, 32),
    "4x6in": _roll("Roll, 4 x 6 in (Zebra, Rollo)", 4 * INCH, 6 * INCH),
}  # fmt: skip
DEFAULT = "L7160"
