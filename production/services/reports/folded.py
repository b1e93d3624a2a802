"""Sums that are kept of closed runs, and the one statement that adds what is not kept to them.

The figures are those of the reports' own statements: summed by day and by a dimension they are
kept, and over the runs that are not kept they are reckoned as ever. Sums are exact, so that it
makes no difference which runs are kept. A day is that of the run's end; of one that was cancelled
before its start, of its planning.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from production.models import NOT_COMPARED, ExplanationSum, VarianceSum
from production.services.reports import folded_days, part_sums, sql
from production.services.reports.folded_days import SHORT, SPANS
from production.services.reports.groups import Groups
from production.services.reports.statements import GROUPS, OF_ITEMS, OF_MATERIAL
from production.services.statements import fetched
from tenants.accounts.models import FarmSettings

PERIODS = ("day", "week", "month")
RUNS = ("status", "printer", "person")
# The dimension whose sums each way to group adds up.
DIMENSIONS = dict.fromkeys((None, *PERIODS), "status")
DIMENSIONS |= {name: name for name in ("status", "printer", "person", *OF_ITEMS, *OF_MATERIAL)}
_ENDED = "CASE WHEN has_ended THEN to_char(starts_on, '{0}') END"
_KEYS = {
    None: "NULL::text",
    "day": _ENDED.format("YYYY-MM-DD"),
    "week": _ENDED.format('IYYY-"W"IW'),
    "month": _ENDED.format("YYYY-MM"),
}
_SPANS = {"day": SPANS[2:], "week": SPANS[2:], "month": SPANS[1:], SHORT: SPANS[1:]}
# What is kept is summed by all of this at once, of a table of runs, items or lines.
_DAILY_KEY = """jsonb_build_array(
    '{0}', (coalesce({2}.finished_at, {2}.created_at) AT TIME ZONE %(timezone)s)::date,
    {2}.finished_at IS NOT NULL, ({1})::text)"""
FOLDED_BY = ("dimension", "starts_on", "has_ended", "key")
_PARTS_OF_KEY = """
    figures.key::jsonb ->> 0 AS dimension, (figures.key::jsonb ->> 1)::date AS starts_on,
    (figures.key::jsonb ->> 2)::boolean AS has_ended, figures.key::jsonb ->> 3 AS key"""
# The keys of a page's groups in a table, a column, and the condition that a group is one of them.
_PAGE = (
    """
    , page AS MATERIALIZED (
        SELECT key, count(*) OVER () AS groups
        FROM (SELECT key FROM reckoned UNION SELECT key FROM kept) AS keys
        ORDER BY key NULLS LAST LIMIT %(most)s OFFSET %(start)s
    )""",
    ", (SELECT max(groups) FROM page) AS groups",
    """WHERE key IN (SELECT key FROM page WHERE key IS NOT NULL)
        OR key IS NULL AND EXISTS (SELECT FROM page WHERE key IS NULL)""",
)
# Instead of a join of tables whose size the planner can't know.
_LIVE = '"production_productionrun"."id" = ANY (ARRAY(SELECT id FROM live))'


@dataclass(frozen=True)
class Chosen:
    """Of which runs a report is, where the sums know them: of all that were not deleted, those that
    ended from a day until before another, and have one of these keys of a dimension."""

    since: date | None = None
    until: date | None = None
    keys: dict = field(default_factory=dict)  # {"status": ["failed"]}, {"printer": ["7"]}

    def dimension(self, group_by):
        """The dimension that has these runs in these groups; None where there is none."""
        names = {*self.keys}
        if not names or DIMENSIONS[group_by] == group_by:
            names.add(DIMENSIONS[group_by])
        return names.pop() if len(names) == 1 else None


class SumColumns:
    """Columns of sums of a report, all or those that lines of materials have."""

    def __init__(self, model, *, is_of_lines=False):
        self.reasons, self.counts, self.flags, self.sums = (
            [name for name in names if not is_of_lines or _is_of_lines(name)]
            for names in (NOT_COMPARED, model.COUNTS, model.FLAGS, model.SUMS)
        )
        self.all = [*self.reasons, *self.counts, *self.flags, *self.sums]

    def summed(self):
        """Each of them, of rows that are grouped by the reasons."""
        return [
            *self.reasons,
            *(f"sum({name})::bigint AS {name}" for name in self.counts),
            *(f"bool_or({name}) AS {name}" for name in self.flags),
            *(f"sum({name}) AS {name}" for name in self.sums),
        ]


def _is_of_lines(name):
    """Of materials there are grams and their cost alone."""
    kind = name.rpartition("_")[2]
    return name in ("reason", "runs") or (kind in ("grams", "material") and name != "unknown_grams")


class FoldedReport:
    """The sums of one report: the statements that they are of, and of one that adds them up.

    ``of_runs(key, by_item=...)`` and ``of_lines(key)`` are the report's own statements by the SQL
    expression ``key``, ``line_keys`` the keys of ``lines``, the table that is summed then;
    ``is_shared``: of runs all is summed by the shares of items.
    """

    def __init__(self, model, of_runs, of_lines, *, lines, line_keys, is_shared):
        self.table, self.of_runs, self.of_lines = model._meta.db_table, of_runs, of_lines
        self.lines, self.line_keys, self.is_shared = lines, line_keys, is_shared
        self.columns, self.line_columns = SumColumns(model), SumColumns(model, is_of_lines=True)

    def reckoned(self, group_by):
        """The statement that knows of nothing that is kept."""
        if group_by in OF_MATERIAL:
            return self.of_lines(self.line_keys[group_by])
        return self.of_runs(GROUPS[group_by], by_item=group_by in OF_ITEMS)

    def statement(self, group_by, chosen, *, is_page=False):
        """The statement that adds up what is kept, and what is `reckoned` of the runs ``live``;
        ``is_page``: of the groups of a page alone, with the number of all as ``groups``."""
        columns = self.line_columns if group_by in OF_MATERIAL else self.columns
        names, reasons = ", ".join(columns.all), ", ".join(columns.reasons)
        narrower = "".join(map(" AND key = ANY (%({})s)".format, chosen.keys))
        if chosen.since or chosen.until:
            narrower += " AND has_ended"
        dimension = chosen.dimension(group_by)
        days = {"has_all_days": dimension == folded_days.DAILY}
        spans = _SPANS.get(group_by, SPANS)
        page, groups, condition = _PAGE if is_page else ("", "", "")
        return f"""
            {folded_days.beginning(spans, **days)}
            , reckoned AS MATERIALIZED ({self.reckoned(group_by)})
            , kept AS NOT MATERIALIZED (
                SELECT {_KEYS.get(group_by, "key")} AS key, {names}
                FROM {self.table} WHERE dimension = '{dimension}'{narrower}
                    AND ({folded_days.covered(spans)})
            ){page}
            SELECT found.key, {", ".join(columns.summed())}{groups} FROM (
                SELECT key, {names} FROM reckoned UNION ALL SELECT key, {names} FROM kept
            ) AS found {condition} GROUP BY found.key, {reasons} ORDER BY found.key NULLS LAST
        """  # nosec B608

    def daily(self):
        """The statements of all that is kept, by day."""
        shared = OF_ITEMS + (RUNS if self.is_shared else ())
        found = [self._by_day(shared, by_item=True)]
        if not self.is_shared:
            found.append(self._by_day(RUNS, by_item=False))
        for name in OF_MATERIAL:
            key = _by_day(self.line_keys, (name,), table=self.lines)
            found.append(Daily((name,), self.line_columns, self.of_lines(key)))
        return found

    def _by_day(self, names, *, by_item):
        statement = self.of_runs(_by_day(GROUPS, names, table="parts"), by_item=by_item)
        return Daily(names, self.columns, statement)


class Daily:
    """A statement of days: of which dimensions, and its columns besides FOLDED_BY."""

    def __init__(self, dimensions, columns, statement):
        self.dimensions, self.columns = dimensions, columns
        names = ", ".join(columns.all)
        self.statement = f"SELECT {_PARTS_OF_KEY}, {names} FROM ({statement}) AS figures"  # nosec B608


def _by_day(keys, names, *, table):
    """The SQL expression of the keys of a row in these dimensions, by day."""
    each = [_DAILY_KEY.format(name, keys[name], table) for name in names]
    return f"unnest(ARRAY[{', '.join(each)}])" if len(each) > 1 else each[0]


VARIANCE = FoldedReport(
    VarianceSum,
    sql.of_runs,
    sql.of_materials,
    lines="lines",
    line_keys=sql.MATERIAL_KEYS,
    is_shared=False,
)
EXPLANATION = FoldedReport(
    ExplanationSum,
    lambda key, by_item: part_sums.of_runs(key),
    part_sums.of_materials,
    lines="parts",
    line_keys=part_sums.MATERIAL_KEYS,
    is_shared=True,
)
REPORTS = (VARIANCE, EXPLANATION)


def rows(report, runs, *, group_by, chosen=None):
    """The rows of a report over the runs of a queryset, in order of the key. ``chosen`` says which
    runs they are; where it is None, or the sums don't know them, nothing that is kept is used."""
    if not is_folded(group_by, chosen):
        params = {"timezone": FarmSettings.load().timezone}
        return fetched(report.reckoned(group_by), params, runs=runs)
    return _folded_rows(report.statement(group_by, chosen), runs, chosen)


