"""Why a run did not cost what was planned, on its page in the admin: a waterfall and its table."""

from inventory.admin import pictures
from production.admin import words
from production.admin.charts import waterfall
from production.services.explanation.parts import PARTS
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
}
NOT_MEASURED = "not measured"


def context(explanation):
    """The sentence of a run that is over, the waterfall and the table; nothing of an open one."""
    if explanation.run.is_open:
        return {}
    found, unmeasured = explanation.as_dict(), explanation.unmeasured
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
    return [
        ("Grams", found["grams"], pictures.grams),
        ("Time", found["minutes"], words.duration),
        *((kind.capitalize(), cost[kind], words.money) for kind in kinds),
        (f"Cost {found['currency']}", cost["total"], words.money),
    ]


def _rows(columns, unmeasured):
    """Planned, each part that is not 0 everywhere, actual, and what was paid too much."""
    names = [
        name
        for name in PARTS
        if any(figure["parts"].get(name, 0) != 0 for _label, figure, _show in columns)
    ]
    rows = [(LABELS[name], [_part(name, *each, unmeasured) for each in columns]) for name in names]
    ends = {
        name: [show(figure[name]) for _label, figure, show in columns]
        for name in ("planned", "actual")
    }
    over = [words.difference(show)(figure["over"]) for _label, figure, show in columns]
    return [("Planned", ends["planned"]), *rows, ("Actual", ends["actual"]), ("Over", over)]


def _part(name, _label, figure, show, unmeasured):
    value = figure["parts"].get(name, 0)
    if value is None:
        return "unknown"
    return _amount(name, value, show, unmeasured) if value else ""


def _amount(name, value, show, unmeasured):
    text = words.difference(show)(value)
    return f"{NOT_MEASURED} ({text})" if name in unmeasured else text


def _chart(found, unmeasured):
    """Of the cost, or of the grams where the cost is not known; None where no part moves it."""
    show, figure, unit = words.money, found["cost"]["total"], found["currency"]
    if figure["difference"] is None:
        show, figure, unit = pictures.grams, found["grams"], "g"
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
