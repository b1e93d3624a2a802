"""Requests that schemathesis makes up from the API's own description, against the real program.

``SPOOLBOOK_EXAMPLES`` says how many for each operation, besides those at the edges of every field.
"""

import functools
import os
import re
import secrets
from pathlib import Path

import httpx
import pytest
import schemathesis
from django_tenants.utils import tenant_context
from hypothesis import HealthCheck, settings
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection

from tenants import services
from tests.conftest import go_out
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

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
EXAMPLES = int(os.environ.get("SPOOLBOOK_EXAMPLES", "100"))

# What has the right shape may still make no sense here: an id of nothing, a name that is taken.
SENSELESS = ["2xx", "400", "401", "403", "404", "409", "412", "422", "429"]
# A version that is out of date is told before the body is read.
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "429"]
CONFIG = {
    "checks": {
        "positive_data_acceptance": {"expected-statuses": SENSELESS},
        "negative_data_rejection": {"expected-statuses": REFUSED},
    },
}

EMPTY = ("", [], {})
CATALOGUE = "/api/v1/filaments/import-catalogue/"  # answers for each entry by itself, in a 200


def described(**phases):
    config = schemathesis.Config.from_dict({**CONFIG, "phases": phases})
    return schemathesis.openapi.from_path(str(DOCUMENT), config=config)


schema = described()
closed = described(coverage={"enabled": False})  # what is in a request that is refused matters less
some = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


@pytest.fixture(scope="session")
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
    yield {"base_url": server.url, "headers": {"Host": f"{slug}.localhost"}}, token
    with django_db_blocker.unblock():
        services.drop_farm(farm, by=None, wait_seconds=0)
        go_out()


@schema.parametrize()
@some
def test_a_manager_is_answered_as_the_description_says(case, fuzzed):
    if any(map(is_empty, (case.query or {}).values())):
        return  # "?kind=" asks for no kind, which the description can't say
    place, token = fuzzed
    place = {**place, "headers": {**place["headers"], "Authorization": f"Token {token}"}}
    name_what_is_there(case, place)
    unchecked = [negative_data_rejection] if case.path == CATALOGUE else []
    case.call_and_validate(**place, excluded_checks=unchecked)


def is_empty(value):
    return value in EMPTY or (isinstance(value, list) and "" in value)


@closed.parametrize()
@some
def test_nobody_is_answered_with_401(case, fuzzed):
    place, _ = fuzzed
    answer = case.call(**place)
    case.validate_response(answer)
    if case.path != "/api/v1/tokens/" or case.method != "POST":
        if answer.status_code == 400:  # before anybody is asked who they are
            assert answer.json()["code"] == "unreadable"
            return
        assert answer.status_code in (401, 404, 405)
        assert answer.status_code == 401 or b'"results"' not in answer.content


def name_what_is_there(case, place):
    """Ids of rows that the farm has, so that more is tried than what a 404 looks like."""
    path = case.meta.components.get(ParameterLocation.PATH)
    if case.method == "DELETE" or "/tokens/" in case.path or not path or path.mode.is_negative:
        return
    address = ""
    for before, name in re.findall(r"(.*?)\{(\w+)\}", case.path):
        address += before
        found = newest_of(place["base_url"] + address, tuple(place["headers"].items()))
        if found is None:
            return
        case.path_parameters[name] = str(found)
        address += case.path_parameters[name]


@functools.cache
def newest_of(address, headers):
    """The id of a row that the list at ``address`` shows, or None."""
    results = httpx.get(address, headers=dict(headers)).json().get("results")
    return results[-1]["id"] if results else None
