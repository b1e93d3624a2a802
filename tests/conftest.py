"""Fixtures: a database with two farms, made once, and users.

``farm`` is the farm of a test by default: alpha, rolled back afterwards. What commits, or has
several threads, takes a ``committed_farm`` of its own (see `tests.farm_pool`). ``server`` is the
program itself, as it is served (see `tests.serving`).
"""

import gc
import os
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace

import django.test.client
import hypothesis
import hypothesis.core
import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.test import Client
from django.test.utils import setup_databases, teardown_databases
from django.utils import timezone
from django_tenants.utils import tenant_context
from rest_framework.test import APIClient

from tenants.accounts import roles
from tenants.farms import services
from tenants.jobs import worker
from tenants.models import Tenant
from tenants.schemas import prepare
from tenants.schemas.current import current_schema
from tenants.web.requests import Request
from tenants.web.throttle_counts import counts
from tests import budgets, farm_pool, timing
from tests.factories import make_user
from tests.serving import ROOT, database_logins, serving

MATERIAL_TYPES = "inventory.services.seeds.seed"
FARMS = {"alpha": "Europe/Berlin", "beta": "America/New_York"}
STAYING_THREADS = 8


def pytest_configure(config):
    """Tests have a data folder of their own, and hash passwords as fast as can be."""
    gc.disable()  # until all is imported and collected, which leaves no garbage
    if not os.environ.get("SPOOLBOOK_DATA"):
        settings.DATA = ROOT / ".data" / "test"
        database = settings.DATABASES["default"]
        if "EMBEDDED" in database:
            database["EMBEDDED"] = str(settings.DATA)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # A test makes the material types that it needs, of densities that it knows.
    seeders = [path for path in settings.FARM_SEEDERS if path != MATERIAL_TYPES]
    settings.FARM_SEEDERS = ["tests.factories.spread_identities", *seeders]
    django.test.client.WSGIRequest = Request  # as config.wsgi has it
    hypothesis.core.global_force_seed = budgets.SEED
    hypothesis.settings.register_profile("seeded", database=None)
    hypothesis.settings.load_profile("seeded")
    config.pluginmanager.register(timing)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(timing.Timing())


def pytest_collection_modifyitems(config, items):
    refuse_names_given_twice(items)
    if not budgets.IS_DEEP:
        deselect_deep(config, items)


def pytest_collection_finish(session):
    """What was imported stays: do not look for garbage in it again and again."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


def refuse_names_given_twice(items):
    """Tests of one name are one to xdist, which runs the first alone and says nothing."""
    twice = [name for name, count in Counter(item.nodeid for item in items).items() if count > 1]
    if twice:
        raise pytest.UsageError(f"Several tests are called {', '.join(twice)}.")


def deselect_deep(config, items):
    """`make test-deep` runs what is marked ``deep``; so does a test named by itself."""
    named = [each for each in config.args if "::" in each]
    deep = [] if named else [item for item in items if item.get_closest_marker("deep")]
    if deep:
        config.hook.pytest_deselected(items=deep)
        items[:] = [item for item in items if not item.get_closest_marker("deep")]


# --- The farms ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(
    pytestconfig,
    django_test_environment,
    django_db_modify_db_settings,  # a database for each process of xdist
    django_db_blocker,
    django_db_keepdb,
    django_db_createdb,
):
    """pytest-django's own makes a test database only if some test asks for ``db``: without one,
    tests in a ``committed_farm`` or of the ``server`` would use the real database."""
    is_reused = django_db_keepdb and not django_db_createdb
    with django_db_blocker.unblock():
        databases = setup_databases(verbosity=0, interactive=False, keepdb=is_reused)
        timing.note_server_cpu(pytestconfig)
        settings.DATABASE_LOGINS = database_logins()
        prepare.prepare()
        for slug, zone in FARMS.items():
            if not Tenant.objects.filter(slug=slug).exists():  # --reuse-db
                services.add_farm(slug=slug, name=slug.capitalize(), timezone=zone)
    yield
    with django_db_blocker.unblock():
        farm_pool.drop_all()
        end_other_connections()
        connections.close_all()
        if not django_db_keepdb:
            teardown_databases(databases, verbosity=0)
            timing.note_server_cpu(pytestconfig)


def end_other_connections():
    """PostgreSQL may not have noticed yet that a server process was killed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )


@pytest.fixture(autouse=True)
def _nobody_is_anywhere():
    yield
    counts.clear()
    go_out()


@pytest.fixture
def farm(db):
    """The farm alpha, entered as the owner; everything is rolled back."""
    tenant = Tenant.objects.get(slug="alpha")
    go_to(tenant)
    yield tenant
    go_out()


@pytest.fixture
def other_farm(db):
    """The farm beta; enter it with ``tenant_context``."""
    with tenant_context(SimpleNamespace(schema_name="public")):
        return Tenant.objects.get(slug="beta")


@pytest.fixture
def committed_farm(django_db_setup, django_db_blocker):
    """A farm of this test's own, entered, in which everything is really committed."""
    with django_db_blocker.unblock():
        if connection.in_atomic_block:
            pytest.fail("committed_farm can't be used together with farm or db")
        tenant = farm_pool.lend()
        go_to(tenant)
        yield tenant
        go_out()
        farm_pool.give_back(tenant)


