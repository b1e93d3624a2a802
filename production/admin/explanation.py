"""The explanation of cost differences in the admin: a waterfall chart and its table."""

from inventory.admin import rendering
from production.admin import formatting
from production.admin.charts import waterfall
from production.services.explanation.parts import displayed
from production.services.variance import KINDS

LABELS = {
    "output": "Parts more or fewer",
    "scrap": "Scrapped parts",
    "lost": "Lost",
    "usage": "Grams per part",
    "purge": "Purge",
    "extra": "Not planned",
    "substitution": "Another filament",
    "price": "Price of the filament",
    "time": "Time per part",
    "share": "Share of its runs",
}


def context(explanation):
    """The sentence of a run that is over, the waterfall and the table; nothing of an open one."""
    if explanation.run.is_open:
        return {}
    return _context(explanation.displayed(), explanation.unmeasured)


def of_group(group, currency):
    """The waterfall and the table of a group of runs, of those that are compared."""
    figures = {name: displayed(group[name]) for name in ("grams", "minutes")}
    cost = {name: displayed(figure) for name, figure in group["cost"].items()}
    return _context({**group, **figures, "cost": cost, "currency": currency})


def dearest(groups, most):
    """The groups of which most was paid too much: labels of their parts, and rows of cells."""
    groups = [group for group in groups if (group["cost"]["total"]["over"] or 0) > 0][:most]
    totals = [displayed(group["cost"]["total"]) for group in groups]
    names = [name for name in _moving(totals) if name != "output"]
    return {
        "labels": [LABELS[name] for name in names],
        "rows": [
            {
                "key": group["key"],
                "name": group["name"],
                "over": formatting.money(total["over"]),
                "parts": [
                    formatting.difference(formatting.money)(total["parts"][name]) for name in names
                ],
                "compared": total["compared"],
                "runs": group["runs"],
            }
            for group, total in zip(groups, totals, strict=True)
        ],
    }


def _context(found, unmeasured=()):
    columns = _columns(found)
    return {
        "explanation": found,
        "explanation_columns": [label for label, _figure, _show in columns],
        "explanation_rows": _rows(columns, unmeasured),
        "waterfall": _chart(found, unmeasured),
    }


def _columns(found):
    """``(label, figure, show)`` of each measure that the farm keeps; the total is the last."""
    cost = found["cost"]
    kinds = [kind for kind in KINDS if cost[kind]["planned"] is not None]
    columns = [
        ("Grams", found["grams"], rendering.grams),
        ("Time", found["minutes"], formatting.duration),
        *((kind.capitalize(), cost[kind], formatting.money) for kind in kinds),
        (f"Cost {found['currency']}", cost["total"], formatting.money),
    ]
    return [column for column in columns if column[1].get("compared") != 0]


def _moving(figures):
    """The parts that are not 0 in all of the figures."""
    return [name for name in LABELS if any(each["parts"].get(name, 0) != 0 for each in figures)]


def _rows(columns, unmeasured):
    """Planned, each part that is not 0 everywhere, actual, and what was paid too much."""
    names = _moving([figure for _label, figure, _show in columns])
    rows = [(LABELS[name], [_part(name, *each, unmeasured) for each in columns]) for name in names]
    ends = {
        name: [show(figure[name]) for _label, figure, show in columns]
        for name in ("planned", "actual")
    }
    over = [_over(figure, show) for _label, figure, show in columns]
    counts = [figure["compared"] for _label, figure, _show in columns if "compared" in figure]
    assumed = [figure.get("assumed") for _label, figure, _show in columns] if counts else []
    texts = [show(of) if of else "" for of, (*_, show) in zip(assumed, columns, strict=False)]
    return [
        ("Planned", ends["planned"]),
        *rows,
        ("Actual", ends["actual"]),
        *([("Of which not measured", texts)] if any(assumed) else []),
        ("Over", over),
        *([("Runs compared", counts)] if counts else []),
    ]


def _over(figure, show):
    is_unmeasured = figure["over"] is None and not figure["parts"]
    return formatting.NOT_MEASURED if is_unmeasured else formatting.difference(show)(figure["over"])


def _part(name, _label, figure, show, unmeasured):
    value = figure["parts"].get(name, 0)
    if value is None:
        return "unknown"
    return _amount(name, value, show, unmeasured) if value else ""


def _amount(name, value, show, unmeasured):
    text = formatting.difference(show)(value)
    return f"{formatting.NOT_MEASURED} ({text})" if name in unmeasured else text


def _chart(found, unmeasured):
    """Of the cost, or of the grams where the cost is not known; None where no part moves it."""
    show, figure, unit = formatting.money, found["cost"]["total"], found["currency"]
    if figure["difference"] is None:
        show, figure, unit = rendering.grams, found["grams"], "g"
    parts = [
        (
            LABELS[name],
            value,
            _amount(name, value, show, unmeasured),
            _kind(name, value, unmeasured),
        )
        for name, value in figure["parts"].items()
        if value
    ]
    if figure["difference"] is None or not parts:
        return None
    ends = (
        (f"{label}, {unit}", figure[label.lower()], show(figure[label.lower()]))
        for label in ("Planned", "Actual")
    )
    return waterfall(*ends, parts)


def _kind(name, value, unmeasured):
    """The colour: what was not made is no saving."""
    if name in unmeasured:
        return "unmeasured"
    if name == "output":
        return "output"
    return "more" if value > 0 else "less"
