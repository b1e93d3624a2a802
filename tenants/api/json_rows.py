"""Rows as JSON that PostgreSQL writes: what their serializer represents, by one statement.

The expressions are those of ``tenants.api.json_expressions``, joins and conditions the ORM's, and
the lines of all rows are read at once. A row by its id has a statement of its own, as for several
PostgreSQL reads whole tables. Where a field is not expressible, and for CSV and pages, the
serializer represents the rows, which gives the same bytes. ``Meta.annotated`` of a serializer names
the fields that are null unless a QuerySet has annotated them: such rows are left to it as well.
"""

import json
import re
from functools import cache, lru_cache

from django.db import connection
from django.db.models import F, Func
from django.db.models.lookups import Exact
from psycopg.types.numeric import Int8

from tenants.api.fast_representation import fields_of, is_of_lines
from tenants.api.json_expressions import OWN_METHOD, NotExpressible, expression_of, names_of
from tenants.api.serializers import RowSerializer, meta_names
from tenants.operations.compiled import ID, IDS, IsOneOf, Placeholder, fetch, with_names
from tenants.web.pagination import FAR, page_ids

PAGING = {"page", "page_size", "count", "format"}  # parameters that leave a list as it is
PAGE = "WITH page AS (SELECT ARRAY({ids}) AS ids) SELECT {json}"
COUNT = "(SELECT count(*) FROM ({rows}) AS found)"
# Of a page and one row more, that is not shown.
UNCOUNTED = (
    "WITH found AS (SELECT ARRAY({ids}) AS ids), page AS (SELECT ids[:{size}] AS ids FROM found)"
    " SELECT {json}, (SELECT cardinality(ids) > {size} FROM found)"
)
BACKWARDS = "SELECT id FROM ({ids}) AS far (id) ORDER BY row_number() OVER () DESC"
ROW = (
    "SELECT row_to_json(line)::text, {version} FROM {line}"
    " WHERE EXISTS (SELECT FROM ({rows}) AS found (id) WHERE id = {pk})"
)
PK = "%(pk)s::bigint"
CLOCK = re.compile(r"_timestamp\b|\bnow\(|\bcurrent_|\blocaltime", re.IGNORECASE)
PERIOD = ", statement_timestamp(), ({until})"
LINE = "({sql}) AS rows (row_place, parent, {names}){joins}, LATERAL (SELECT {selected}) AS line"
ROWS = "array_to_json(ARRAY(SELECT row_to_json(line) FROM {line} ORDER BY row_place))::text"
LINES = (
    " LEFT JOIN (SELECT parent, array_to_json(array_agg(row_to_json(line) ORDER BY row_place))"
    " AS lines FROM {line} GROUP BY parent) AS {name} ON {name}.parent = rows.parent"
)


class JSONText(str):
    """A text that is JSON, to be answered as it is. ``version`` is that of a row that has one.

    ``period`` is where it depends on the rows of the farm alone: from when until when the clock
    changes nothing of them, each None where it never does.
    """

    period = version = None

    def loaded(self):
        return json.loads(self)


class PageIds(Func):
    """The ids of the page's rows, in their order."""

    template, arity, output_field = "(SELECT ids FROM page)::bigint[]", 0, IDS


class Place(Func):
    """Where the id of a row is among those of the page."""

    function, output_field = "array_position", ID


# -- what is read -------------------------------------------------------------------------------


@cache
def is_expressible(view):
    """Whether what a class of views represents of its rows can be read as JSON."""
    try:
        return bool(json_sql(view))
    except NotExpressible:
        return False


def lists_all(view):
    """Whether the request lists the view's queryset as it is."""
    return view.has_fixed_rows and view.request.query_params.keys() <= PAGING


def is_annotated(view, rows):
    """Whether rows have what is null in the JSON of the view's rows."""
    return not rows.query.annotations.keys().isdisjoint(_annotated(view.serializer_class))


def read_page(view, rows, start, end, *, is_counted=True):
    """``(text, count)``: the rows from ``start`` to ``end`` as JSON, and how many there are; where
    they are not counted, whether there are more. Where ``rows`` is None they are those of the
    view's queryset, by SQL that is compiled once."""
    if not is_counted:
        return _read_uncounted(view, rows, start, end)
    if start >= FAR:
        return _read_far(type(view), _listed(type(view)) if rows is None else rows, start, end)
    if rows is None:
        found = fetch(_page_sql(type(view), start, end), None)
    else:
        found = _execute(*_page(type(view), rows, start, end, _sql))
    return _found(view, rows, *found)


def _read_uncounted(view, rows, start, end):
    if rows is None:
        found = fetch(_uncounted_sql(type(view), start, end), None)
    else:
        found = _execute(*_uncounted(type(view), rows, start, end, _sql))
    return _found(view, rows, *found)


def _found(view, rows, found):
    text, counted, *period = found
    text = JSONText(text)
    if rows is None and has_period(type(view)):
        text.period = period or (None, None)
    return text, counted


def read_row(view, rows, pk):
    """What is represented of the one of the rows with this id, as JSONText; None where there is
    none."""
    if rows is None:
        found = fetch(_row_sql(type(view)), {"pk": Int8(pk)})
    else:
        found = _execute(_row_of(type(view), rows), {"pk": pk})
    if not found:
        return None
    text = JSONText(found[0][0])
    text.version = found[0][1]
    return text


