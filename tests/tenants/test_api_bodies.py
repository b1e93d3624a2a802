"""Conventions of the API: what a body may be, and what a list takes."""

import json
from unittest import mock

import pytest
from django.db import transaction
from rest_framework import serializers

from inventory.models import Location, Manufacturer
from tenants.accounts.models import AuditEvent
from tenants.api.fields import TextField
from tenants.api.serializers import Body, RowSerializer
from tests.factories import a_manufacturer

LOCATIONS = "/api/v1/locations/"


def raw(client, body, path=LOCATIONS):
    return client.generic("POST", path, body, content_type="application/json")


# --- Bodies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "null",
        "[]",
        '"shelf"',
        '{"name": NaN}',
        '{"name": "a", "name": "b"}',
        '{"name": "\\u0000"}',
        '{"name": "\\ud800"}',
        '{"name": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"name": ' + "[" * 30 + "]" * 30 + "}",
        '{"name": ' + "9" * 5_000 + "}",
        '{"name": 1e99999999999999999999}',
        '{"name": "x", "unheard": 1}',
        '{"name": "x", "id": 7}',
        '{"name": {"a": 1}}',
        b'{"name": "\xff"}',
    ],
)
def test_a_bad_body_is_400_and_writes_nothing(api, body):
    answer = raw(api, body)
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert not Location.objects.exists()


def test_a_body_beyond_the_limit_is_413(api):
    answer = raw(api, json.dumps({"comment": "x" * 7_000_000}))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.json()["limit_bytes"] == 6_291_456 < answer.json()["length_bytes"]


class LineBody(Body):
    name = TextField(required=False)


class ListBody(Body):
    lines = LineBody(many=True, required=False)
    name = TextField(required=False)


def test_fields_that_are_made_once_are_those_of_the_body_at_hand():
    first, second = (ListBody(data={}, context={"number": number}) for number in (1, 2))
    for body in (first, second):
        assert body.is_valid()
        line = body.fields["lines"].child
        for field in (*body.fields.values(), line, *line.fields.values()):
            assert (field.root, field.context) == (body, body._context)
    alone = LineBody(data={"name": "x"}, context={"number": 3})
    assert alone.is_valid(), alone.errors
    assert alone.fields["name"].context == {"number": 3}
    assert line.fields["name"].context == {"number": 2}
    assert first.fields["name"] is second.fields["name"]


def test_what_a_body_leaves_out_is_not_that_of_the_one_before():
    given = [{"name": "a", "lines": [{"name": "b"}]}, {}, {"lines": [{}]}]
    read = []
    for data in given:
        body = ListBody(data=data)
        assert body.is_valid(), body.errors
        read.append(body.validated_data)
    assert read == given


def test_an_unknown_field_is_named(api):
    answer = api.post(LOCATIONS, {"name": "Shelf", "colour": "red"})
    assert answer.json()["errors"] == {"colour": ["There is no such field."]}


def test_a_problem_is_small_whatever_was_sent(api):
    answer = raw(api, json.dumps({f"{n} {'x' * 100}": n for n in range(9_000)}))
    problem = answer.json()
    assert (answer.status_code, len(answer.content) < 10_000) == (400, True)
    assert (len(problem["errors"]), problem["more_errors"]) == (20, 8_980)
    assert {len(name) for name in problem["errors"]} == {60}


def test_a_body_of_more_values_than_anybody_needs_is_refused_before_they_are_made(api):
    for body in ('{"a":' + "1," * 20_000, "[" * 20_001, "{" * 20_001):  # which are no JSON
        answer = raw(api, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "too_many_values")
        assert answer.json()["most_values"] == 20_000


@pytest.mark.parametrize(
    ("path", "signed"),
    [
        (LOCATIONS, {}),
        ("/api/v1/tokens/", {}),
        ("/api/v1/tokens/", {"Authorization": "Token spb_guessed"}),
        ("/floor/who/", {"Cookie": "spoolbook-session=guessed"}),
        ("/accounts/login/", {"Cookie": "spoolbook-session=guessed"}),
        ("/nowhere/", {}),
    ],
)
def test_who_can_not_be_known_sends_little(api_client, path, signed):
    for length, is_refused in ((16_384, False), (16_385, True)):
        answer = api_client.generic("POST", path, "x" * length, "application/json", headers=signed)
        assert (answer.status_code == 413) == is_refused, (length, answer.status_code)
        assert len(answer.content) < 10_000 or answer["Content-Type"].startswith("text/html")


def test_what_was_read_can_be_edited_and_sent_back(api):
    there = api.post(LOCATIONS, {"name": "Shelf"}).json()
    path = f"{LOCATIONS}{there['id']}/"
    answer = api.put(path, there | {"comment": "dry"})
    assert (answer.status_code, answer.json()["comment"]) == (200, "dry")
    answer = api.put(path, there | {"id": there["id"] + 1})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["id"])


def test_a_text_is_measured_as_it_was_sent_and_then_trimmed(api):
    answer = api.post(LOCATIONS, {"name": "  Shelf\n", "comment": 7})
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        {"comment": ["Not a valid string."]},
    )
    assert api.post(LOCATIONS, {"name": "  Shelf\n"}).json()["name"] == "Shelf"
    for long in (" " + "x" * 100, " " * 101):
        answer = api.post(LOCATIONS, {"name": long, "comment": long})
        errors = {"name": ["Ensure this field has no more than 100 characters."]}
        assert (answer.status_code, answer.json()["errors"]) == (400, errors)


