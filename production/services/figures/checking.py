"""Whether the sums that are kept are those of the rows of runs."""

from datetime import date

from inventory.services.invariants import Violation
from production.models import FoldedDays
from production.services.figures import sums
from production.services.reports.folded import DEFINITION, FOLDED_BY, REPORTS
from production.services.reports.folded_days import DAILY, RECENT, of_spans
from production.services.statements import fetched
from tenants.accounts.models import FarmSettings

# Sums that are in one of both alone: of days, and of the month that they are. One in which a day is
# marked is not kept. One snapshot decides what is.
_OF_MONTH = """
WITH state AS MATERIALIZED (
    SELECT {recent} AS recent FROM production_foldeddays
    WHERE timezone = %(timezone)s AND definition = %(definition)s AND until >= %(until)s
), days AS MATERIALIZED (
    SELECT day::date AS since, day::date + 1 AS until FROM state, generate_series(
        %(since)s::date, %(until)s::date - 1, interval '1 day') AS day
    WHERE NOT EXISTS (
        SELECT FROM production_figuresmark
        WHERE (ended_at AT TIME ZONE %(timezone)s)::date >= %(since)s
            AND (ended_at AT TIME ZONE %(timezone)s)::date < %(until)s
    )
), live AS MATERIALIZED ({runs}), reckoned AS MATERIALIZED ({statement}), wanted AS (
    SELECT 'day' AS span, {names} FROM reckoned, state WHERE dimension = '{daily}'
        OR starts_on >= recent
    UNION ALL SELECT 'month', dimension, date_trunc('month', starts_on::timestamp)::date,
        has_ended, key, {summed} FROM reckoned WHERE %(is_over)s GROUP BY 2, 3, 4, 5, {reasons}
), folded AS (
    SELECT span, {names} FROM {table} WHERE dimension = ANY (%(dimensions)s) AND (
        span = 'day' AND starts_on IN (SELECT since FROM days)
        OR span = 'month' AND starts_on = %(since)s AND EXISTS (SELECT FROM days))
)
SELECT DISTINCT '{table}' AS table, span, starts_on, dimension, key FROM (
    (TABLE wanted EXCEPT ALL TABLE folded) UNION ALL (TABLE folded EXCEPT ALL TABLE wanted)
) AS different ORDER BY span, starts_on, dimension, key
"""
_OF_YEARS = """
WITH wanted AS ({longer}), folded AS (SELECT {names} FROM {table} WHERE span = 'year')
SELECT DISTINCT '{table}' AS table, 'year' AS span, starts_on, dimension, key FROM (
    (TABLE wanted EXCEPT ALL TABLE folded) UNION ALL (TABLE folded EXCEPT ALL TABLE wanted)
) AS different ORDER BY starts_on, dimension, key
"""


def violations():
    """Yield a Violation for each key of a day, month or year of which another sum is kept than that
    of its runs. It takes about as long as folding everything."""
    folded, zone = FoldedDays.objects.first(), FarmSettings.load().timezone
    if folded is None or (folded.timezone, folded.definition) != (zone, DEFINITION):
        return
    years = [date(year, 1, 1) for year in range(folded.since.year, folded.until.year)]
    for report in REPORTS:
        for month in _months(folded):
            for part in report.daily():
                yield from _broken(_of_month(report, part), zone=zone, **month)
        yield from _broken(_of_years(report), starts_on=years)


def _months(folded):
    month = folded.since
    while month < folded.until:
        after = sums.month_after(month)
        is_over = after <= folded.until
        yield {"since": month, "until": min(after, folded.until), "is_over": is_over}
        month = after


def _of_month(report, part):
    """The statement of one statement that is folded, and its dimensions."""
    columns = part.columns
    return _OF_MONTH.format(
        recent=RECENT,
        daily=DAILY,
        runs=of_spans("days"),
        statement=part.statement.replace("{runs}", "SELECT id FROM live"),
        names=", ".join([*FOLDED_BY, *columns.all]),
        summed=", ".join(columns.summed()),
        reasons=", ".join(columns.reasons),
        table=report.table,
    ), {"dimensions": list(part.dimensions)}


def _of_years(report):
    names = ", ".join([*FOLDED_BY, *report.columns.all])
    longer = sums.longer(report, "year", "month")
    return _OF_YEARS.format(longer=longer, names=names, table=report.table), {}


def _broken(statement, *, zone="", **params):
    text, more = statement
    for row in fetched(text, params | more | {"timezone": zone, "definition": DEFINITION}):
        yield Violation("folded_sums_are_of_their_runs", row)
