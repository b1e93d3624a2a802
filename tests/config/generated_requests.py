"""Requests that schemathesis makes up from the API's own description, for the real program.

`tests.budgets` says how many for each operation, besides those at the edges of every field.
"""

import functools
import re
import zlib
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, settings
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection

from tests import budgets

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"

# What has the right shape may still make no sense here: an id of nothing, a name that is taken.
# Who is nobody may send 16 KiB at most.
SENSELESS = ["2xx", "400", "401", "403", "404", "409", "412", "413", "422", "429"]
# An outdated version is refused before the body is read.
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "429"]
CONFIG = {
    "seed": budgets.SEED,
    "request-timeout": 60,  # a slow machine is no fault of the program
    "checks": {
        "positive_data_acceptance": {"expected-statuses": SENSELESS},
        "negative_data_rejection": {"expected-statuses": REFUSED},
        "ignored_auth": {"enabled": False},  # asked again as nobody: that is a test of its own
    },
}

MAX_QUERY_BYTES = 3000  # bytes; beyond 4094 the web server itself says no, in its own words
SPOOLS = "/api/v1/spools/import/"
CATALOGUE = "/api/v1/filaments/import-catalogue/"  # answers for each entry by itself, in a 200


def described(labels, *, with_edges):
    """These operations of the description, of which the paths of all others are left out."""
    paths = {path for _, path in map(str.split, labels)}
    described = {**WHOLE, "paths": {path: WHOLE["paths"][path] for path in paths}}
    others = {"exclude-name": labels, "enabled": False}
    # `test_api_examples` sends the examples of the description.
    phases = {"coverage": {"enabled": with_edges}, "examples": {"enabled": False}}
    config = {"phases": phases, "operations": [others]}
    config = schemathesis.Config.from_dict({**CONFIG, **config})
    return schemathesis.openapi.from_dict(described, config=config)


def at_the_edges(label):
    """Whether the edges of each field of an operation are tried: of a sixth by default."""
    return budgets.IS_DEEP or zlib.crc32(label.encode()) % 6 == budgets.SEED % 6


WHOLE = yaml.load(DOCUMENT.read_text(), yaml.CSafeLoader)
LABELS = [
    f"{method.upper()} {path}"
    for path, operations in WHOLE["paths"].items()
    for method in operations
    if method != "parameters"
]
READS = [label for label in LABELS if label.startswith("GET ")]
WRITES = [label for label in LABELS if label not in READS]

# Made up when the test runs: with the schema's own parametrize() each process of xdist makes up the
# requests of all tests.
each_operation = schemathesis.pytest.from_fixture("operations")


def of(labels, *, edges):
    """The operations that a test is made for: one with the edges of its fields, where
    ``edges(label)``; the others of a resource together."""
    groups = {}
    for label in labels:
        groups.setdefault(label if edges(label) else label.split("/")[3], []).append(label)
    params = [
        pytest.param(functools.partial(described, group, with_edges=name in labels), id=name)
        for name, group in groups.items()
    ]
    return pytest.mark.parametrize("operations", params, indirect=True)


some = settings(
    max_examples=budgets.REQUESTS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
few = settings(some, max_examples=budgets.REQUESTS_OF_NOBODY)


def ask_as_manager(case, place, token):
    """Send it, and see that the answer is one that the description promises."""
    query = query_string(case)
    if asks_for_nothing(query) or len(query) > MAX_QUERY_BYTES or needs_no_key(case):
        return
    place = {**place, "headers": {**place["headers"], "Authorization": f"Token {token}"}}
    name_what_is_there(case, place)
    unchecked = [negative_data_rejection] if case.path == CATALOGUE else []
    case.call_and_validate(**place, excluded_checks=unchecked)


def asks_for_nothing(query):
    """Whether there is a ``?kind=``, for no kind at all, which the description can't say."""
    return any(value == "" for _, value in parse_qsl(query, keep_blank_values=True))


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
        url, headers = place["base_url"] + address, tuple(place["headers"].items())
        found = newest_of(place["session"], url, headers)
        if found is None:
            return
        case.path_parameters[name] = str(found)
        address += case.path_parameters[name]


@functools.cache
def newest_of(session, address, headers):
    """The id of a row that the list at ``address`` shows, or None."""
    results = session.get(address, headers=dict(headers)).json().get("results")
    return results[-1]["id"] if results else None
