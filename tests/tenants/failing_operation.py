"""An operation of the tests' own, the ways in which it fails, and how it was counted."""

import psycopg
from django.db import OperationalError

from tenants.operations.operation import operation
from tenants.operations.refusals import Refusal


class Unwilling(Refusal):
    code = "unwilling"


@operation("test.do")
def do(subject=None, *, work=lambda: None):
    return work()


def fail_with(error):
    def work():
        raise error

    return work


def gave_up(sqlstate):
    """What Django raises when PostgreSQL gave up with this code."""
    error = OperationalError("gave up")
    error.__cause__ = psycopg.errors.lookup(sqlstate)()
    return error


def outcomes(watched):
    return {
        (labels["operation_type"], labels["outcome"]): point.value
        for labels, point in watched.points("spoolbook.operations")
    }