@pytest.mark.parametrize("given", ["5", 5.5, True, 10**30, "1e2", [], {}])
def test_a_whole_number_is_a_number_and_whole(api, given):
    body = {"sku": "A", "name": "Vase", "units_per_plate": given}
    answer = api.post("/api/v1/products/", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["units_per_plate"])


@pytest.mark.parametrize("given", ["true", 1, 0, "", []])
def test_a_flag_is_true_or_false(api, given):
    answer = api.post("/api/v1/printers/", {"name": "P1", "is_active": given})
    assert answer.status_code == 400
    assert answer.json()["errors"]["is_active"] == ["Must be a valid boolean."]


def test_no_field_takes_a_value_for_another_kind():
    lenient = {serializers.CharField, serializers.BooleanField, serializers.IntegerField}
    writable = {
        f"{body.__module__}.{body.__name__}.{name}"
        for body in bodies_of(Body, RowSerializer)
        for name, field in body().fields.items()
        if not field.read_only and {type(field), type(getattr(field, "child", None))} & lenient
    }
    assert writable == set()


def bodies_of(*bases):
    for base in bases:
        for body in base.__subclasses__():
            if hasattr(body, "Meta") or issubclass(body, Body):
                yield body
            yield from bodies_of(body)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("12.3456785", "12.345679"),
        (12.3456785, "12.345679"),
        (7, "7.000000"),
        ("0.1", "0.100000"),
        (None, None),
    ],
)
def test_a_quantity_is_a_string_or_a_number_and_rounded_half_up(api, given, stored):
    body = {"name": "Maker", "empty_spool_grams": given}
    assert api.post("/api/v1/manufacturers/", body).json()["empty_spool_grams"] == stored


@pytest.mark.parametrize(
    "given",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "-1",
        -1,
        "1e30",
        "123456789",
        "1_0",
        "ten",
        True,
        [],
        "9" * 999,
    ],
)
def test_a_quantity_is_never(api, given):
    answer = api.post("/api/v1/manufacturers/", {"name": "X", "empty_spool_grams": given})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["empty_spool_grams"])
    assert not Manufacturer.objects.exists()


def test_a_change_through_the_api_is_in_the_audit_trail(api, manager):
    api.post(LOCATIONS, {"name": "Shelf"})
    event = AuditEvent.objects.get(object_type="inventory.location")
    assert (event.verb, event.by, event.object_label) == ("add", manager, "Shelf")


# --- Uniqueness ----------------------------------------------------------------------------------


def test_a_name_that_is_taken_is_a_duplicate(api):
    api.post(LOCATIONS, {"name": "Shelf"})
    answer = api.post(LOCATIONS, {"name": "SHELF"})
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate")
    assert list(answer.json()["errors"]) == ["name"]


def test_what_the_database_refuses_beyond_the_verbs_is_named_by_the_same_words(api):
    a_manufacturer("Polyfil")

    def add(*args, **kwargs):
        return Manufacturer.objects.create(name="polyfil")

    with mock.patch("tenants.accounts.audited.create", side_effect=add), transaction.atomic():
        answer = api.post("/api/v1/manufacturers/", {"name": "polyfil"})
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate")
    assert answer.json()["detail"] == "Another manufacturer has the same name."
    assert answer.json()["errors"] == {"name": ["Another manufacturer has this already."]}


# --- Lists ---------------------------------------------------------------------------------------


def test_a_list_comes_in_pages(api):
    for number in range(5):
        a_manufacturer(f"Maker {number}")
    answer = api.get("/api/v1/manufacturers/?page_size=2&page=2&ordering=-name").json()
    assert [row["name"] for row in answer.pop("results")] == ["Maker 2", "Maker 1"]
    assert answer.pop("next").endswith("page=3&page_size=2")
    assert answer.pop("previous")
    assert answer == {"total_count": 5, "page": 2, "page_size": 2, "total_pages": 3}


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=one",
        "page=" + "9" * 5000,
        "page_size=0",
        "page_size=201",
        "page_size=" + "9" * 5000,
        "ordering=password",
        "ordering=comment",
        "search=%00",
        "unheard=1",
        "page=1%00",
    ],
)
def test_a_parameter_that_makes_no_sense_is_400(api, query):
    answer = api.get(f"{LOCATIONS}?{query}")
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"]


def test_an_empty_list_has_no_pages_and_its_first_can_be_asked_for(api):
    answer = api.get(f"{LOCATIONS}?page=1").json()
    assert (answer["total_count"], answer["page"], answer["total_pages"]) == (0, 1, 0)
    assert (answer["results"], answer["next"], answer["previous"]) == ([], None, None)


def test_a_page_too_far_is_404(api):
    assert api.get(f"{LOCATIONS}?page=99").status_code == 404


def test_a_list_is_searched(api):
    for name in ("North shelf", "South shelf"):
        api.post(LOCATIONS, {"name": name})
    found = api.get(f"{LOCATIONS}?search=north").json()["results"]
    assert [row["name"] for row in found] == ["North shelf"]
