"""The API's own description is true and complete."""

import json
import re
from pathlib import Path

import pytest
import yaml
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from tests.config.routes import routes

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"


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
def test_every_operation_has_a_summary_and_its_problems_and_every_post_takes_a_key():
    for path, operations in the_schema()["paths"].items():
        for method, operation in operations.items():
            assert 3 <= len(operation["summary"]) <= 80, (path, operation["summary"])
            assert "\n" not in operation["summary"], path
            problems = {"400", "401", "403", "503", "default"}
            assert problems < operation["responses"].keys(), (method, path)
            headers = {p["name"] for p in operation.get("parameters", []) if p["in"] == "header"}
            assert ("Idempotency-Key" in headers) == (method == "post"), path


def test_the_schema_is_served_to_who_is_signed_in(api_client, viewer):
    assert api_client.get("/api/v1/schema/").status_code == 401
    api_client.force_authenticate(viewer)
    answer = api_client.get("/api/v1/schema/?format=json")
    assert answer.json()["openapi"].startswith("3.")


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_the_schema_is_made_once_by_a_process_and_served_as_it_is(api_client, viewer, form):
    api_client.force_authenticate(viewer)
    first = api_client.get(f"/api/v1/schema/?format={form}")
    assert f"Spoolbook.{form}" in first["Content-Disposition"]
    assert yaml.load(first.content, yaml.CSafeLoader) == the_schema()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SchemaGenerator, "get_schema", lambda *_, **__: pytest.fail("made again"))
        again = api_client.get(f"/api/v1/schema/?format={form}")
    assert (again.content, again["Content-Type"]) == (first.content, first["Content-Type"])


def test_every_address_is_in_the_schema():
    apart = {"/api/v1/", "/api/v1/schema/", "/api/v1/docs/"}  # what is about the others
    addresses = {route.path for route in routes() if route.path.startswith("/api/v1/")}
    named = {re.sub(r"\{id\}", "{pk}", path) for path in the_schema()["paths"]}
    assert named == addresses - apart
