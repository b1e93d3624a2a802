"""The examples of the API's description: what a farm's day really asked, and was answered.

``SPOOLBOOK_RECORD=1`` writes config/api/examples.json anew, as ``make describe`` does.
"""

import json
import os
from datetime import UTC, datetime

import pytest
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from config.api import examples
from config.api.schema import ANSWERS
from tests.config.day import the_day
from tests.config.day_bodies import PLA
from tests.config.telling import (
    DOCUMENTS,
    Clock,
    Teller,
    told,
    without_chance,
    written,
    wrongly_described,
)
from tests.factories import make_user

PROBLEM = "application/problem+json"
MORNING = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


@pytest.fixture
def schema(farm):
    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))


@pytest.fixture
def operations(schema):
    """Each operation, by what it is called."""
    return {
        f"{method.upper()} {path}": operation
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    }


@pytest.fixture
def problems(schema):
    """The examples of problems, by the kind of answer and their code."""
    return {
        (name, code): example["value"]
        for name, answer in schema["components"]["responses"].items()
        for code, example in answer["content"][PROBLEM].get("examples", {}).items()
    }


@pytest.mark.usefixtures("farm")
def test_the_examples_are_what_is_really_asked_and_answered(api_client, schema, monkeypatch):
    clock = Clock(monkeypatch, MORNING)
    without_chance(monkeypatch)
    mona = make_user(role="manager", username="mona", name="Mona Manager")
    api_client.force_authenticate(mona)
    teller = Teller(api_client, clock)
    the_day(teller, make_user(role="viewer", username="vera"))
    assert list(wrongly_described(teller.exchanges, schema)) == []
    text = written(told(teller.exchanges, schema))
    if os.environ.get("SPOOLBOOK_RECORD"):
        examples.FILE.write_text(text)
    assert json.loads(text) == json.loads(examples.FILE.read_text()), "run: make describe"


def test_every_operation_has_a_summary_an_example_and_its_errors(operations):
    for name, operation in operations.items():
        assert 3 <= len(operation["summary"]) <= 80, (name, operation["summary"])
        assert "\n" not in operation["summary"], name
        for part in bodies_of(operation):
            for kind, content in part.items():
                assert "example" in content or kind in DOCUMENTS, (name, kind)
        assert {"400", "401", "403", "503", "default"} < operation["responses"].keys(), name


def test_every_body_and_answer_is_as_it_is_described(schema, operations):
    found = [
        (name, fault)
        for name, operation in operations.items()
        for part in bodies_of(operation)
        for kind, content in part.items()
        if kind not in DOCUMENTS
        for fault in faults(schema, content["schema"], content["example"])
    ]
    assert found == []


def test_every_kind_of_problem_has_an_example(schema, problems):
    assert {kind for kind, _ in problems} == set(ANSWERS.values()) - {"Problem"}
    described = {"$ref": "#/components/schemas/Problem"}
    for (kind, code), problem in problems.items():
        assert ANSWERS[str(problem["status"])] == kind
        assert problem["code"] == code
        assert faults(schema, described, problem) == [], code


def test_problems_name_fields_and_figures(problems):
    assert len(problems["BadRequest", "invalid"]["errors"]) == 2
    short = problems["Refused", "insufficient_inventory"]
    assert {"needed_grams", "missing_grams"} < short["shortages"][0].keys()
    assert problems["TooMany", "too_many_tries"]["retry_after_seconds"] > 0


def test_an_example_that_is_not_as_described_is_found(schema):
    spool = schema["paths"]["/api/v1/spools/{id}/"]["get"]["responses"]["200"]
    content = spool["content"]["application/json"]
    for wrong in ({"id": "1"}, {"remaining_grams": None}, {"prize": "24.99"}):
        assert faults(schema, content["schema"], content["example"] | wrong), wrong


# --- What is described ---------------------------------------------------------------------------


def bodies_of(operation):
    """What a request may hold, and what each success does, by media type."""
    successes = [each for status, each in operation["responses"].items() if status < "3"]
    parts = [operation.get("requestBody", {}), *successes]
    return [part.get("content", {}) for part in parts]


def faults(schema, described, value):
    """What of ``value`` is not as OpenAPI 3.0 describes it; fields that it does not name, too."""
    whole = {**as_json_schema(described), "components": as_json_schema(schema["components"])}
    formats = Draft202012Validator.FORMAT_CHECKER
    found = Draft202012Validator(whole, format_checker=formats).iter_errors(value)
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


def as_json_schema(node):
    if isinstance(node, list):
        return [as_json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    there = {name: as_json_schema(each) for name, each in node.items() if name != "example"}
    if "properties" in there:
        there.setdefault("additionalProperties", False)
    return {"anyOf": [{"type": "null"}, there]} if node.get("nullable") is True else there


# --- What it forbids -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("locations/", {"name": "Shelf B2", "comment": 0}),
        ("material-types/", PLA | {"is_abrasive": 0}),
        ("material-types/", PLA | {"is_abrasive": "true"}),
    ],
)
def test_nothing_is_taken_for_what_it_may_have_meant(api_client, manager, path, body):
    api_client.force_authenticate(manager)
    answer = api_client.post(f"/api/v1/{path}", body)
    *_, wrong = body
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [wrong])


def test_an_address_without_the_method_says_so_whatever_the_format(api_client, manager):
    api_client.force_authenticate(manager)
    answer = api_client.put("/api/v1/reports/alerts/?format=csv", {})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