# -- its SQL --------------------------------------------------------------------------------------


@cache
def json_sql(view):
    """SQL of a page of rows as a class of views represents them. Raises NotExpressible."""
    line = _line(view.serializer_class, _rows_of(view), "pk", _on_page, Place(PageIds(), F("pk")))
    return ROWS.format(line=line)


@cache
def _line_of_row(view):
    """The same of the row whose id is a parameter."""
    return _line(view.serializer_class, _rows_of(view), "pk", _of_row)


def _rows_of(view):
    rows = view.queryset
    if rows.query.where:  # those to be read may be others: deleted ones
        rows = rows.model._base_manager.all()
    return rows


def _on_page(parent):
    return IsOneOf(parent, PageIds())


def _of_row(parent):
    return Exact(F(parent), Placeholder("pk", ID))  # PostgreSQL plans for one


@lru_cache(100)
def _page_sql(view, start, end):
    """The statement for a page of the view's queryset. It takes no parameters: PostgreSQL plans
    for these few rows, and once."""
    return _of_all(_page, view, start, end)


@lru_cache(100)
def _uncounted_sql(view, start, end):
    return _of_all(_uncounted, view, start, end)


def _of_all(statement, view, start, end):
    sql = statement(view, _listed(view), start, end, _constant)[0]
    if view.changes_at is not None:
        sql += PERIOD.format(until=_composed(view.changes_at))
    return sql.replace("%%", "%")


@cache
def has_period(view):
    """Whether it is known when the clock changes a page of the view's queryset, or that it never
    does: then that depends on the rows of the database alone."""
    return view.changes_at is not None or not CLOCK.search(_page_sql(view, 0, 1))


def _listed(view):
    return view.queryset if view.listed is None else view.listed


def _page(view, rows, start, end, sql_of):
    """``(statement, parameters)``"""
    ids, params = sql_of(page_ids(rows, start, end)[0])
    counted, more = sql_of(rows.order_by().values("pk"))
    page, count = PAGE.format(ids=ids, json=json_sql(view)), COUNT.format(rows=counted)
    return f"{page}, {count}", [*params, *more]


def _uncounted(view, rows, start, end, sql_of):
    ids, params = sql_of(page_ids(rows, start, end + 1)[0])
    return UNCOUNTED.format(ids=ids, size=end - start, json=json_sql(view)), params


def _read_far(view, rows, start, end):
    """The same as `read_page`, by two statements: from the last row, where that is nearer."""
    counted, params = _sql(rows.order_by().values("pk"))
    [(count,)] = _execute(f"SELECT {COUNT.format(rows=counted)}", params)
    if start >= count:
        return JSONText("[]"), count
    found, is_backwards = page_ids(rows, start, end, count=count)
    ids, params = _sql(found)
    ids = BACKWARDS.format(ids=ids) if is_backwards else ids
    [(text,)] = _execute(PAGE.format(ids=ids, json=json_sql(view)), params)
    return JSONText(text), count


@cache
def _row_sql(view):
    """The statement for a row of the view's queryset."""
    return _row_of(view, view.queryset)


def _row_of(view, rows):
    found = _composed(rows.order_by().values("pk"))
    has_version = any(each.field_name == "version" for each in fields_of(view.serializer_class))
    version = "line.version" if has_version else "NULL"
    return ROW.format(version=version, line=_line_of_row(view), rows=found, pk=PK)


def _line(serializer, rows, parent, condition, place="pk"):
    """SQL for FROM: ``line``, what a serializer represents of each row that fulfils the condition,
    its ``place`` and ``parent``."""
    if serializer.to_representation is not RowSerializer.to_representation:
        raise NotExpressible(f"{serializer.__name__}: {OWN_METHOD}")
    fields, model = fields_of(serializer), rows.model
    joins = {each: _lines(each, model, condition) for each in fields if is_of_lines(each, model)}
    plain = [each for each in fields if each not in joins]
    expressions = [expression_of(each, model, _annotated(serializer)) for each in plain]
    return LINE.format(
        sql=_composed(
            rows.filter(condition(parent)).order_by().values_list(place, parent, *expressions)
        ),
        names=names_of(plain),
        joins="".join(joins.values()),
        selected=", ".join(_selected(each, is_joined=each in joins) for each in fields),
    )


def _selected(field, *, is_joined):
    name = names_of([field])
    return f"coalesce({name}.lines, '[]') AS {name}" if is_joined else name


def _lines(field, model, condition):
    """SQL that joins, to each row, what a field represents of the rows of it."""
    child, related = type(field.child), model._meta.related_objects
    parent = next(
        each.field.attname for each in related if each.get_accessor_name() == field.source
    )
    line = _line(child, child.Meta.model._base_manager, parent, condition)
    return LINES.format(line=line, name=names_of([field]))


def _annotated(serializer):
    return meta_names(serializer, "annotated")


def _sql(rows):
    if isinstance(rows, list):  # of ids
        return "SELECT unnest(%s::bigint[])", [rows]
    query = rows.query.chain()
    query.subquery = True  # of one column, whatever DISTINCT and ORDER BY take besides
    return query.get_compiler(rows.db, elide_empty=False).as_sql()


def _composed(rows):
    """SQL with its constants in it, and with the names of its placeholders."""
    return with_names(*_sql(rows))


def _constant(rows):
    return _composed(rows), []


def _execute(sql, params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()
