"""Which days of a report are kept, and which runs are of no such day: the beginning of a statement.

``cover`` are spans of days, of which the sums are used: the longest ones that lie in the period of
the report, were folded, and have no day that is marked. ``live`` are the ids of all other runs. All
of it is in the statement of the report, so that one snapshot decides.
"""

# The parameters are a time zone, two days or NULL, and the definition of the statements.
# Since when days are kept by all dimensions: before it they are few runs each, in months and years.
RECENT = "date_trunc('month', until::timestamp) - interval '1 month'"
DAILY = "status"  # the dimension by which all days are kept
SHORT = "order"  # its keys come and go within months: years would be as many rows

_STATE = """
WITH state AS MATERIALIZED (
    SELECT since, until, {recent} AS recent FROM production_foldeddays
    WHERE timezone = %(timezone)s AND definition = %(definition)s
), marked AS MATERIALIZED (
    SELECT DISTINCT day FROM production_figuresmark, state,
        LATERAL (SELECT (ended_at AT TIME ZONE %(timezone)s)::date AS day) AS its
    WHERE day < until
), bounds AS MATERIALIZED (
    SELECT greatest(since, %(since)s::date)::timestamp AS since,
        least(until, %(until)s::date)::timestamp AS until, recent FROM state
)
"""
_SPAN = """
, {span}s AS MATERIALIZED (
    SELECT '{span}' AS span, at::date AS starts_on, (at + interval '1 {span}')::date AS ends_on
    FROM bounds, generate_series(date_trunc('{span}', bounds.since),
        bounds.until - interval '1 {span}', interval '1 {span}') AS at
    WHERE at >= bounds.since AND NOT EXISTS (
        SELECT FROM marked WHERE date_trunc('{span}', marked.day::timestamp) = at
    ){further}
)
"""
_IN_NO_LONGER = """ AND NOT EXISTS (
        SELECT FROM {span}s WHERE date_trunc('{span}', at)::date = {span}s.starts_on
    )"""
_LIVE = """
, cover AS MATERIALIZED ({cover})
, gaps AS MATERIALIZED (
    SELECT lower(gap) AS since, upper(gap) AS until
    FROM unnest(datemultirange(daterange(%(since)s::date, %(until)s::date)) - coalesce((
        SELECT range_agg(daterange(starts_on, ends_on)) FROM cover
    ), '{{}}')) AS gap
), live AS MATERIALIZED (
    SELECT id FROM production_productionrun
    WHERE deleted_at IS NULL AND status IN ('planned', 'in_progress')
    UNION ALL ({closed})
)
"""
# By the local date: of a midnight that there is twice, or not at all, PostgreSQL makes another
# moment than Python. The moments are for the index.
_OF_SPANS = """
    SELECT run.id FROM {spans} JOIN production_productionrun run
        ON run.{moment} >= coalesce(since::timestamp AT TIME ZONE 'UTC' - interval '1 day',
            '-infinity')
        AND run.{moment} < coalesce(until::timestamp AT TIME ZONE 'UTC' + interval '1 day',
            'infinity')
    WHERE run.deleted_at IS NULL AND run.status IN ('completed', 'failed', 'cancelled')
        AND coalesce((run.{moment} AT TIME ZONE %(timezone)s)::date >= since, true)
        AND coalesce((run.{moment} AT TIME ZONE %(timezone)s)::date < until, true)
"""


def of_spans(spans):
    """The ids of closed runs of some days: ``spans`` is a table of them, ``since`` one until before
    another, or without a bound."""
    ended, planned = (
        _OF_SPANS.format(spans=spans, moment=moment) for moment in ("finished_at", "created_at")
    )
    return " UNION ALL ".join([ended, planned + " AND run.finished_at IS NULL"])


SPANS = ("year", "month", "day")


def beginning(spans, *, has_all_days):
    """The beginning of a statement, up to ``live``, that may use sums of these of SPANS."""
    parts, further = [_STATE.format(recent=RECENT)], ""
    for span in spans:
        if span == "day" and not has_all_days:
            further += " AND at >= recent"
        parts.append(_SPAN.format(span=span, further=further))
        further += _IN_NO_LONGER.format(span=span)
    cover = " UNION ALL ".join(f"SELECT * FROM {span}s" for span in spans)  # nosec B608
    live = _LIVE.format(cover=cover, closed=of_spans("gaps"))
    return "".join([*parts, live])


def covered(spans):
    """The condition that a row of the sums is of ``cover``. It is no join, as the planner can't
    know how few spans these are, and would sort all sums."""
    return " OR ".join(
        f"span = '{span}' AND starts_on = ANY (ARRAY(SELECT starts_on FROM {span}s))"  # nosec B608
        for span in spans
    )
