"""Compiled queries: their rows, what prepares them, and what a connection forgets of it."""

from contextlib import closing

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import NotSupportedError, OperationalError, connection, connections, transaction
from django.db.models import F, Value
from django.db.models.signals import post_init
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django_tenants.utils import tenant_context
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from psycopg._queries import MAX_CACHED_STATEMENT_LENGTH

from config.database import PREPARE_AFTER
from config.database.base import _placeholders
from tenants.accounts.models import DeviceToken, FarmSettings, User
from tenants.operations.compiled import IDS, TEXT, CompiledQuery, IsOneOf, fetch
from tenants.operations.operation import in_transaction
from tests.factories import make_token, make_user
from tests.tenants.sql_helpers import ask, walled

PREPARED = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%%s%%'"
RETYPE = "ALTER TABLE accounts_farmsettings ALTER floor_idle_minutes TYPE {}"


def query(rows, **parameters):
    return CompiledQuery(rows, parameters)


settings_query = query(FarmSettings.objects.all)


@pytest.fixture
def people(farm):
    return [make_user(username=name, name=f"{name} 100%") for name in ("ann", "bob", "cy")]


def prepared(text):
    return ask(PREPARED % text)


def repeat(work, times=PREPARE_AFTER + 2):
    return [work() for _ in range(times)][-1]


# --- Rows --------------------------------------------------------------------------------------

