"""The same work in farm after farm."""

import logging

from django.db import DatabaseError, connection

from tenants.operations.refusals import Refusal
from tenants.web.middleware import enter, leave_farm

logger = logging.getLogger(__name__)


def in_each_farm(works, failure):
    """Call each ``(farm, work)`` within its farm. What fails is logged as ``failure``, with the
    farm's schema, and keeps no other farm from its own."""
    try:
        for tenant, work in works:
            try:
                enter(tenant)
                work()
            except (DatabaseError, Refusal):
                logger.exception(failure, tenant.schema_name)
    finally:
        leave_farm()
        connection.close()
