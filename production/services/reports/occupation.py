"""Hours and occupation of printers.

A run prints from its start for its actual minutes. Where these are unknown it prints until its end
(a cancelled run's is when it was cancelled), one in progress until now: ``by_the_clock``. Where
they are longer than the time between start and end, they end with the run. What lies outside a
period is left out. Paused time is not known, and is printing time.

Occupation is the time that was printed in percent of the time that was available: 24 hours a day of
each printer while it was in use. A period begins with the first run of the farm at the earliest,
and ends now at the latest. A printer is in use from when it was added, or from its first run if
that is earlier, and as the audit trail says: not from when it was taken out of use until it was put
back. Time that it printed meanwhile is added. Where nobody knows since when, it always was.
"""

from django.utils import timezone

from inventory.models import Location
from production.models import Printer
from production.services.reports.consumption import LABELS
from production.services.reports.statements import names_of
from production.services.statements import fetched
from production.services.variance import MINUTE_PLACES, rounded
from tenants.accounts.models import FarmSettings

NAMED = {"printer": Printer.objects, "location": Location.objects}
KEYS = {None: "NULL::bigint", "printer": "printer.id", "location": "printer.location_id"}

_SPANS = """
WITH ends AS (
    SELECT run.id, printer_id, status, started_at, CASE
            WHEN status <> 'cancelled' THEN coalesce(finished_at, %(now)s) ELSE (
                SELECT max(at) FROM production_runevent event
                WHERE event.run_id = run.id AND to_status = 'cancelled') END AS ended_at,
        CASE WHEN status <> 'in_progress' THEN actual_minutes * interval '1 minute' END AS printed
    FROM production_productionrun run
    WHERE deleted_at IS NULL AND started_at IS NOT NULL AND printer_id IN ({printers})
        AND (%(since)s::timestamptz IS NULL OR finished_at >= %(since)s OR finished_at IS NULL)
), spans AS (
    SELECT id, printer_id, status, ended_at, printed IS NULL AS is_by_the_clock,
        least(started_at, ended_at - printed) AS begins_at,
        least(started_at + printed, ended_at) AS stops_at
    FROM ends
    WHERE %(since)s::timestamptz IS NULL OR ended_at >= %(since)s
), bounds AS MATERIALIZED (
    SELECT greatest(%(since)s::timestamptz, least(
            (SELECT min(started_at) FROM production_productionrun WHERE deleted_at IS NULL),
            (SELECT greatest(min(begins_at), min(ended_at) - interval '1 year') FROM spans)
        )) AS since,
        least(%(until)s::timestamptz, %(now)s) AS until
)
"""

# Each printer: its time in use, without a beginning where none is known, and what it printed else.
_IN_USE = """
, audited AS MATERIALIZED (
    SELECT object_id AS printer_id, id, at, (changes->'is_active'->>0)::boolean AS was_active,
        (changes->'is_active'->>1)::boolean AS is_active
    FROM accounts_auditevent
    WHERE object_type = 'production.printer' AND object_id IN ({printers})
), begun AS (
    SELECT printer.id AS printer_id, is_active, least(
            (SELECT min(at) FROM audited WHERE audited.printer_id = printer.id),
            (SELECT min(started_at) FROM production_productionrun run
            WHERE run.printer_id = printer.id AND deleted_at IS NULL)) AS at
    FROM production_printer printer WHERE printer.id IN ({printers})
), steps AS (
    SELECT printer_id, NULL::bigint AS id, at, coalesce((
            SELECT was_active FROM audited
            WHERE audited.printer_id = begun.printer_id AND was_active IS NOT NULL
            ORDER BY id LIMIT 1), is_active) AS is_active
    FROM begun
    UNION ALL
    SELECT printer_id, id, at, is_active FROM audited WHERE was_active IS NOT NULL
), phases AS (
    SELECT printer_id, is_active, tstzrange(at, lead(at) OVER (
            PARTITION BY printer_id ORDER BY at NULLS FIRST, id NULLS FIRST)) AS span
    FROM steps
), used AS (
    SELECT printer_id, range_agg(span) AS spans FROM (
        SELECT printer_id, span FROM phases WHERE is_active
        UNION ALL
        SELECT printer_id, tstzrange(begins_at, stops_at) FROM spans WHERE begins_at < stops_at
    ) AS parts GROUP BY printer_id
)
"""

_PERIODS = """
, periods AS (
    SELECT starts_on, greatest(since, starts_on::timestamp AT TIME ZONE %(timezone)s) AS since,
        least(until, (starts_on + %(step)s::interval) AT TIME ZONE %(timezone)s) AS until
    FROM bounds CROSS JOIN LATERAL (
        SELECT day::date AS starts_on FROM generate_series(
            date_trunc(%(period)s, since AT TIME ZONE %(timezone)s),
            (until - interval '1 microsecond') AT TIME ZONE %(timezone)s, %(step)s::interval) AS day
    ) AS days
    WHERE since < until
), met AS (
    SELECT spans.*, day::date AS starts_on FROM bounds JOIN spans
        ON begins_at < bounds.until AND ended_at >= bounds.since
    CROSS JOIN LATERAL generate_series(
        date_trunc(%(period)s, greatest(begins_at, bounds.since) AT TIME ZONE %(timezone)s),
        least(ended_at, bounds.until) AT TIME ZONE %(timezone)s, %(step)s::interval) AS day
)
"""

