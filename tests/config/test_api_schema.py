"""The API's own description is true and complete."""

import re
from pathlib import Path

import pytest
import yaml
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from rest_framework import serializers

from tests.config.routes import routes

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"


def test_the_schema_is_valid_without_warnings_and_the_committed_one_current(schema):
    validate_schema(schema)
    committed = yaml.load(DOCUMENT.read_text(), yaml.CSafeLoader)
    assert committed == schema, "run: manage.py spectacular --file docs/openapi.yaml"


def test_every_operation_has_a_summary_and_its_problems_and_every_post_takes_a_key(schema):
    for path, operations in schema["paths"].items():
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
def test_the_schema_is_made_once_by_a_process_and_served_as_it_is(api_client, viewer, schema, form):
    api_client.force_authenticate(viewer)
    first = api_client.get(f"/api/v1/schema/?format={form}")
    assert f"Spoolbook.{form}" in first["Content-Disposition"]
    assert yaml.load(first.content, yaml.CSafeLoader) == schema
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SchemaGenerator, "get_schema", lambda *_, **__: pytest.fail("made again"))
        again = api_client.get(f"/api/v1/schema/?format={form}")
    assert (again.content, again["Content-Type"]) == (first.content, first["Content-Type"])


def test_every_address_is_in_the_schema(schema):
    apart = {"/api/v1/", "/api/v1/schema/", "/api/v1/docs/"}  # what is about the others
    addresses = {route.path for route in routes() if route.path.startswith("/api/v1/")}
    named = {re.sub(r"\{id\}", "{pk}", path) for path in schema["paths"]}
    assert named == addresses - apart


def operations(method):
    for path, described in yaml.load(DOCUMENT.read_text(), yaml.CSafeLoader)["paths"].items():
        if method in described:
            yield path, described[method]


def test_a_filter_by_an_id_says_how_small_it_may_be(api):
    found = 0
    for path, operation in operations("get"):
        for parameter in operation.get("parameters", []) if "{" not in path else ():
            if parameter["in"] == "query" and parameter["schema"].get("format") == "int64":
                found += 1
                least, name = parameter["schema"]["minimum"], parameter["name"]
                answer = api.get(path, {name: least - 1})
                assert name in answer.json()["errors"], (path, name)
                answer = api.get(path, {name: least})
                assert name not in answer.json().get("errors", {}), (path, name)
    assert found > 10


def test_a_body_of_a_post_has_no_other_fields():
    schemas = yaml.load(DOCUMENT.read_text(), yaml.CSafeLoader)["components"]["schemas"]

    def bodies(method):
        for path, operation in operations(method):
            for content in operation.get("requestBody", {}).get("content", {}).values():
                if reference := content["schema"].get("$ref"):
                    yield path, reference.rpartition("/")[2]

    of_rows = {name for method in ("put", "patch") for _, name in bodies(method)}
    strict = {name for _, name in bodies("post")} - of_rows
    assert len(strict) > 20
    for name in strict:
        assert schemas[name].get("properties") is None or not schemas[name]["additionalProperties"]


def test_what_is_needed_is_described(api):
    (imported,) = (each for path, each in operations("post") if path == "/api/v1/spools/import/")
    headers = [each for each in imported["parameters"] if each["in"] == "header"]
    needed = {each["name"]: each.get("required", False) for each in headers}
    assert needed == {"Idempotency-Key": True, "Prefer": False}
    text = "name,initial_grams\nSky,1000\n"
    answer = api.generic("POST", "/api/v1/spools/import/", text, content_type="text/csv")
    assert answer.json()["code"] == "idempotency_key_missing"
    reports = dict(operations("get"))
    alone = [
        (path, each["name"])
        for path, operation in reports.items()
        for each in operation.get("parameters", [])
        if each["in"] == "query" and each.get("required")
    ]
    assert alone
    for path, name in alone:
        assert name in api.get(path).json()["errors"], path
    assert "Exactly one of ``lot``" in reports["/api/v1/reports/lots/"]["description"]
    assert "lot" in api.get("/api/v1/reports/lots/").json()["errors"]


def test_a_field_that_answers_null_is_described_as_nullable(schema):
    """Of ``schema`` is needed that all serializers were imported."""

    def subclasses(one):
        for each in one.__subclasses__():
            yield each
            yield from subclasses(each)

    declared = {
        f"{each.__name__}.{name}"
        for each in subclasses(serializers.Serializer)
        if not each.__name__.endswith("Query")  # no parameter of an address is null
        for name, field in each._declared_fields.items()
        if field.default is None and not field.allow_null
    }
    assert declared == set()
