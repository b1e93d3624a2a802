"""Lists and rows whose JSON the database writes: which they are, and what is around them."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework import serializers

from inventory.models import Location
from tenants.api.json_expressions import NotExpressible
from tenants.api.json_rows import is_expressible, json_sql
from tenants.api.serializers import RowSerializer
from tenants.api.views import ReadViewSet
from tests.config.json_answers import LISTS, WRITTEN, by_the_framework, compared
from tests.factories import (
    a_material_type,
    a_printer,
    a_product,
    a_run,
    a_running_run,
    a_spool,
    make_token,
)
from tests.responses import done
from tests.shelf_rows import locations

# --- What is not written by the database ---------------------------------------------------------


@pytest.mark.usefixtures("farm")
def test_these_lists_are_left_to_their_serializers():
    reasons = {}
    for name, (_, view) in LISTS.items():
        try:
            json_sql(view)
        except NotExpressible as reason:
            reasons[name] = str(reason)
    assert set(reasons) == set(LISTS) - set(WRITTEN)
    assert "plates" in LISTS["sliced-files"][1].serializer_class().fields
    for name in set(reasons) - {"sliced-files", "stocktakes-lines"}:  # these are no rows of a model
        assert reasons[name].endswith("Serializer: represented by a method of its own")


class ShoutedField(serializers.CharField):
    def to_representation(self, value):
        return value.upper()


class ShoutedSerializer(RowSerializer):
    name = ShoutedField()

    class Meta:
        model = Location
        fields = ["id", "name"]


class LengthSerializer(RowSerializer):
    length = serializers.SerializerMethodField()

    class Meta:
        model = Location
        fields = ["id", "length"]

    def get_length(self, location):
        return len(location.name)


@pytest.mark.parametrize(
    ("serializer", "reason", "row"),
    [
        (ShoutedSerializer, "name: represented by a method of its own", {"name": "SHELF"}),
        (LengthSerializer, "length: neither a column nor an SQLProperty", {"length": 5}),
    ],
)
def test_a_field_that_is_found_out_in_python_is_represented_as_ever(
    rf, farm, manager, serializer, reason, row
):
    class ShelfViewSet(ReadViewSet):
        queryset, serializer_class = Location.objects.all(), serializer
        permission_classes, authentication_classes, title = [], [], "Shelves"

    pk = Location.objects.create(name="Shelf").pk
    with pytest.raises(NotExpressible, match=reason):
        json_sql(ShelfViewSet)
    assert not is_expressible(ShelfViewSet)
    read = ShelfViewSet.as_view({"get": "list"}, basename="shelves", detail=False)
    answer = read(rf.get("/")).render()
    assert json.loads(answer.content)["results"] == [{"id": pk, **row}]


def test_spools_of_a_moment_have_their_grams_of_then(api):
    spool = a_spool()
    then = "as_of=2999-01-01"
    for address in ("spools/?", f"spools/{spool.pk}/?"):
        for query, grams in ((then, "1000.000000"), ("", None)):
            answer = compared(api, f"/api/v1/{address}{query}").json()
            row = answer["results"][0] if "results" in answer else answer
            assert row["grams_then"] == grams


# --- What it costs, and what is around it --------------------------------------------------------


@pytest.mark.parametrize("path", ["spools/", "production-runs/"])
def test_a_list_and_a_row_take_one_statement_beside_the_token(api_client, manager, path):
    run = a_running_run((a_spool(), 10))
    pk = run.pk if "runs" in path else run.materials.get().spool_id
    api_client.credentials(HTTP_AUTHORIZATION=f"Token {make_token(manager)}")
    for address in (path, f"{path}?ordering=id&page_size=5", f"{path}{pk}/"):
        done(api_client.get(f"/api/v1/{address}"))
        with CaptureQueriesContext(connection) as seen:
            done(api_client.get(f"/api/v1/{address}"))
        sql = [each["sql"] for each in seen if "tenants_tenant" not in each["sql"]]
        assert len(sql) == 2, sql
        assert "accounts_devicetoken" in sql[0]
        is_row = address.endswith(f"{pk}/")
        assert sql[1].startswith("SELECT row_to_json" if is_row else "WITH page")
        assert is_row == (" = ANY (" not in sql[1])  # for which PostgreSQL would plan for several


def test_a_list_may_be_indented(api):
    locations(3)
    address, indented = "/api/v1/locations/", "application/json; indent=2"
    answers = [
        api.get(address, headers={"Accept": indented}),
        by_the_framework(api, address, Accept=indented),
    ]
    assert answers[0].content == answers[1].content
    assert b'\n  "results": [\n' in answers[0].content


# --- What verbs answer ---------------------------------------------------------------------------

SHELF = {"name": "Shelf"}
PLAN = {"materials": [{"material_type_code": "PLA", "planned_grams": "5"}]}
# What is sent to an address: below a spool, a planned run or a product, or of a list.
VERBS = [
    ("post", "spools/{spool}/open/", None),
    ("post", "spools/{spool}/archive/", {"discard": False}),
    ("patch", "spools/{spool}/", {"comment": "“\u2028”", "price": "20.5"}),
    ("post", "production-runs/{run}/start/", None),
    ("post", "production-runs/{run}/cancel/", None),
    ("patch", "production-runs/{run}/", {"notes": "%s"}),
    ("post", "production-runs/{run}/copy/", None),
    ("post", "production-runs/", PLAN),
    ("post", "production-runs/{run}/materials/", PLAN["materials"][0]),
    ("patch", "products/{product}/", {"name": "Ring", "plate_minutes": "7"}),
    (
        "post",
        "products/{product}/bom-lines/",
        {"material_type_code": "PETG", "grams_per_unit": "2"},
    ),
    ("post", "locations/", SHELF),
    ("post", "printers/{printer}/slots/", {"label": "A1"}),
    ("patch", "settings/", {"currency": "CHF"}),
]


@pytest.mark.parametrize(("method", "path", "body"), VERBS, ids=[f"{m} {p}" for m, p, _ in VERBS])
def test_a_verb_answers_what_the_framework_reads_then(api, method, path, body):
    product, printer = a_product(grams=5), a_printer()
    a_material_type("PETG")
    run = a_run((a_spool(), 10), items=[(product, 1)], printer=printer)
    ids = {"run": run, "spool": a_spool(), "product": product, "printer": printer}
    address = "/api/v1/" + path.format(**{name: row.pk for name, row in ids.items()})
    answer = getattr(api, method)(address, body)
    assert answer.status_code in (200, 201), answer.content
    row = address if method == "patch" else address[: address.rindex("/", 0, -1) + 1]
    read = by_the_framework(api, answer.get("Location", row))
    told, found = list(answer.json().items()), list(read.json().items())
    assert told[: len(found)] == found
    assert answer.get("ETag") == read.get("ETag")
