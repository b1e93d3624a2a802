"""Lists as CSV: what they hold, and that they are one farm's from the first byte to the last."""

import csv
import threading
from io import StringIO

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tenants.utils import tenant_context

from inventory.models import Location, Spool
from tenants.accounts.models import FarmSettings
from tenants.accounts.services import change_settings
from tenants.schemas.current import current_schema
from tests.factories import (
    a_filament,
    a_product,
    a_run,
    a_spool,
    make_token,
    make_user,
)
from tests.queries import queries_of

SPOOLS = "/api/v1/spools/"
CSV = {"Accept": "text/csv"}


def table(answer):
    """The lines of a table that was answered, as dicts of texts."""
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(StringIO(text, newline="")))


def test_a_list_as_a_table_has_the_fields_of_the_list(api):
    a_spool(filament=a_filament("Weiß", color_name="Weiß, matt"), comment='two\nlines, "quoted"')
    [there] = api.get(SPOOLS).json()["results"]
    for answer in (api.get(f"{SPOOLS}?format=csv"), api.get(SPOOLS, headers=CSV)):
        [line] = table(answer)
        assert list(line) == list(there)
        words = {None: "", True: "true", False: "false"}
        assert line == {name: words.get(value, str(value)) for name, value in there.items()} | {
            "version": str(there["version"])
        }
        assert answer["Content-Disposition"].startswith('attachment; filename="spools-20')


def test_a_table_is_filtered_and_ordered_as_the_list_is_and_holds_all_of_it(api):
    few, many = [a_spool(grams, lot_number="L1") for grams in (10, 500)]
    a_spool(lot_number="L2")
    answer = api.get(f"{SPOOLS}?lot_number=l1&ordering=-remaining_grams&format=csv")
    assert [line["code"] for line in table(answer)] == [many.code, few.code]
    Location.objects.bulk_create(Location(name=f"Shelf {number:04}") for number in range(1100))
    lines = table(api.get("/api/v1/locations/?ordering=-name&format=csv"))
    assert [line["name"] for line in lines] == [f"Shelf {n:04}" for n in range(1099, -1, -1)]
    assert table(api.get(f"{SPOOLS}?lot_number=none", headers=CSV)) == []


def test_a_page_of_a_table_is_that_page(api):
    spools = [a_spool() for _ in range(3)]
    lines = table(api.get(f"{SPOOLS}?format=csv&page=2&page_size=2"))
    assert [line["code"] for line in lines] == [spools[0].code]
    assert api.get(f"{SPOOLS}?format=csv&page=3&page_size=2").status_code == 404


def test_what_is_an_object_has_columns_and_what_is_a_list_is_json(api):
    a_run((a_spool(), 10), items=[(a_product("HOOK", grams=5), 2)])
    [run] = table(api.get("/api/v1/production-runs/?format=csv"))
    assert run["allowed"] == '["cancel", "copy", "refresh-plan", "reorder", "start"]'
    assert '"product_sku": "HOOK", ' in run["items"]
    [sums] = table(api.get("/api/v1/reports/variance/?format=csv"))
    assert (sums["grams.planned"], sums["grams.actual"]) == ("10.000000", "")


def test_no_cell_of_a_table_is_a_formula(api):
    a_spool(lot_number="=1+1", supplier="@cmd", comment="-5", filament=a_filament("\t+x"))
    [line] = table(api.get(f"{SPOOLS}?format=csv"))
    found = [line[name] for name in ("lot_number", "supplier", "comment", "filament_name")]
    assert found == ["'=1+1", "'@cmd", "-5", "'\t+x"]


def test_a_browser_gets_the_mark_that_spreadsheets_look_for(api):
    response = api.get(f"{SPOOLS}?format=csv", headers={"Accept": "text/html,*/*;q=0.8"})
    assert next(iter(response.streaming_content)).startswith(b"\xef\xbb\xbfid,code,")
    assert next(iter(api.get(f"{SPOOLS}?format=csv").streaming_content)).startswith(b"id,code,")


def test_only_a_list_is_a_table(api):
    spool = a_spool()
    assert api.get(f"{SPOOLS}{spool.pk}/", headers=CSV).status_code == 406
    assert api.get("/api/v1/", headers=CSV).status_code == 406
    assert api.post(SPOOLS, {}, headers=CSV).status_code == 406
    assert api.get(SPOOLS)["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("query", "status"), [("x=1", 400), ("location=-1", 400), ("ordering=x", 400), ("page=9", 404)]
)
def test_what_goes_wrong_with_a_table_is_a_problem(api, query, status):
    answer = api.get(f"{SPOOLS}?format=csv&{query}")
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status


