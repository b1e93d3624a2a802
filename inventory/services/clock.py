"""The time of entries: nothing is posted while the clock can't be trusted.

An entry can't be changed, and those after it are not dated before it. So one that a wrong clock
dated years ahead would take all later ones of its spool along.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import Spool
from tenants.operations.clock import ClockWrong, database_now, is_later, require_agreement
from tenants.operations.text import format_moment
from tenants.schemas import database_role

LOOK_SECONDS = 60
AT_ONCE = 500  # schemas in one query

_looks = {}  # by schema


@dataclass(frozen=True)
class Look:
    """What the database said: its time, and that of the farm's newest entry."""

    database_at: datetime
    newest_at: datetime | None
    looked: float  # time.monotonic()

    @property
    def is_old(self):
        return time.monotonic() - self.looked > LOOK_SECONDS

    def require_right(self, now):
        elapsed = timedelta(seconds=time.monotonic() - self.looked)
        require_agreement(now, self.database_at + elapsed)
        require_not_before(now, self.newest_at)


def now():
    """The time of an entry. Raises ClockWrong."""
    moment = timezone.now()
    require_right(moment)
    return moment


def require_right(now):
    """Require that an entry of the farm may be dated ``now``: the database is asked once a minute,
    and again before a refusal. Raises ClockWrong."""
    seen = _looks.get(connection.schema_name)
    if seen is not None and not seen.is_old:
        try:
            return seen.require_right(now)
        except ClockWrong:
            pass  # it may have been set right since
    seen = _looks[connection.schema_name] = _look()
    return seen.require_right(now)


def require_not_before(now, newest):
    """Raises ClockWrong where an entry is later than ``now``, beyond what clocks may differ by."""
    if newest is None or not is_later(newest, now):
        return
    message = _(
        "The clock says %(now)s, but there is an entry of %(newest)s. If the clock is wrong now, "
        "set it right. If it was wrong then, a manager says so: “The clock was wrong” on the page "
        "of that entry."
    )
    figures = {"now": format_moment(now), "newest": format_moment(newest)}
    raise ClockWrong(message % figures, now=now.isoformat(), newest_entry_at=newest.isoformat())


def misdated_spools(now):
    """Spools whose last entry is later than ``now``."""
    return Spool.objects.filter(last_entry_at__gt=now + settings.CLOCK_TOLERANCE)


def farms_ahead(schemas):
    """``{schema: reason}`` of the farms with entries that are later than now; it is asked by the
    ledger's index first. Raises DatabaseError."""
    now = timezone.now()
    ahead = _later(schemas, "inventory_inventorytransaction", "created_at", now)
    ahead = _later(list(ahead), "inventory_spool", "last_entry_at", now)
    reason = "its newest entry is of {}, later than the clock says"
    return {schema: reason.format(newest.isoformat()) for schema, newest in ahead.items()}


def _later(schemas, table, column, now):
    """``{schema: moment}`` where the latest of a column is later than ``now``."""
    found = {}
    for start in range(0, len(schemas), AT_ONCE):
        latest = f"SELECT {{name}}, max({column}) FROM {{schema}}.{table}"  # nosec B608
        found |= dict(database_role.rows_of_each(schemas[start : start + AT_ONCE], latest))
    return {name: newest for name, newest in found.items() if newest and is_later(newest, now)}


def _look():
    newest = Spool.objects.aggregate(newest=Max("last_entry_at"))["newest"]
    return Look(database_now(), newest, time.monotonic())
