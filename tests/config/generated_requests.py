"""Requests that schemathesis makes up from the API's own description, for the real program.

`tests.budgets` says how many for each operation, besides those at the edges of every field.
"""

import functools
import re
import zlib
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection

from tests import budgets
from tests.serving import NO_CERTIFICATES

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"

# What has the right shape may still make no sense here: an id of nothing, a name that is taken.
SENSELESS = ["2xx", "400", "401", "403", "404", "409", "412", "422", "429"]
# An outdated version is refused before the body is read.
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "429"]
CONFIG = {
    "seed": budgets.SEED,
    "request-timeout": 60,  # a slow machine is no fault of the program
    "checks": {
        "positive_data_acceptance": {"expected-statuses": SENSELESS},
        "negative_data_rejection": {"expected-statuses": REFUSED},
    },
}

WRITES = ["POST", "PUT", "PATCH", "DELETE"]
MAX_QUERY_BYTES = 3000  # bytes; beyond 4094 the web server itself says no, in its own words
SPOOLS = "/api/v1/spools/import/"
CATALOGUE = "/api/v1/filaments/import-catalogue/"  # answers for each entry by itself, in a 200


def described(**phases):
    config = schemathesis.Config.from_dict({**CONFIG, "phases": phases})
    return schemathesis.openapi.from_path(str(DOCUMENT), config=config)


def at_the_edges(context):
    """Whether the edges of each field of an operation are tried: of a quarter by default."""
    number = zlib.crc32(context.operation.label.encode())
    return budgets.IS_DEEP or number % 4 == budgets.SEED % 4


with_edges = described().include(at_the_edges)
closed = described(coverage={"enabled": False})  # what is in a request that is refused matters less
without_edges = closed.exclude(at_the_edges)
some = settings(
    max_examples=budgets.REQUESTS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
few = settings(some, max_examples=budgets.REQUESTS_OF_NOBODY)


def ask_as_manager(case, place, token):
    """Send it, and see that the answer is one that the description promises."""
    if asks_for_nothing(case) or is_too_long(case) or needs_no_key(case):
        return
    place = {**place, "headers": {**place["headers"], "Authorization": f"Token {token}"}}
    name_what_is_there(case, place)
    unchecked = [negative_data_rejection] if case.path == CATALOGUE else []
    case.call_and_validate(**place, excluded_checks=unchecked)


def asks_for_nothing(case):
    """Whether there is a ``?kind=``, for no kind at all, which the description can't say."""
    return any(value == "" for _, value in parse_qsl(query_string(case), keep_blank_values=True))


def needs_no_key(case):
    """Whether it is a dry run without the key that is required otherwise, which the description
    can't say."""
    has_key = any(name.lower() == "idempotency-key" for name in case.headers or {})
    return case.path == SPOOLS and not has_key and "dry_run" in (case.query or {})


def is_too_long(case):
    return len(query_string(case)) > MAX_QUERY_BYTES


def query_string(case):
    """The query string as it is sent."""
    sent = case.as_transport_kwargs(base_url="http://farm")
    request = requests.Request(sent["method"], sent["url"], params=sent["params"])
    return urlsplit(request.prepare().url).query


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
    answer = httpx.get(address, headers=dict(headers), verify=NO_CERTIFICATES)
    results = answer.json().get("results")
    return results[-1]["id"] if results else None
