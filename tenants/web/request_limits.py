"""How many requests a minute a token, a person and a farm have.

Not in ``throttle_counts``, which gunicorn's first process imports once for all of its workers.
"""

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from tenants.operations.refusals import TooMany
from tenants.web.throttle_counts import WINDOW_SECONDS, counts

OF_ONE = _("A token or a person has %(limit)s requests a minute; try again in %(seconds)s s.")
OF_FARM = _(
    "All people and devices of a farm have %(limit)s requests a minute together; try again in "
    "%(seconds)s s."
)


def count_request(who):
    """Count a request of ``who``, a token or a person, and then one of the farm: what is refused to
    one script is not taken from the others. Raises TooMany."""
    farm = connection.schema_name
    _count(f"{farm} {who}", settings.API_REQUESTS_PER_MINUTE, OF_ONE)
    _count(farm, settings.FARM_REQUESTS_PER_MINUTE, OF_FARM)


def _count(name, limit, sentence):
    if not limit:
        return
    count, seconds_left = counts.add(name)
    if count > limit:
        raise TooMany(
            sentence % {"limit": limit, "seconds": seconds_left},
            limit=limit,
            window_seconds=WINDOW_SECONDS,
            retry_after_seconds=seconds_left,
        )
