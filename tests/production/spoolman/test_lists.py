"""Lists of spools, filaments and manufacturers: pages, totals, and what they cost."""

import gzip
import json

import psycopg
import pytest
from django.utils import timezone
from django_tenants.utils import tenant_context

from inventory.models import Spool
from production.spoolman import list_queries, streaming
from tests.factories import a_filament, a_manufacturer, a_spool, spools_of_one
from tests.production.spoolman.clients import items, ok
from tests.production.spoolman.shelf import ids
from tests.queries import queries_of

PATHS = ["spool", "filament", "vendor"]
NOT_WHOLE = "Input should be a valid integer, unable to parse string as an integer"


@pytest.fixture
def rows(farm):
    """Three of each; the numbers of each, by path."""
    makers = [a_manufacturer(name) for name in ("Polyfil", "M1", "M2")]
    spools = [a_spool(filament=a_filament(manufacturer=maker)) for maker in makers]
    filaments = [spool.filament for spool in spools]
    return {
        "spool": [row.number for row in spools],
        "filament": [row.number for row in filaments],
        "vendor": [row.manufacturer.number for row in filaments],
    }


def total(answer):
    assert ok(answer) is not None
    return int(answer["x-total-count"])


@pytest.mark.parametrize("path", PATHS)
def test_a_list_has_everything_by_id_and_its_length(printer, rows, path):
    answer = printer.get(path)
    assert [row["id"] for row in ok(answer)] == rows[path]
    assert total(answer) == 3
    assert answer["Content-Type"] == "application/json"
    assert "ETag" not in answer


@pytest.mark.parametrize("path", PATHS)
def test_a_row_of_a_list_is_what_its_own_address_answers(printer, rows, path):
    for row in ok(printer.get(path)):
        assert row == ok(printer.get(f"{path}/{row['id']}"))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({"limit": 2}, [0, 1]),
        ({"limit": 2, "offset": 2}, [2]),
        ({"limit": "1", "offset": "1"}, [1]),
        ({"limit": 2, "offset": 3}, []),
        ({"limit": 2, "offset": 10**17}, []),
        ({"limit": 0}, []),
        ({"offset": 1}, [0, 1, 2]),
    ],
)
def test_a_page_has_the_total_of_all(printer, rows, path, query, places):
    answer = printer.get(path, query)
    assert [row["id"] for row in ok(answer)] == [rows[path][place] for place in places]
    assert total(answer) == 3


def test_the_total_is_of_what_matches(printer, rows):
    answer = printer.get("spool", {"limit": 1, "filament.vendor.name": "M1,M2"})
    assert (len(ok(answer)), total(answer)) == (1, 2)
    answer = printer.get("spool", {"limit": 1, "filament.vendor.name": "nobody"})
    assert (ok(answer), total(answer)) == ([], 0)


@pytest.mark.parametrize("path", PATHS)
def test_pages_that_are_none(printer, path):
    assert items(printer.get(path, {"limit": "x", "offset": "1.5"})) == [
        ("int_parsing", ["query", "limit"], NOT_WHOLE),
        ("int_parsing", ["query", "offset"], NOT_WHOLE),
    ]
    [(kind, place, _message)] = items(printer.get(path, {"limit": -1}))
    assert (kind, place) == ("greater_than_equal", ["query", "limit"])


def test_an_empty_farm(printer):
    for path in PATHS:
        answer = printer.get(path)
        assert (ok(answer), total(answer)) == ([], 0)


def test_of_a_parameter_that_is_given_twice_the_last_one_counts_and_unknown_ones_do_not(
    printer, rows
):
    answer = printer.get("spool?limit=1&limit=2&foo=bar&offset=")
    assert items(answer) == [("int_parsing", ["query", "offset"], NOT_WHOLE)]
    assert len(ok(printer.get("spool?limit=1&limit=2&foo=bar"))) == 2


def test_archived_spools_are_hidden_and_removed_ones_are_gone(printer, rows):
    first, second, third = rows["spool"]
    now = timezone.now()
    Spool.objects.filter(number=first).update(archived_at=now)
    Spool.objects.filter(number=second).update(archived_at=now, removed_at=now)
    assert ids(printer, "spool") == [third]
    for word in ("true", "1", "yes", "on", "True"):
        assert ids(printer, "spool", allow_archived=word) == [first, third]
    for word in ("false", "0", "no", "off"):
        assert ids(printer, "spool", allow_archived=word) == [third]
    [(kind, place, _message)] = items(printer.get("spool", {"allow_archived": "perhaps"}))
    assert (kind, place) == ("bool_parsing", ["query", "allow_archived"])


# --- What they cost ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_a_page_takes_one_statement_more_than_an_answer_without_rows(printer, rows, path):
    printer.get("info"), printer.get(path)
    bare = queries_of(lambda: printer.get("info"))
    page = {"limit": 50, "sort": "name:asc" if path != "spool" else "filament.name:asc"}
    assert queries_of(lambda: printer.get(path, page)) == bare + 1
    spools_of_one(3)
    assert queries_of(lambda: printer.get(path, page)) == bare + 1
    assert queries_of(lambda: printer.get(path, {"limit": 1, "offset": 1})) == bare + 1


def test_a_list_of_everything_is_one_statement_too(printer, rows, monkeypatch):
    printer.get("spool")
    bare, texts = queries_of(lambda: printer.get("info")), []
    stream = psycopg.Cursor.stream

    def noting(self, query, *args, **more):
        texts.append(query)
        return stream(self, query, *args, **more)

    monkeypatch.setattr(psycopg.Cursor, "stream", noting)
    assert queries_of(lambda: printer.get("spool")) == bare
    assert len(texts) == 1


def test_a_list_of_everything_is_the_same_in_any_number_of_parts(printer, rows, monkeypatch):
    whole = printer.get("spool")
    monkeypatch.setattr(list_queries, "CHUNK", 2)
    monkeypatch.setattr(streaming, "IN_MEMORY_BYTES", 100)
    monkeypatch.setattr(streaming, "BLOCK", 64)
    parts = printer.get("spool")
    assert parts.streaming
    assert parts["Content-Length"] == whole["Content-Length"] == str(len(whole.content))
    assert b"".join(parts) == whole.content
    assert parts["x-total-count"] == "3"
    one = printer.get(f"vendor/{rows['vendor'][0]}")  # the connection is free
    assert ok(one)["name"] == "Polyfil"
    packed = printer.get("spool", headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(b"".join(packed))) == whole.json()
    parts.close(), packed.close()


def test_a_statement_that_fails_midway_is_an_error_and_frees_the_connection(
    printer, rows, monkeypatch
):
    def failing(rows, _known):
        raise ValueError("no such shape")

    monkeypatch.setattr(list_queries, "CHUNK", 1)
    with monkeypatch.context() as patched:
        patched.setattr("production.spoolman.shapes.spools", failing)
        answer = printer.get("spool")
    assert answer.status_code == 500
    assert ids(printer, "spool") == rows["spool"]


def test_a_farm_sees_nothing_of_another(printer, rows, other_farm):
    with tenant_context(other_farm):
        other = a_spool(filament=a_filament("Theirs", manufacturer=a_manufacturer("Others")))
        assert other.filament.manufacturer.name == "Others"
    for path in PATHS:
        assert ids(printer, path) == rows[path]
    assert "Theirs" not in printer.get("spool").content.decode()
    assert ok(printer.get("search", {"q": "Theirs"}))["filaments"] == []
