"""What a spool takes over of its double, and how it gives that back."""

from inventory.models import Spool
from inventory.services.spools import shelf

IF_EMPTY = ("lot_number", "supplier", "tare_grams", "location_id", "comment")
USE = ("first_used_at", "last_used_at")
DATES = ("opened_at", "dried_at", *USE)
CARRIED = (*IF_EMPTY, *DATES, "extra", "has_given_use_dates", "needs_weighing", "excess_grams")


def carry_over(book, target, other, found):
    """Give the kept spool what only its double has, and what follows from the Reckoning; returns
    ``{field: [before, after]}``, as JSON, of what changed."""
    was = stored(target, CARRIED)
    for name in IF_EMPTY:
        if getattr(target, name) in (None, ""):
            setattr(target, name, getattr(other, name))
    for name in DATES:
        known = [each for each in (getattr(target, name), getattr(other, name)) if each]
        newest = name in ("dried_at", "last_used_at")
        setattr(target, name, (max if newest else min)(known, default=None))
    if any(stored(target, USE)[name] != was[name] for name in USE):
        target.has_given_use_dates = True  # its own entries don't tell
    target.extra = {**other.extra, **target.extra}
    if found.basis is other:
        target.needs_weighing, target.excess_grams = other.needs_weighing, other.excess_grams
    if found.missing_grams:
        target.needs_weighing = True
        target.excess_grams += found.missing_grams
    shelf.write(book, target, *_columns(CARRIED))
    now = stored(target, CARRIED)
    return {name: [was[name], now[name]] for name in CARRIED if was[name] != now[name]}


def take_back(book, target, changes):
    """Put back what `carry_over` changed and nobody has changed since."""
    same = unchanged_since(changes, now=stored(target, changes))
    if "has_given_use_dates" in same:
        same |= {name: before for name, (before, _after) in changes.items() if name in USE}
        book.date_by_entries(target)
    restore(target, same)
    shelf.write(book, target, *_columns(same))


def unchanged_since(changes, *, now):
    """The values of before of ``{field: [before, after]}`` that nobody has changed since, by what
    is stored ``now``; of the farm's own fields, each by itself."""
    same = {name: before for name, (before, after) in changes.items() if now[name] == after}
    if "extra" in changes and "extra" not in same:
        (before, after), extra = changes["extra"], now["extra"]
        ours = {key for key in after if key not in before and extra.get(key) == after[key]}
        same["extra"] = {key: value for key, value in extra.items() if key not in ours}
    return same


def stored(spool, names):
    """The values of these columns as JSON has them."""
    values = {}
    for name in names:
        value = getattr(spool, name)
        is_plain = value is None or isinstance(value, (bool, int, str, dict))
        values[name] = value if is_plain else _field(name).value_to_string(spool)
    return values


def restore(spool, values):
    for name, value in values.items():
        setattr(spool, name, value if name == "location_id" else _field(name).to_python(value))


def _columns(names):
    return [name.removesuffix("_id") for name in names]


def _field(name):
    return Spool._meta.get_field(name.removesuffix("_id"))
