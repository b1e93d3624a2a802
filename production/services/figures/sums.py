"""The sums of days, and of the months and years that they are in."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from production.services.reports.folded import FOLDED_BY, REPORTS
from production.services.reports.folded_days import DAILY, RECENT, SHORT, of_spans

# The runs of some days.
_RUNS = f"""
WITH days AS MATERIALIZED (
    SELECT day AS since, day + 1 AS until FROM unnest(%(days)s::date[]) AS day
), live AS MATERIALIZED ({of_spans("days")})
"""  # nosec B608
IDS = "SELECT id FROM live"
_DELETE = "DELETE FROM {table} WHERE span = '{span}' AND starts_on = ANY (%(starts_on)s)"
_OF_DAYS = """
{runs} INSERT INTO {table} (span, {names}) SELECT 'day', {names} FROM ({statement}) AS days
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
        cursor.execute("SET LOCAL statement_timeout = 0")
        for report in REPORTS:
            _fold_days(cursor, report, days, folded.timezone)
            _fold_longer(cursor, report, "month", "day", sorted(months))
            _fold_longer(cursor, report, "year", "month", sorted(years))
            cursor.execute(_PRUNE.format(table=report.table))


def _fold_days(cursor, report, days, zone):
    names = {"table": report.table, "runs": _RUNS}
    cursor.execute(_DELETE.format(span="day", **names), {"starts_on": days})
    for part in report.daily():
        statement = part.statement.replace("{runs}", IDS)
        columns = ", ".join([*FOLDED_BY, *part.columns.all])
        text = _OF_DAYS.format(names=columns, statement=statement, **names)
        cursor.execute(text, {"timezone": zone, "days": days})


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
