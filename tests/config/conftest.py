"""What the tests of the whole program share."""

import json
import secrets

import pytest
from django_tenants.utils import tenant_context
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from tenants.farms import services
from tests.config.routes import furnish, ids_of
from tests.config.served import open_session
from tests.config.two_farms import OURS, ROUTES, THEIRS
from tests.conftest import at_slug, go_out, rolled_back
from tests.factories import (
    PASSWORD,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_spool,
    make_token,
    make_user,
)


@pytest.fixture(scope="module")
def furnished(django_db_setup, django_db_blocker):
    """Alpha and beta have a row for every address while the module's tests run, each of which is
    rolled back to here; the ids of both, by path."""
    with rolled_back(django_db_blocker):
        yield [furnished_ids(slug, word) for slug, word in (("alpha", OURS), ("beta", THEIRS))]


def furnished_ids(slug, word):
    with at_slug(slug):
        furnish(word)
        return {route.path: ids_of(route) for route in ROUTES}


@pytest.fixture
def both(furnished, farm):
    """The ids of the rows that alpha and beta have for every address, by path."""
    return furnished


@pytest.fixture(scope="session")
def schema(django_db_setup):
    """The API's description of itself, which is made without warnings."""
    GENERATOR_STATS.reset()
    schema = SchemaGenerator().get_schema(request=None, public=True)
    assert not GENERATOR_STATS, "the schema has warnings: run manage.py spectacular"
    return json.loads(json.dumps(schema))


@pytest.fixture
def at_farm(server, committed_farm):
    return server.client(committed_farm)


@pytest.fixture
def token(committed_farm):
    return make_token(make_user(role="manager", username="mona"))


@pytest.fixture(scope="module")
def fuzzed(server, django_db_setup, django_db_blocker):
    """A farm with something of everything, and how it is reached."""
    slug = f"fuzzed-{secrets.token_hex(4)}"
    with django_db_blocker.unblock():
        farm = services.add_farm(slug=slug, name="Fuzzed", password=PASSWORD)
        with tenant_context(farm):
            token = make_token(make_user(role="manager"))
            a_run((a_spool(), 10), items=[(a_product(grams=5), 1)], printer=a_printer())
            a_running_run((a_spool(), 10), items=[(a_product(grams=5), 1)])
        go_out()
    headers = {"Host": f"{slug}.localhost"}
    with open_session() as session:
        yield {"base_url": server.url, "session": session, "headers": headers}, token
    with django_db_blocker.unblock():
        services.drop_farm(farm, by=None)
        go_out()


@pytest.fixture
def operations(request):
    """Some operations of the API's description (see `generated_requests.of`)."""
    return request.param()
