"""Queries that are compiled once in a process, and executed by their text from then on.

For what a request asks again and again: compiling a query takes Django several times as long as
PostgreSQL takes to answer it. A compiled query is a function that returns a queryset::

    @compiled(ids=IDS)
    def locked(ids):
        return Spool.objects.filter(IsOneOf("pk", ids)).select_for_update().order_by("pk")

    locked(ids=[3, 5])            # its rows: instances, or tuples, or dicts, as list() of it has
    locked.queryset(ids=[3, 5])   # the queryset itself: tests compare the two

The function is called once, with placeholders: it can't look at its arguments, and None is none of
them, as ``= NULL`` finds nothing. The text names no schema, so that it serves every farm. It is
executed by Django's cursor (search path, role, errors and logs are those of any query), and
PostgreSQL prepares it once it is repeated on a connection: see docs/decisions.
"""

import re
from functools import cached_property, update_wrapper

from django.contrib.postgres.fields import ArrayField
from django.db import NotSupportedError, OperationalError, connection, models
from django.db.models import BooleanField, Func, Value
from django.db.models.query import FlatValuesListIterable, ModelIterable, ValuesIterable
from django.db.transaction import TransactionManagementError
from psycopg.sql import Literal
from psycopg.types.numeric import Int8

from tenants.operations.plain_instances import maker_of, populators

ID = models.BigIntegerField()
IDS = ArrayField(ID)
TEXT = models.TextField()
MOMENT = models.DateTimeField()
# Of one type whatever their size: a statement is prepared for the types of its parameters.
ADAPTED = {ID: Int8, IDS: lambda ids: [Int8(pk) for pk in ids]}
SIZE = re.compile(r"\(.*?\)")  # of a type: a cast to varchar(3) cuts, one to numeric(4,1) rounds
MARK = re.compile("%[s%]")

every = []  # compiled query of the process, for the tests


def compiled(**parameters):
    """Compile the queryset of a function whose parameters are of these model fields."""

    def decorate(queryset):
        every.append(CompiledQuery(queryset, parameters))
        return every[-1]

    return decorate


class IsOneOf(Func):
    """Whether a value is in an array.

    A subquery for the array runs once. As a subquery of IN it is one table more to be joined,
    in an order that PostgreSQL does not look for where there are many: it joins all of them first.
    """

    template, arg_joiner = "%(expressions)s)", " = ANY ("
    output_field = BooleanField()


class Placeholder(Value):
    """Stands for an argument, by its name and type."""

    def as_sql(self, compiler, connection):
        return f"%s::{SIZE.sub('', self.output_field.cast_db_type(connection))}", [self]


class CompiledQuery:
    """A function's queryset, by its text."""

    def __init__(self, queryset, parameters):
        self.queryset, self.parameters = queryset, parameters
        update_wrapper(self, queryset)

    def __call__(self, **values):
        return [self.statement.read(row) for row in self.tuples(**values)]

    def first(self, **values):
        """The first row, or None."""
        return next(iter(self(**values)), None)

    def get(self, **values):
        """The first row. Raises the DoesNotExist of its model."""
        for row in self(**values):
            return row
        raise self.statement.model.DoesNotExist

    def tuples(self, **values):
        """The rows as psycopg reads them."""
        if values.keys() != self.parameters.keys() or None in values.values():
            raise TypeError("A compiled query takes the arguments of its function, and never None")
        statement, kinds = self.statement, self.parameters
        if statement.locks and not connection.in_atomic_block:
            raise TransactionManagementError("Rows can be locked in a transaction only.")
        given = {name: ADAPTED.get(kinds[name], lambda it: it)(values[name]) for name in values}
        return fetch(statement.text, given, is_binary=statement.is_binary)

    @cached_property
    def statement(self):
        marks = {name: Placeholder(name, field) for name, field in self.parameters.items()}
        return Statement(self.queryset(**marks))


def fetch(text, params, *, has_rows=True, is_binary=False):
    """Execute a text as a statement to be prepared; its rows, None where it has none. In binary,
    numbers and moments take less to read than their texts."""
    try:
        return _fetch(text, params, has_rows, is_binary)
    except NotSupportedError as error:  # the type of a column was changed since it was prepared
        if connection.in_atomic_block:  # tried again by `in_transaction`
            raise OperationalError(str(error)) from error.__cause__
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")
        return _fetch(text, params, has_rows, is_binary)


def _fetch(text, params, has_rows, is_binary):
    with connection.prepared_cursor(is_binary=is_binary) as cursor:
        cursor.execute(text, params)
        return cursor.fetchall() if has_rows else None


class Statement:
    """The text of a queryset, with named parameters, and how its rows are read."""

    def __init__(self, rows):
        if rows._prefetch_related_lookups:
            raise NotSupportedError("A compiled query reads no other rows than its own")
        compiler = rows.query.get_compiler(rows.db)
        self.text = with_names(*compiler.as_sql())
        self.model, self.locks = rows.model, rows.query.select_for_update
        self.read = _reader(rows, compiler)
        converters = compiler.get_converters([column[0] for column in compiler.select])
        self.is_binary = not converters  # these take what Django reads, which is text
        if converters:  # of JSON, and of fields of one's own
            self.read = _converting(self.read, converters)


def with_names(text, params):
    """The text with the names of its placeholders, and with its constants written out."""
    left = iter(params)

    def write(mark):
        if mark[0] == "%%":
            return "%%"
        value = next(left)
        if isinstance(value, Placeholder):
            return f"%({value.value})s"
        return Literal(value).as_string(connection.connection).strip().replace("%", "%%")

    return MARK.sub(write, text)


def _reader(rows, compiler):
    """The function that makes of a tuple what the queryset makes of it."""
    kind = rows._iterable_class
    if issubclass(kind, ModelIterable):
        return _instance_reader(compiler, rows.db)
    if issubclass(kind, ValuesIterable):
        names = list(rows.query.selected)
        return lambda row: dict(zip(names, row, strict=True))
    return (lambda row: row[0]) if issubclass(kind, FlatValuesListIterable) else tuple


def _instance_reader(compiler, using):
    """Model instances, with what select_related and annotate add to them."""
    info, select = compiler.klass_info, compiler.select
    first, end = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column[0].target.attname for column in select[first:end]]
    related, from_db = populators(info, select, using), maker_of(info["model"]).from_db
    annotated = compiler.annotation_col_map.items()

    def read(row):
        instance = from_db(using, names, row[first:end])
        for each in related:
            each.populate(row, instance)
        for name, place in annotated:
            setattr(instance, name, row[place])
        return instance

    return read


def _converting(read, converters):
    def convert(row):
        values = list(row)
        for place, (functions, column) in converters.items():
            for function in functions:
                values[place] = function(values[place], column, connection)
        return read(values)

    return convert
