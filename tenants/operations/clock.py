"""This machine's clock, compared with the database's."""

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.operations.refusals import Refusal
from tenants.operations.text import format_moment

RETRY_SECONDS = 60


class ClockWrong(Refusal):
    """Nothing can be dated: this machine's clock, or the database's, or that of an earlier entry
    is wrong."""

    code = "clock_wrong"
    status = 503
    title = "Nothing is posted: a clock is wrong, or was"

    def __init__(self, detail, **numbers):
        super().__init__(detail, retry_after_seconds=RETRY_SECONDS, **numbers)


def is_later(moment, now):
    """Whether a moment is later than ``now``, beyond what clocks may differ by."""
    return moment - now > settings.CLOCK_TOLERANCE


def require_agreement(now, of_database):
    """Raises ClockWrong where this machine's ``now`` is not that of the database."""
    if not (is_later(now, of_database) or is_later(of_database, now)):
        return
    message = _(
        "This machine’s clock says %(now)s, the database’s says %(database)s: set the wrong one "
        "right."
    )
    figures = {"now": format_moment(now), "database": format_moment(of_database)}
    raise ClockWrong(message % figures, now=now.isoformat(), database_now=of_database.isoformat())


def compare():
    """Compare the clocks at this moment. Raises ClockWrong."""
    require_agreement(timezone.now(), database_now())


def database_now():
    """The time of the database, also within a transaction that began earlier."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    return moment
