"""Lines of text in a box: as large as they fit, wrapped between words, or else shortened."""

from dataclasses import dataclass

from inventory.paper.fonts import ELLIPSIS, cleaned, width

LEADING = 1.18
SHRINK = 0.94
SWATCH = 1.35  # of the size of the letters: what the colours before a text take


@dataclass(frozen=True, kw_only=True)
class Line:
    """A text of ``scale`` times the size of the others, wrapped over ``max_rows`` lines, with
    ``colors`` before it."""

    text: str
    scale: float = 1
    is_bold: bool = False
    max_rows: int = 1
    colors: tuple = ()


@dataclass(frozen=True, kw_only=True)
class PrintedLine:
    """One line as it is printed: its text, its size in points, its colours."""

    text: str
    size: float
    is_bold: bool
    colors: tuple = ()


def fitted(lines, box_width, box_height, *, largest, smallest):
    """The rows of the largest size, in points, at which all of the ``lines`` go into the box, and
    whether they do.

    At the smallest, each line becomes one row, which ends in … where it is too long, and the last
    are left out.
    """
    lines = [line for line in lines if cleaned(line.text)]
    size = largest
    while size > smallest:
        wrapped = [_wrapped(line, box_width, size) for line in lines]
        rows = [row for of_line in wrapped for row in of_line]
        is_within = all(len(of) <= line.max_rows for line, of in zip(lines, wrapped, strict=True))
        if is_within and height(rows) <= box_height:
            return rows, True
        size *= SHRINK
    rows = [_cut(line, box_width, smallest) for line in lines]
    is_whole = all(row.text == cleaned(line.text) for row, line in zip(rows, lines, strict=True))
    while height(rows) > box_height:
        rows.pop()
    return rows, is_whole and len(rows) == len(lines)


def height(rows):
    return sum(row.size * LEADING for row in rows)


def indent(row):
    """How far the colours before a text move it, in points."""
    return row.size * SWATCH if row.colors else 0


def shortened(text, room, size, *, bold=False):
    """The text, or the beginning of it that leaves room for an ellipsis."""
    if width(text, size, bold=bold) <= room:
        return text
    while text and width(text + ELLIPSIS, size, bold=bold) > room:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def _wrapped(line, box_width, size):
    """The rows of one line at a size, however many."""
    points = size * line.scale
    texts = _broken(cleaned(line.text), _room(line, box_width, points), points, line.is_bold)
    colors = [line.colors, *[()] * len(texts)]
    return [
        PrintedLine(text=text, size=points, is_bold=line.is_bold, colors=color)
        for text, color in zip(texts, colors, strict=False)
    ]


def _cut(line, box_width, size):
    points = size * line.scale
    room = _room(line, box_width, points)
    text = shortened(cleaned(line.text), room, points, bold=line.is_bold)
    return PrintedLine(text=text, size=points, is_bold=line.is_bold, colors=line.colors)


def _room(line, box_width, points):
    return box_width - (points * SWATCH if line.colors else 0)


def _broken(text, room, size, bold):
    """A text in as few pieces as go into the room, broken between words, or within a word that
    is wider than the room."""
    texts = [""]
    for word in text.split(" "):
        longer = f"{texts[-1]} {word}".strip()
        if width(longer, size, bold=bold) <= room:
            texts[-1] = longer
            continue
        texts += _chopped(word, room, size, bold)
    return [text for text in texts if text]


def _chopped(word, room, size, bold):
    parts = [""]
    for letter in word:
        if parts[-1] and width(parts[-1] + letter, size, bold=bold) > room:
            parts.append("")
        parts[-1] += letter
    return parts
