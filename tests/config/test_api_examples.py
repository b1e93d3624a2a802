"""The example bodies of the API's description are as described, and a farm takes each of them."""

import json
from itertools import count

import pytest
from django.db import connection
from jsonschema import Draft202012Validator

from config.api.examples import EXAMPLES
from inventory.models import Location
from tests.factories import a_material_type, a_printer
from tests.queries import violations

V1 = "/api/v1/"
BLACK, BLACK_TOO, ORANGE, ORANGE_TOO = "M9S346Q3H", "D25VT4F5D", "V37E3S3E2", "28JT97KBC"
FIRST_MATERIAL = 41  # as the examples name the lines of their run


@pytest.fixture(scope="module")
def components(schema):
    return as_json_schema(schema["components"])


@pytest.fixture
def send(api, schema, components):
    """``send("spools.weigh", "spools/{id}/weigh/", id=1)``: the answer to an example, or to another
    ``body``, as it is described."""

    def send(name, path, body=None, **ids):
        operation = schema["paths"][V1 + path]["post"]
        body = EXAMPLES[name] if body is None else body
        media_type, content = next(iter(operation["requestBody"]["content"].items()))
        assert faults(components, content["schema"], body) == [], name
        sent = body if isinstance(body, str) else json.dumps(body)
        key = {"Idempotency-Key": f"example-{next(numbers)}"}
        answer = api.generic("POST", V1 + path.format(**ids), sent, media_type, headers=key)
        assert answer.status_code in (200, 201), (name, answer.content)
        described = operation["responses"][str(answer.status_code)]
        content = described["content"]["application/json"]
        assert faults(components, content["schema"], answer.json()) == [], name
        headers = {"ETag", "Location"}
        assert headers & set(answer.headers) == headers & described.get("headers", {}).keys(), name
        send.examples.add(name)
        return answer.json()

    numbers, send.examples = count(1), set()
    return send


def test_a_farm_takes_every_example(send):
    catalogue(send)
    shelf(send)
    run = planned(send)
    printed(send, run)
    afterwards(send)
    assert send.examples == EXAMPLES.keys()
    assert violations() == []


def catalogue(send):
    Location.objects.create(name="Shelf B2")
    a_material_type("PLA")
    assert send("filaments.import_table", "filaments/import/")["created_count"] == 2
    assert send("filaments.import_catalogue", "filaments/import-catalogue/")["created_count"] == 1
    made = send("filaments.create", "filaments/")
    double = {"name": EXAMPLES["filaments.merge"]["double_name"]}
    send("filaments.create", "filaments/", EXAMPLES["filaments.create"] | double)
    send("filaments.merge", "filaments/{id}/merge/", id=made["id"])


def shelf(send):
    assert send("spools.import_table", "spools/import/")["created_count"] == 2
    assert send("printers.import_table", "printers/import/")["created_count"] == 2
    assert len(send("printers.create", "printers/")["slots"]) == 1
    assert send("products.import_table", "products/import/")["created_count"] == 2
    spool = send("spools.create", "spools/")
    black = send("spools.receive", "spools/receive/")
    other = {"filament_name": "PLA Signal Orange", "codes": [ORANGE, ORANGE_TOO]}
    send("spools.receive", "spools/receive/", EXAMPLES["spools.receive"] | other)
    assert [each["code"] for each in black["spools"]] == [BLACK, BLACK_TOO]
    send("spools.merge", "spools/{id}/merge/", id=black["spools"][0]["id"])
    send("spools.weigh", "spools/{id}/weigh/", id=spool["id"])
    send("spools.use", "spools/{id}/use/", id=spool["id"])


def planned(send):
    """The id of the run that the other examples are about."""
    a_printer("Mk4 left")
    a_printer("Mk4 right")
    product = send("products.create", "products/")["id"]
    lines, black = "products/{product_id}/bom-lines/", EXAMPLES["products-bom-lines.create"]
    send("products-bom-lines.create", lines, product_id=product)
    orange = black | {"filament_name": "PLA Signal Orange", "grams_per_unit": "8.5"}
    send("products-bom-lines.create", lines, orange, product_id=product)
    with connection.cursor() as cursor:  # a rollback takes it back, unlike setval()
        cursor.execute(
            f"ALTER TABLE production_runmaterial ALTER COLUMN id RESTART WITH {FIRST_MATERIAL}"
        )
    run = send("production-runs.create", "production-runs/")
    assert len(send("production-runs.plan", "production-runs/plan/")["runs"]) == 2
    assert len(send("production-runs.bulk", "production-runs/bulk/")["runs"]) == 2
    return run["id"]


def printed(send, run):
    for name in ("start", "swap-spool", "complete", "correct", "reassign"):
        verb = name.replace("-", "_")
        send(f"production-runs.{verb}", f"production-runs/{{id}}/{name}/", id=run)


def afterwards(send):
    """A run that fails, and one that nobody started."""
    run = send("production-runs.create", "production-runs/")
    spools = [
        {"material": line["id"], "spool_code": code}
        for line, code in zip(run["materials"], (BLACK, ORANGE), strict=True)
    ]
    start = {"spools": spools, "printer_cleared": True}
    send("production-runs.start", "production-runs/{id}/start/", start, id=run["id"])
    send("production-runs.fail", "production-runs/{id}/fail/", id=run["id"])
    send("production-runs.record", "production-runs/record/")


def test_the_description_shows_every_example(schema):
    examples = [
        example["value"]
        for operations in schema["paths"].values()
        for operation in operations.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        for example in content.get("examples", {}).values()
    ]
    assert sorted(map(json.dumps, examples)) == sorted(map(json.dumps, EXAMPLES.values()))


def test_a_body_that_is_not_as_described_is_found(components):
    described = {"$ref": "#/components/schemas/ProductionRunRequest"}
    right = EXAMPLES["production-runs.create"]
    assert faults(components, described, right) == []
    for wrong in ({"priority": "high"}, {"items": [{"quantity": "4"}]}, {"prize": "24.99"}):
        assert faults(components, described, right | wrong), wrong


def faults(components, described, value):
    """What of ``value`` is not as OpenAPI 3.0 describes it; fields that it does not name, too."""
    whole = {**as_json_schema(described), "components": components}
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
