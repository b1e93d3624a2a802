"""Asking the database itself, as a request would or as its owner."""

import copy

from django.db import connection


def walled(tenant):
    """The tenant as a request has it."""
    inside = copy.copy(tenant)
    inside.uses_farm_role = True
    return inside


def ask(query, params=None):
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchone()[0]
