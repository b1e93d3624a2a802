"""Asking the database itself, as a request would or as its owner."""

import copy

from django.db import connection

from tenants.models import _at_host


def walled(tenant):
    """The tenant as a request has it."""
    inside = copy.copy(tenant)
    inside.uses_farm_role = True
    return inside


def ask(query, params=None):
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchone()[0]


def find_farm(session, host):
    """As the middleware begins a request."""
    session.close_if_unusable_or_obsolete()
    return session.find_farm(_at_host.statement, host=host)


def enter_at_host(session, host):
    """As the middleware does; returns the farm."""
    found = find_farm(session, host)
    found.uses_farm_role = True
    session.enter(found)
    return found
