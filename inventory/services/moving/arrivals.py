"""Rows of another server that come here with their numbers, and what becomes of each.

A row here is the one that came earlier if it has the number and was registered at the same moment.
"""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.db import connection, models
from django.utils.translation import gettext as _

from tenants.accounts.models import AuditEvent
from tenants.operations.operation import source
from tenants.operations.refusals import Invalid, Refusal
from tenants.operations.text import first_invisible_character, one_line

NEW, CHANGED, SAME, LEFT = OUTCOMES = "new", "changed", "unchanged", "left"
IMPORT = "import"  # the source of what is written here
BATCH = 1000
NAMED = 10  # clashes that a refusal names
MOST_SKIPPED = 10_000_000  # numbers that are never given to a row of the farm's own
AT_ONCE = 100_000  # of them
LAST = "SELECT coalesce(pg_sequence_last_value(%s::regclass), 0)"
SKIP = "SELECT max(nextval(%s::regclass)) FROM generate_series(1, %s)"


class NumbersTaken(Refusal):
    code = "numbers_taken"
    title = "Others have these numbers here"


class NumberTooLarge(Invalid):
    code = "number_too_large"
    title = "A number is too far above those of the farm"


@dataclass(eq=False)
class Arrival:
    """``values`` are by our columns, those ``of_new`` are for a row that is made. The ``instance``
    is the row here, once there is one; unless it ``is_usable``, no other row can refer to it."""

    number: int
    registered: datetime
    values: dict
    of_new: dict = field(default_factory=dict)
    outcome: str = NEW
    why: str = ""
    instance: models.Model | None = None
    changes: dict = field(default_factory=dict)

    @property
    def is_usable(self):
        return self.instance is not None and not self.instance.is_removed

    @property
    def is_as_there(self):
        """Whether the row here should be as it is there."""
        return self.outcome != LEFT

    def leave(self, why):
        self.outcome, self.why = LEFT, why


def require_free(arrivals):
    """Require of ``{model: arrivals}`` that others have none of their numbers here. Raises
    NumbersTaken, which names the first."""
    found = []
    for model, rows in arrivals.items():
        name, wanted = model._meta.verbose_name, {row.number: row.registered for row in rows}
        for numbers in batched(wanted):
            taken = model.objects.filter(number__in=numbers).order_by("number")
            pairs = taken.values_list("number", "created_at")
            found += [f"{name} {number}" for number, at in pairs if at != wanted[number]]
    if found:
        message = _(
            "%(count)s numbers are taken here by other rows: %(first)s. Nothing was imported: move "
            "into a farm that has none of them, such as a new one."
        )
        names = {"count": len(found), "first": ", ".join(found[:NAMED])}
        raise NumbersTaken(message % names, count=len(found), first=found[:NAMED])


def require_number_near(model, highest):
    """Raises NumberTooLarge."""
    if highest - _last_number(model) > MOST_SKIPPED:
        message = _("%(kind)s %(number)s has a number that can't be kept: it is too large.")
        raise NumberTooLarge(message % {"kind": model._meta.verbose_name, "number": highest})


def skip_numbers(model, highest):
    """Let new rows of the farm's own have numbers above ``highest``. This is not rolled back."""
    sequence = f"{model._meta.db_table}_number_seq"
    missing = highest - _last_number(model)
    with connection.cursor() as cursor:
        while missing > 0:
            cursor.execute(SKIP, [sequence, min(missing, AT_ONCE)])
            missing = highest - cursor.fetchone()[0]


def _last_number(model):
    with connection.cursor() as cursor:
        cursor.execute(LAST, [f"{model._meta.db_table}_number_seq"])
        return cursor.fetchone()[0]


def match(model, arrivals):
    """Give the arrivals the rows that came here earlier."""
    wanted = {row.number: row for row in arrivals}
    for numbers in batched(wanted):
        for row in model.objects.filter(number__in=numbers):
            wanted[row.number].instance = row


def sort_out(arrivals, *, touched):
    """Say of each that is here already whether it stays, changes or is left; ``touched(ids)`` are
    the ids of the rows that people or devices changed here."""
    known = [row for row in arrivals if row.outcome == NEW and row.instance is not None]
    for row in known:
        if row.instance.is_removed:
            row.leave(_("It was removed here."))
            continue
        row.changes = {
            name: [before, value]
            for name, value in row.values.items()
            if (before := getattr(row.instance, name)) != value
        }
        row.outcome = CHANGED if row.changes else SAME
    for batch in batched([row for row in known if row.outcome == CHANGED]):
        others = touched({row.instance.pk for row in batch})
        for row in batch:
            if row.instance.pk in others:
                names = {"fields": ", ".join(row.changes)}
                row.leave(_("It was changed here since; there it has another %(fields)s.") % names)


def touched_records(model):
    """For `sort_out`: rows of master data that were changed by others than imports."""

    def touched(ids):
        events = AuditEvent.objects.filter(object_type=model._meta.label_lower, object_id__in=ids)
        return set(events.exclude(source=IMPORT).values_list("object_id", flat=True))

    return touched


def as_import(work):
    """Do ``work`` with the source of imports."""
    token = source.set(IMPORT)
    try:
        return work()
    finally:
        source.reset(token)


def batched(rows):
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        yield batch


def visible(text):
    """A name without characters that can't be seen."""
    text = one_line(text)
    return text if not first_invisible_character(text) else _without_invisible(text)


def _without_invisible(text):
    while found := first_invisible_character(text):
        text = text.replace(chr(int(found.removeprefix("U+"), 16)), "")
    return one_line(text)