def test_who_may_not_see_the_list_gets_no_table(api):
    api.force_authenticate(None)
    answer = api.get(f"{SPOOLS}?format=csv")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_a_database_that_is_away_is_said_before_the_first_line(api, monkeypatch):
    def fail(*args, **options):
        raise OperationalError("gone")

    monkeypatch.setattr(type(Spool.objects.all()), "iterator", fail)
    answer = api.get(f"{SPOOLS}?format=csv")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


def test_head_of_a_table_reads_no_rows(api):
    a_spool()
    with CaptureQueriesContext(connection) as seen:
        answer = api.head(f"{SPOOLS}?format=csv")
    assert answer.status_code == 200
    assert not [query for query in seen if "inventory_spool" in query["sql"]]


@pytest.mark.parametrize("path", ["spools", "products", "production-runs"])
def test_a_table_takes_as_many_queries_for_thirty_as_for_one(api, path):
    def queries():
        api.get(f"/api/v1/{path}/")  # fills caches
        return queries_of(lambda: table(api.get(f"/api/v1/{path}/?format=csv")))

    a_run((a_spool(), 10), items=[(a_product(grams=5), 1)])
    one = queries()
    for _ in range(29):
        a_run((a_spool(), 10), items=[(a_product(grams=5), 1)])
    assert queries() == one


# --- While it streams --------------------------------------------------------------------------


def fill(tenant, name):
    """So many long rows that no buffer holds them all; returns a token."""
    with tenant_context(tenant):
        change_settings(FarmSettings.load(), by=None, timezone="Asia/Tokyo")
        rows = [Location(name=f"{name} {number:04}", comment=name * 200) for number in range(1500)]
        Location.objects.bulk_create(rows)
        return make_token(make_user(role="viewer"))


def test_the_wall_and_the_time_zone_hold_to_the_last_line(committed_farm):
    token = fill(committed_farm, "mine")
    request = RequestFactory().get(
        "/api/v1/locations/?format=csv",
        HTTP_HOST=f"{committed_farm.slug}.localhost",
        HTTP_AUTHORIZATION=f"Token {token}",
    )
    answer = get_wsgi_application()(request.environ, lambda *_: None)
    blocks = 0
    for _ in answer:
        blocks += 1
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, current_schema()")
            role, schema = cursor.fetchone()
        assert role.endswith(f".{committed_farm.schema_name}")
        assert schema == current_schema.get() == committed_farm.schema_name
        assert timezone.get_current_timezone_name() == "Asia/Tokyo"
    assert blocks == 4  # the header counts as a line
    answer.close()
    assert (connection.schema_name, current_schema.get()) == ("public", None)


def test_farms_that_stream_at_once_get_their_own_rows(committed_farms, server):
    names = {tenant: f"only-{number}-" for number, tenant in enumerate(committed_farms)}
    tokens = {tenant: fill(tenant, name) for tenant, name in names.items()}
    start, wrong = threading.Barrier(12), []

    def read(tenant):
        headers = {"Authorization": f"Token {tokens[tenant]}"}
        with server.client(tenant) as client:
            start.wait()
            with client.stream("GET", "/api/v1/locations/?format=csv", headers=headers) as answer:
                lines = list(csv.DictReader(answer.iter_lines()))
        expected = [f"{names[tenant]} {number:04}" for number in range(1500)]
        found = [line["name"] for line in lines]
        if found != expected or {line["comment"] for line in lines} != {names[tenant] * 200}:
            wrong.append((tenant, found[:3], len(found)))

    threads = [threading.Thread(target=read, args=[each]) for each in committed_farms * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_who_hangs_up_in_the_middle_leaves_nothing_behind(committed_farm, server):
    headers = {"Authorization": f"Token {fill(committed_farm, 'mine')}"}
    path = "/api/v1/locations/?format=csv"
    with server.client(committed_farm) as client:
        for _ in range(20):  # more often than there are threads
            with client.stream("GET", path, headers=headers) as answer:
                assert next(answer.iter_raw())
        assert len(client.get(path, headers=headers).text.splitlines()) == 1501
        head = client.head(path, headers=headers)
        assert (head.status_code, head.content) == (200, b"")
        assert client.get("/api/v1/locations/?page_size=1", headers=headers).status_code == 200