_ONE_PERIOD = """
, periods AS (
    SELECT 'epoch'::date AS starts_on, since, until FROM bounds WHERE since < until
), met AS (
    SELECT spans.*, 'epoch'::date AS starts_on FROM spans
)
"""

_SUMMED = """
, parts AS (
    SELECT printer_id, met.starts_on, met.id, status, is_by_the_clock,
        ended_at >= since AND ended_at < until AND status <> 'in_progress' AS has_ended,
        greatest(extract(epoch FROM least(stops_at, until) - greatest(begins_at, since)), 0) / 60
            AS minutes
    FROM met JOIN periods ON periods.starts_on = met.starts_on
), made AS (
    SELECT printer_id, starts_on, count(*) FILTER (WHERE has_ended) AS runs,
        count(*) FILTER (WHERE has_ended AND status IN ('failed', 'cancelled')) AS lost_runs,
        count(*) FILTER (WHERE has_ended AND is_by_the_clock) AS unknown,
        sum(minutes) AS minutes, sum(minutes) FILTER (WHERE is_by_the_clock) AS by_the_clock,
        sum(minutes) FILTER (WHERE status IN ('failed', 'cancelled')) AS lost,
        sum((SELECT sum(good_count) FROM production_runitem item WHERE item.run_id = parts.id))
            FILTER (WHERE has_ended AND status IN ('completed', 'failed')) AS good
    FROM parts GROUP BY printer_id, starts_on
    HAVING bool_or(has_ended) OR sum(minutes) > 0
), available AS (
    SELECT printer_id, starts_on, (
            SELECT sum(extract(epoch FROM upper(span) - lower(span))) / 60
            FROM unnest(spans * tstzmultirange(tstzrange(since, until))) AS span) AS minutes
    FROM periods CROSS JOIN used
)
SELECT periods.starts_on, {key} AS key, count(*) AS printers, sum(runs) AS runs,
    sum(lost_runs) AS lost_runs, sum(unknown) AS unknown, sum(good) AS good,
    sum(made.minutes) AS printing, sum(by_the_clock) AS by_the_clock, sum(lost) AS lost,
    sum(available.minutes) AS available
FROM periods CROSS JOIN production_printer printer
LEFT JOIN made ON made.printer_id = printer.id AND made.starts_on = periods.starts_on
LEFT JOIN available
    ON available.printer_id = printer.id AND available.starts_on = periods.starts_on
WHERE printer.id IN ({printers}) AND (available.minutes > 0 OR made.printer_id IS NOT NULL)
GROUP BY 1, 2
ORDER BY 1, 2 NULLS LAST
"""


def occupation(printers, *, group_by=None, period=None, since=None, until=None, now=None):
    """Hours of a QuerySet of printers from ``since`` until before ``until``, two moments or None:
    a list of dicts, one a period and group, in order.

    ``group_by`` is one of KEYS: None (all together), printer or location; ``period`` is None, day,
    week or month, in the farm's time zone. A dict has ``period``, ``starts_on``, ``key``, ``name``,
    ``printers``; ``runs`` that ended in it, ``lost_runs`` (failed or cancelled ones of them),
    ``runs_of_unknown_minutes`` and ``good`` parts of them; ``minutes``: printing, of it
    by_the_clock and lost, and available; ``occupation_percent``, None where nothing was available.
    A group of which no printer was in use in a period has no row of it. Three queries at most.
    """
    params = {
        "since": since,
        "until": until,
        "now": now or timezone.now(),
        "period": period,
        "step": f"1 {period}",
        "timezone": FarmSettings.load().timezone,
    }
    statement = _SPANS + _IN_USE + (_PERIODS if period else _ONE_PERIOD) + _SUMMED
    rows = fetched(statement.replace("{key}", KEYS[group_by]), params, printers=printers)
    names = names_of(rows, NAMED[group_by]) if group_by else {}
    return [_row(row, period, names.get(row["key"])) for row in rows]


def _row(row, period, name):
    starts_on = row["starts_on"] if period else None
    printing, available = row["printing"] or 0, row["available"] or 0
    return {
        "period": starts_on.strftime(LABELS[period]) if period else None,
        "starts_on": starts_on,
        "key": None if row["key"] is None else str(row["key"]),
        "name": name,
        "printers": row["printers"],
        "runs": int(row["runs"] or 0),
        "lost_runs": int(row["lost_runs"] or 0),
        "runs_of_unknown_minutes": int(row["unknown"] or 0),
        "good": int(row["good"] or 0),
        "minutes": {
            "printing": rounded(printing, MINUTE_PLACES),
            "by_the_clock": rounded(row["by_the_clock"] or 0, MINUTE_PLACES),
            "lost": rounded(row["lost"] or 0, MINUTE_PLACES),
            "available": rounded(available, MINUTE_PLACES),
        },
        "occupation_percent": rounded(printing * 100 / available) if available else None,
    }
