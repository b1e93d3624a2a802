"""Run numbers: ``{PREFIX}-{YYYYMMDD}-{NNN}``, no duplicate, no gap, no re-use.

The prefix is the farm's, else the first four letters or digits of its slug.
"""

import re

from django.db import connection

from tenants.accounts.models import FarmSettings

_NEXT = """
INSERT INTO production_runnumber (on_date, last) VALUES (%s, 1)
ON CONFLICT (on_date) DO UPDATE SET last = production_runnumber.last + 1
RETURNING last
"""


def next_number(*, at):
    """The next number of the farm's day that ``at`` falls on.

    Moves the day's counter by one atomic upsert and holds its row until the caller's transaction
    ends, so a create that is refused leaves no gap; it is the last lock a create takes.
    """
    settings = FarmSettings.load()
    on_date = settings.local_date(at)
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [on_date])
        (last,) = cursor.fetchone()
    slug = re.sub(r"[^a-z0-9]", "", getattr(connection.tenant, "slug", "").lower())
    return f"{settings.run_prefix or slug[:4].upper() or 'RUN'}-{on_date:%Y%m%d}-{last:03d}"
