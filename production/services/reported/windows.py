"""How long before its start, and after its end, what is reported of its spools is of a run."""

from datetime import timedelta

from tenants.accounts.models import FarmSettings


def before():
    return timedelta(minutes=FarmSettings.load().reports_before_minutes)


def after():
    return timedelta(minutes=FarmSettings.load().reports_after_minutes)


def is_late(finished_at, at):
    return finished_at <= at <= finished_at + after()