@pytest.fixture
def committed_farms(committed_farm):
    """Three farms of this test's own; the first is entered."""
    with tenant_context(SimpleNamespace(schema_name="public")):
        others = [farm_pool.lend() for _ in range(2)]
    yield [committed_farm, *others]
    go_out()
    for tenant in others:
        farm_pool.give_back(tenant)


def go_to(tenant):
    """Be in a farm as its owner, as a command would be."""
    connection.set_tenant(tenant)
    current_schema.set(tenant.schema_name)
    timezone.activate(FARMS.get(tenant.slug, "UTC"))


def work_off(farm):
    """Let a worker do what is queued, and be in the farm again."""
    worker.work_off()
    go_to(farm)


def go_out():
    connection.set_schema_to_public()
    current_schema.set(None)
    timezone.deactivate()


@contextmanager
def at_slug(slug):
    """In a farm by its slug."""
    connection.set_schema_to_public()
    go_to(Tenant.objects.get(slug=slug))
    yield
    go_out()


@contextmanager
def rolled_back(blocker):
    """For a fixture of a module: what is written in it is there for the module's tests."""
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="session")
def staying_threads(django_db_setup):
    """Threads that keep their connections from one test to the next: to make one anew, with all
    that it has to look up, takes longer than most of what they do."""
    with ThreadPoolExecutor(STAYING_THREADS) as threads:
        yield threads


@pytest.fixture
def in_threads(staying_threads, committed_farm):
    """``in_threads(work, count)``: ``work(number)`` by so many at once, each in the farm.

    Answers what each returned, or the exception it raised, in order.
    """

    def run(work, count):
        start = threading.Barrier(count)

        def one(number):
            if not connection.is_usable():  # another test may have ended it
                connection.close()
            go_to(committed_farm)
            try:
                start.wait()
                return work(number)
            except Exception as error:
                return error
            finally:
                go_out()
                if count > STAYING_THREADS:
                    connection.close()

        if count <= STAYING_THREADS:
            return list(staying_threads.map(one, range(count)))
        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(one, range(count)))

    return run


# --- Users -------------------------------------------------------------------------------------


@pytest.fixture
def manager(farm):
    return make_user(role=roles.MANAGER, username="mona", name="Mona Manager")


@pytest.fixture
def operator(farm):
    return make_user(role=roles.OPERATOR, username="otto", name="Otto Operator")


@pytest.fixture
def viewer(farm):
    return make_user(role=roles.VIEWER, username="vera", name="Vera Viewer")


@pytest.fixture
def stranger(other_farm):
    """A manager, but of beta."""
    with tenant_context(other_farm):
        return make_user(role=roles.MANAGER, username="sami", name="Sami Stranger")


# --- Clients -----------------------------------------------------------------------------------


class ComesBack:
    """A request ends in public; the test goes on where it was."""

    def request(self, **kwargs):
        tenant, schema = connection.tenant, current_schema.get()
        zone = timezone.get_current_timezone()
        try:
            answer = super().request(**kwargs)
            if answer.streaming:  # its last byte is the end of the request
                answer.streaming_content = list(answer.streaming_content)
            return answer
        finally:
            connection.set_tenant(tenant)
            current_schema.set(schema)
            timezone.activate(zone)


class FarmClient(ComesBack, Client):
    """A browser at a host: ``FarmClient(host="alpha.localhost")``."""

    def __init__(self, *, host, **defaults):
        super().__init__(HTTP_HOST=host, **defaults)


class FarmAPIClient(ComesBack, APIClient):
    """A program at a host; JSON unless told otherwise."""

    def __init__(self, *, host, **defaults):
        super().__init__(HTTP_HOST=host, **defaults)
        self.default_format = "json"


def browser_of(farm, person):
    """A browser at a farm, where somebody has signed in."""
    client = FarmClient(host=f"{farm.slug}.localhost")
    client.force_login(person)
    return client


def program_of(farm, person):
    """A program at a farm, with somebody's rights."""
    client = FarmAPIClient(host=f"{farm.slug}.localhost")
    client.force_authenticate(person)
    return client


@pytest.fixture
def farm_client(farm):
    """A browser at alpha, nobody signed in: ``farm_client.force_login(manager)``."""
    return FarmClient(host="alpha.localhost")


@pytest.fixture
def api_client(farm):
    """A program at alpha, nobody signed in: ``api_client.force_authenticate(manager)``."""
    return FarmAPIClient(host="alpha.localhost")


@pytest.fixture
def api(api_client, manager):
    """A program at alpha, signed in as its manager."""
    api_client.force_authenticate(manager)
    api_client.credentials(HTTP_AUTHORIZATION="Token forced")  # as who signs in sends one
    return api_client


@pytest.fixture
def at_admin(farm_client, operator):
    """A browser at alpha, the operator signed in."""
    farm_client.force_login(operator)
    return farm_client


@pytest.fixture
def as_manager(farm_client, manager):
    """A browser at alpha, the manager signed in."""
    farm_client.force_login(manager)
    return farm_client


@pytest.fixture
def public_client(db):
    return FarmClient(host="localhost")


@pytest.fixture
def client_at():
    """``client_at("beta.localhost")``: a browser at any host."""
    return lambda host: FarmClient(host=host)


# --- The real thing ----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def server(django_db_setup, tmp_path_factory):
    """The program as it is served: gunicorn, two processes of eight threads.

    ``server.url`` is its address; a farm is named by ``headers={"Host": ...}``, or use
    ``server.client(tenant)``, an httpx.Client at that farm.
    """
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield server
