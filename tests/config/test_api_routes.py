"""Every address of the API with every method: nobody, a viewer, and nonsense."""

import json
from pathlib import Path

import pytest
import yaml
from django.urls import URLPattern
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from config.api.urls import v1

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
METHODS = ["get", "head", "options", "post", "put", "patch", "delete"]
OPEN = {("/api/v1/tokens/", "post")}  # asks for a password instead
READING = {"/api/v1/scan/"}  # a POST that writes nothing


def patterns(entries):
    for entry in entries:
        if isinstance(entry, URLPattern):
            yield str(entry.pattern)
        else:
            yield from patterns(entry.url_patterns)


def address(pattern):
    pattern = pattern.removeprefix("^").removesuffix("$").removesuffix("\\Z")
    while "(?P<" in pattern:
        start = pattern.index("(?P<")
        pattern = pattern[:start] + "1" + pattern[pattern.index(")", start) + 1 :]
    return f"/api/v1/{pattern}"


ADDRESSES = sorted({address(pattern) for pattern in patterns(v1)})


def test_the_addresses_are_those_that_are_tested():
    assert "/api/v1/production-runs/1/complete/" in ADDRESSES
    assert "/api/v1/spools/1/transactions/1/" in ADDRESSES
    assert not [path for path in ADDRESSES if "(" in path or "?" in path]


@pytest.mark.parametrize("path", ADDRESSES)
def test_nobody_gets_nothing(api_client, path):
    for method in METHODS:
        if (path, method) not in OPEN:
            assert getattr(api_client, method)(path).status_code == 401, method


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_viewer_writes_nothing(api_client, viewer, path):
    api_client.force_authenticate(viewer)
    for method in ("post", "put", "patch", "delete"):
        if not path.startswith("/api/v1/tokens/") and path not in READING:
            assert getattr(api_client, method)(path, {}).status_code in (403, 405), method


NONSENSE = [
    "",
    "{}",
    "[]",
    "null",
    "1",
    '"x"',
    "[[]]",
    '{"id": {}}',
    '{"name": []}',
    '{"items": 1}',
]


@pytest.mark.parametrize("path", ADDRESSES)
def test_nonsense_makes_no_500(api_client, manager, path):
    api_client.force_authenticate(manager)
    for method in METHODS:
        for body in NONSENSE:
            if "/tokens/" in path and method == "post":
                continue  # throttled
            answer = api_client.generic(method.upper(), path, body, content_type="application/json")
            assert answer.status_code < 500, (method, body)


def the_schema():
    GENERATOR_STATS.reset()
    schema = SchemaGenerator().get_schema(request=None, public=True)
    assert not GENERATOR_STATS, "the schema has warnings: run manage.py spectacular"
    return json.loads(json.dumps(schema))


@pytest.mark.usefixtures("farm")
def test_the_schema_is_valid_without_warnings_and_the_committed_one_current():
    schema = the_schema()
    validate_schema(schema)
    committed = yaml.safe_load(DOCUMENT.read_text())
    assert committed == schema, "run: manage.py spectacular --file docs/openapi.yaml"


@pytest.mark.usefixtures("farm")
def test_every_operation_may_answer_with_a_problem_and_every_post_takes_a_key():
    for path, operations in the_schema()["paths"].items():
        for method, operation in operations.items():
            assert "default" in operation["responses"], (method, path)
            headers = {p["name"] for p in operation.get("parameters", []) if p["in"] == "header"}
            assert ("Idempotency-Key" in headers) == (method == "post"), path


def test_the_schema_is_served_to_who_is_signed_in(api_client, viewer):
    assert api_client.get("/api/v1/schema/").status_code == 401
    api_client.force_authenticate(viewer)
    answer = api_client.get("/api/v1/schema/?format=json")
    assert answer.json()["openapi"].startswith("3.")