def page(report, runs, start, end, *, group_by, chosen):
    """The rows of the groups from ``start`` until before ``end``, where `is_folded`, and the number
    of all groups; None for that where there is no group any more."""
    statement = report.statement(group_by, chosen, is_page=True)
    found = _folded_rows(statement, runs, chosen, start=start, most=end - start)
    return found, found[0]["groups"] if found else None


def is_folded(group_by, chosen):
    """Whether there are sums of these groups of the runs that are ``chosen``."""
    return chosen is not None and chosen.dimension(group_by) is not None


def _folded_rows(statement, runs, chosen, **params):
    params |= {"timezone": FarmSettings.load().timezone, "definition": DEFINITION}
    params |= {"since": chosen.since, "until": chosen.until} | chosen.keys
    return fetched(statement, params, runs=runs.extra(where=[_LIVE]))  # nosec B610


def groups(report, runs, *, group_by, chosen, make, names):
    """The Groups of a report: of sums, a page of them is summed alone."""
    which = {"group_by": group_by, "chosen": chosen}
    return Groups(
        partial(rows, report, runs, **which),
        page=partial(page, report, runs, **which) if is_folded(group_by, chosen) else None,
        make=make,
        names=names,
    )


def _definition():
    """What changes with any statement of what is kept: then nothing of it is."""
    text = " ".join(part.statement for report in REPORTS for part in report.daily())
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:32]


DEFINITION = _definition()
