"""The sums of days, and of the months and years that they are in."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from production.services.reports.folded import FOLDED_BY, REPORTS
from production.services.reports.folded_days import DAILY, RECENT, SHORT, of_spans

PATIENCE = "20s"
_RUNS_OF_DAYS = f"""
WITH days AS MATERIALIZED (
    SELECT day AS since, day + 1 AS until FROM unnest(%(days)s::date[]) AS day
) SELECT coalesce(array_agg(id), '{{}}') FROM ({of_spans("days")}) AS found
"""  # nosec B608
# Given as values: the planner can't know how many runs days have, and takes them to be millions.
# What became of them meanwhile has left a mark, but must not be summed for a day that has none.
_IDS = """
SELECT id FROM production_productionrun WHERE id = ANY (%(runs)s)
    AND deleted_at IS NULL AND status IN ('completed', 'failed', 'cancelled')
"""
_DELETE = "DELETE FROM {table} WHERE span = '{span}' AND starts_on = ANY (%(starts_on)s)"
_OF_DAYS = """
INSERT INTO {table} (span, {names}) SELECT 'day', {names} FROM ({statement}) AS of_days
WHERE starts_on = ANY (%(days)s::date[])
"""
_PRUNE = f"""
    DELETE FROM {{table}} USING production_foldeddays
    WHERE span = 'day' AND dimension <> '{DAILY}' AND starts_on < {RECENT}
"""  # nosec B608
OF_LONGER = """
    SELECT dimension, date_trunc('{span}', starts_on::timestamp)::date AS starts_on, has_ended, key,
        {summed}
    FROM {table} WHERE span = '{shorter}' AND ('{span}' <> 'year' OR dimension <> '{short}')
        AND date_trunc('{span}', starts_on::timestamp)::date = ANY (%(starts_on)s)
    GROUP BY 1, 2, 3, 4, {reasons}
"""


def day_of(moment, zone):
    """The date of an aware moment in a time zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def has_days_of(month, folded):
    """Whether the days of a month, by its first one, are kept by all dimensions: see RECENT."""
    last = folded.until.replace(day=1)
    return month >= (last - timedelta(days=1)).replace(day=1)


def month_after(day):
    """The first day of the month after that of a day."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def year_after(day):
    return day.replace(year=day.year + 1, month=1, day=1)


def fold(days, folded):
    """Sum these days anew, and the months and years that they are in, as far as these are over."""
    months = {day.replace(day=1) for day in days if month_after(day) <= folded.until}
    years = {day.replace(month=1, day=1) for day in days if year_after(day) <= folded.until}
    with connection.cursor() as cursor:
        for report in REPORTS:
            _fold_days(cursor, report, days, folded.timezone)
            _fold_longer(cursor, report, "month", "day", sorted(months))
            _fold_longer(cursor, report, "year", "month", sorted(years))
            cursor.execute(_PRUNE.format(table=report.table))


def _fold_days(cursor, report, days, zone):
    names = {"table": report.table}
    cursor.execute(_DELETE.format(span="day", **names), {"starts_on": days})
    cursor.execute(_RUNS_OF_DAYS, {"timezone": zone, "days": days})
    (runs,) = cursor.fetchone()
    for part in report.daily():
        statement = part.statement.replace("{runs}", _IDS)
        columns = ", ".join([*FOLDED_BY, *part.columns.all])
        text = _OF_DAYS.format(names=columns, statement=statement, **names)
        _execute(cursor, text, {"timezone": zone, "days": days, "runs": runs})


def _execute(cursor, text, params):
    """Before PostgreSQL has statistics of a farm's tables, as after a restore, it may choose loops
    within loops, which take hours: after PATIENCE it is told to do without."""
    try:
        with transaction.atomic():
            cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE}'")
            cursor.execute(text, params)
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(text, params)
    cursor.execute("SET LOCAL statement_timeout = 0")


def _fold_longer(cursor, report, span, shorter, starts_on):
    """Sum months of days, or years of months."""
    table, columns = report.table, report.columns
    cursor.execute(_DELETE.format(table=table, span=span), {"starts_on": starts_on})
    select = longer(report, span, shorter)
    names = ", ".join([*FOLDED_BY, *columns.all])
    text = f"INSERT INTO {table} (span, {names}) SELECT '{span}', {names} FROM ({select}) AS longer"  # nosec B608
    cursor.execute(text, {"starts_on": starts_on})


def longer(report, span, shorter):
    """The statement that sums the ``shorter`` spans of some months or years."""
    columns = report.columns
    names = {"summed": ", ".join(columns.summed()), "reasons": ", ".join(columns.reasons)}
    names |= {"table": report.table, "span": span, "shorter": shorter, "short": SHORT}
    return OF_LONGER.format(**names)