SHAPES = {
    "instances": lambda ids: User.objects.filter(IsOneOf("pk", ids)),
    "tuples": lambda ids: User.objects.filter(IsOneOf("pk", ids)).values_list("pk", "role"),
    "dicts": lambda ids: User.objects.filter(IsOneOf("pk", ids)).values("name", "pk", a=F("role")),
    "one column": lambda ids: User.objects.filter(IsOneOf("pk", ids)).values_list("pk", flat=True),
    "a percent sign": lambda ids: User.objects.filter(IsOneOf("pk", ids), name__endswith="100%"),
    "a quote": lambda ids: User.objects.filter(IsOneOf("pk", ids)).exclude(name="o'%s\\"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_rows_are_those_of_the_queryset(people, shape):
    compiled = query(SHAPES[shape], ids=IDS)
    ids = [people[0].pk, people[2].pk]
    found = repeat(lambda: compiled(ids=ids))
    assert found == list(compiled.queryset(ids=ids))
    assert len(found) == 2
    assert compiled(ids=[]) == []


def test_an_instance_has_what_is_selected_with_it(people):
    DeviceToken.objects.create(user=people[0], name="t", scope="all", hash="h")
    rows = DeviceToken.objects.select_related("user", "made_with").annotate(
        of=F("user__name"), two=Value(2)
    )
    token = query(lambda hashed: rows.filter(hash=hashed), hashed=TEXT).get(hashed="h")
    with CaptureQueriesContext(connection) as seen:
        assert (token.user, token.made_with, token.of, token.two) == (
            people[0],
            None,
            people[0].name,
            2,
        )
    assert not len(seen)
    assert not token._state.adding
    token.name = "changed"
    token.save()
    assert DeviceToken.objects.get().name == "changed"


def test_an_instance_is_as_django_makes_it(people):
    for person in people:
        make_token(person)
    rows = DeviceToken.objects.select_related("user").order_by("pk")
    compiled = query(lambda ids: rows.filter(IsOneOf("user", ids)), ids=IDS)
    ids = [person.pk for person in people]
    for made, asked in zip(compiled(ids=ids), compiled.queryset(ids=ids), strict=True):
        for one, other in ((made, asked), (made.user, asked.user)):
            columns = [column.attname for column in other._meta.concrete_fields]
            assert {name: vars(one)[name] for name in columns} == {
                name: vars(other)[name] for name in columns
            }
            state, as_asked = one._state, other._state
            assert (state.adding, state.db) == (as_asked.adding, as_asked.db) == (False, "default")
        made.user_id = people[0].pk - 1
        assert "user" not in made._state.fields_cache


def test_who_listens_for_instances_hears_of_them(people):
    heard = []

    def hear(instance, **kwargs):
        heard.append(instance.pk)

    post_init.connect(hear, sender=User)
    try:
        found = query(SHAPES["instances"], ids=IDS)(ids=[people[0].pk])
    finally:
        post_init.disconnect(hear, sender=User)
    assert heard == [user.pk for user in found] == [people[0].pk]


def test_what_is_not_found_is_none_or_raises(farm):
    compiled = query(lambda name: User.objects.filter(username=name), name=TEXT)
    assert compiled.first(name="nobody") is None
    with pytest.raises(User.DoesNotExist):
        compiled.get(name="nobody")


def test_a_value_longer_than_the_column_is_compared_as_it_is(people):
    compiled = query(lambda name: User.objects.filter(role=name), name=TEXT)
    assert compiled(name=people[0].role + " and more than the column takes") == []


@pytest.mark.parametrize("values", [{}, {"ids": None}, {"ids": [1], "more": 1}])
def test_arguments_are_those_of_the_function_and_never_none(farm, values):
    with pytest.raises(TypeError, match="and never None"):
        query(SHAPES["instances"], ids=IDS)(**values)


def test_rows_are_locked_in_a_transaction_only(committed_farm):
    locks = query(User.objects.select_for_update)
    with transaction.atomic():
        assert locks() == list(User.objects.all())
    with pytest.raises(transaction.TransactionManagementError):
        locks()


def test_rows_that_bring_others_by_another_query_are_refused(farm):
    with pytest.raises(NotSupportedError):
        query(lambda: User.objects.prefetch_related("tokens"))()


# --- Prepared statements -----------------------------------------------------------------------


def test_it_is_compiled_once_and_prepared_when_it_is_repeated(farm):
    compiled = query(FarmSettings.objects.all)
    for _ in range(PREPARE_AFTER):
        compiled()
    assert prepared("accounts_farmsettings") == 0
    compiled()
    assert prepared("accounts_farmsettings") == 1
    compiled.queryset = None  # is not called again
    assert repeat(compiled) == [FarmSettings.objects.get()]
    assert prepared("accounts_farmsettings") == 1


def test_ids_of_every_size_take_one_statement(farm):
    compiled = query(SHAPES["tuples"], ids=IDS)
    repeat(lambda: [compiled(ids=[pk]) for pk in (1, 2**20, 2**40)])
    assert prepared("accounts_user") == 1


def test_a_text_of_any_length_is_read_for_placeholders_once(farm):
    text = "SELECT %(n)s::int" + " " * 2 * MAX_CACHED_STATEMENT_LENGTH
    assert fetch(text, {"n": 1}) == [(1,)]
    before = _placeholders.cache_info()
    assert [fetch(text, {"n": n}) for n in (2, 3)] == [[(2,)], [(3,)]]
    after = _placeholders.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (0, 2)


def test_a_connection_that_does_not_prepare_finds_the_same(farm, monkeypatch):
    monkeypatch.setattr(connection.connection, "prepare_threshold", None)
    assert repeat(query(FarmSettings.objects.all)) == [FarmSettings.objects.get()]
    assert prepared("accounts_farmsettings") == 0


def test_a_log_of_statements_has_the_values(people):
    compiled = query(SHAPES["instances"], ids=IDS)
    ids = [people[0].pk]
    repeat(lambda: compiled(ids=ids))
    with CaptureQueriesContext(connection) as seen:
        compiled(ids=ids)
    assert f"'{{{ids[0]}}}'" in seen[0]["sql"]
    assert len(seen) == 1


def test_another_farm_finds_nothing_of_it_prepared_and_its_own_rows(committed_farms):
    own, farms = connection.copy(), [walled(farm) for farm in committed_farms[:2]]
    connections["default"] = own
    try:
        for number, farm in enumerate(farms):
            own.enter(farm)
            FarmSettings.objects.update(run_prefix=f"FARM{number}")
        for number in (0, 1, 0, 1):
            own.enter(farms[number])
            assert prepared("accounts_farmsettings") == 0
            assert repeat(settings_query)[0].run_prefix == f"FARM{number}"
            assert prepared("accounts_farmsettings") == 1
            own.enter(farms[number])  # again: it keeps what it has
            assert prepared("accounts_farmsettings") == 1
    finally:
        own.close()
        del connections["default"]


def test_a_connection_of_the_owner_finds_the_rows_of_each_farm(committed_farms):
    for number, farm in enumerate(committed_farms):
        with tenant_context(farm):
            FarmSettings.objects.update(run_prefix=f"FARM{number}")
    for _ in range(2):
        for number, farm in enumerate(committed_farms):
            with tenant_context(farm):
                assert repeat(settings_query)[0].run_prefix == f"FARM{number}"


def test_what_was_rolled_back_is_found_again(committed_farm):
    for _ in range(2):
        with transaction.atomic():
            repeat(settings_query)
            transaction.set_rollback(True)
        assert repeat(settings_query) == [FarmSettings.objects.get()]


@pytest.fixture
def retyped(committed_farm):
    """A column has another type than when the query was prepared."""
    repeat(settings_query)
    execute(RETYPE.format("bigint"))
    yield
    execute(RETYPE.format("smallint"))


def execute(text):
    """Over another connection, as the command that migrates a farm."""
    other = connection.copy()
    other.set_tenant(connection.tenant)
    with closing(other), other.cursor() as cursor:
        cursor.execute(text)


def test_a_column_of_another_type_is_read_as_it_is_now(retyped):
    assert settings_query() == [FarmSettings.objects.get()]


def test_a_transaction_is_tried_again_when_a_column_has_another_type(retyped):
    tries = []

    def work():
        tries.append(1)
        return settings_query()

    assert in_transaction(work) == [FarmSettings.objects.get()]
    assert len(tries) == 2


def test_outside_of_an_operation_the_error_is_one_of_the_database(retyped):
    with pytest.raises(OperationalError), transaction.atomic():
        settings_query()
    assert settings_query() == [FarmSettings.objects.get()]


def test_a_statement_without_rows_returns_none(farm):
    text = "UPDATE accounts_farmsettings SET run_prefix = %(prefix)s"
    assert fetch(text, {"prefix": "X1"}, has_rows=False) is None
    assert FarmSettings.load().run_prefix == "X1"


def test_a_request_after_a_restart_of_the_database_is_answered(committed_farm):
    token, host = make_token(make_user(role="manager")), f"{committed_farm.slug}.localhost"
    environ = RequestFactory().get("/api/v1/spools/", headers={"host": host}).environ
    environ |= {"HTTP_AUTHORIZATION": f"Token {token}", "HTTP_ACCEPT": "application/json"}

    def status():
        return repeat(lambda: served(dict(environ)))

    assert status() == "200 OK"
    pid = connection.connection.info.backend_pid
    with closing(connection.copy()) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert status() == "200 OK"
    assert connection.connection.info.backend_pid != pid


def served(environ):
    """The status of a request as gunicorn makes it: Django's test client looks at no connection."""
    statuses = []
    answer = WSGIHandler()(environ, lambda status, _headers: statuses.append(status))
    list(answer)
    answer.close()
    return statuses[0]


# --- Spans -------------------------------------------------------------------------------------


def test_a_prepared_statement_has_a_span(committed_farm):
    spans, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    PsycopgInstrumentor().instrument(tracer_provider=provider)
    connection.close()
    try:
        repeat(settings_query)
        assert prepared("accounts_farmsettings") == 1
        spans.clear()
        settings_query()
        [span] = spans.get_finished_spans()
        assert "accounts_farmsettings" in span.attributes["db.statement"]
    finally:
        connection.close()
        PsycopgInstrumentor().uninstrument()
