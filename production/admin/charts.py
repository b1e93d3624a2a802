"""Coordinates of SVG charts; templates draw them, the stylesheet colours them."""

BAR = 190  # the longest of a comparison, in units of the picture
ROW = 62


def comparison(rows):
    """Planned above actual, each pair on a scale of its own: ``rows`` are (label, figure, show)."""
    bars = [_pair(index, *row) for index, row in enumerate(rows) if _is_known(row[1])]
    return {"bars": bars, "height": ROW * len(bars)}


def columns(points, *, height=120):
    """Columns side by side: ``points`` are (label, value, text); equal widths, one scale. What is
    across is in percent of the picture, the rest in px: letters are as large at any width."""
    highest = max((value or 0 for _, value, _ in points), default=0)
    share = 100 / max(len(points), 1)
    bars = []
    for index, (label, value, text) in enumerate(points):
        bar_height = float((value or 0) * height / highest) if highest else 0
        bars.append(
            {
                "label": label,
                "text": text,
                "x": f"{(index + 0.12) * share:.2f}%",
                "middle": f"{(index + 0.5) * share:.2f}%",
                "y": f"{height - bar_height + 18:.1f}",
                "above": f"{height - bar_height + 13:.1f}",
                "height": f"{bar_height:.1f}",
            }
        )
    return {
        "columns": bars,
        "column_width": f"{0.76 * share:.2f}%",
        "height": height + 38,
        "base": height + 18,
        "foot": height + 34,
    }


LINE = 44  # of a bar with its words above it


def level_bars(points):
    """Bars below each other, from 0 to the right, or to the left below 0: ``points`` are (label,
    value, text). What is across is in percent, as for columns."""
    values = [value for _, value, _ in points]
    low, high = min(0, *values), max(0, *values)

    def at(value):
        return float((value - low) * 100 / (high - low)) if high > low else 0.0

    bars = [
        {
            "label": label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…",
            "text": text,
            "kind": "less" if value < 0 else "more",
            "text_y": index * LINE + 14,
            "y": index * LINE + 20,
            "top": index * LINE + 18,
            "foot": index * LINE + 34,
            "x": f"{min(at(value), at(0)):.2f}%",
            "width": f"{abs(at(value) - at(0)):.2f}%",
        }
        for index, (label, value, text) in enumerate(points)
    ]
    return {"bars": bars, "height": LINE * len(bars), "zero": f"{at(0):.2f}%", "has_less": low < 0}


LONGEST = 34  # letters of a label, which is beside a figure on a phone
STEP = 26
LABELS = 150  # where the bars begin
WIDTH = 300  # of the longest


def waterfall(planned, actual, parts):
    """From planned to actual, part by part, on a scale from 0.

    ``planned`` and ``actual`` are (label, value, text), ``parts`` (label, value, text, kind)."""
    steps = [(*planned, "planned"), *parts, (*actual, "actual")]
    levels = [0, planned[1]]
    for _label, value, _text, _kind in parts:
        levels.append(levels[-1] + value)
    low, high = min(levels), max(levels)

    def at(level):
        return LABELS + float((level - low) * WIDTH / (high - low)) if high > low else LABELS

    rows = []
    for index, (label, _value, text, kind) in enumerate(steps):
        is_last = index == len(steps) - 1
        begin, end = (
            at(0 if is_last else levels[index]),
            at(levels[index if is_last else index + 1]),
        )
        rows.append(
            {
                "label": label,
                "text": text,
                "kind": kind,
                "y": index * STEP,
                "text_y": index * STEP + 15,
                "x": f"{min(begin, end):.1f}",
                "width": f"{max(abs(end - begin), 2):.1f}",
                "end": f"{end:.1f}",
                "text_x": f"{max(begin, end) + 8:.1f}",
            }
        )
    return {"rows": rows, "height": STEP * len(steps)}


def _is_known(figure):
    return figure["planned"] is not None or figure["actual"] is not None


def _pair(index, label, figure, show):
    highest = max(figure["planned"] or 0, figure["actual"] or 0)
    top = index * ROW
    return {
        "label": label,
        "label_y": top + 14,
        "bars": [
            _bar(top + 21 + row * 18, kind, figure[kind], highest, show)
            for row, kind in enumerate(("planned", "actual"))
            if figure[kind] is not None
        ],
    }


def _bar(y, kind, value, highest, show):
    width = float(value * BAR / highest) if highest else 0
    return {
        "kind": kind,
        "y": y,
        "text_y": y + 11,
        "width": f"{width:.1f}",
        "text_x": f"{width + 6:.1f}",
        "text": f"{show(value)} {kind}",
    }
