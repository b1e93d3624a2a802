"""What holds at every address of Spoolman's API: status, shape, slashes, methods."""

import gzip
import json

import pytest

from production.spoolman.urls import ADDRESSES
from tenants.web.printer_addresses import NAMES, PATH
from tests.config.routes import routes
from tests.factories import a_spool
from tests.production.spoolman.clients import items, message, ok


def test_info_has_nulls_and_a_version_of_three_numbers(printer):
    info = ok(printer.get("info"))
    assert [int(part) for part in info["version"].split(".")] == [0, 26, 1]
    assert (info["git_commit"], info["build_date"], info["db_type"]) == (None, None, "postgres")
    assert info["data_dir"] == info["logs_dir"] == info["backups_dir"] == ""


def test_health_is_open(nobody):
    assert ok(nobody.get("health")) == {"status": "healthy"}
    assert ok(nobody.get("/d/made-up/api/v1/health")) == {"status": "healthy"}


def test_a_backup_is_made_elsewhere(printer):
    assert "manage.py backup_farm" in message(printer.post("backup"), 501)


def test_no_name_of_ours_is_one_of_theirs():
    """Each way: with and without a slash at the end, for addresses that are to come as well."""
    ours = [route.path for route in routes()]
    assert "/api/v1/spools/" in ours
    assert not [path for path in ours if PATH.match(f"{path.rstrip('/')}/")]
    theirs = [route.path for route in routes(printers=True) if PATH.match(route.path)]
    words = {path.split("/")[3] for path in theirs if path.startswith("/api/v1/")}
    assert words - {""} <= set(NAMES)
    assert {route.split("/")[0] for route in ADDRESSES} <= set(NAMES)


def test_both_mounts_answer_the_same(printer, manager, nobody):
    number = a_spool(1000).number
    nobody.force_login(manager)
    assert ok(printer.get(f"spool/{number}")) == ok(nobody.get(f"spool/{number}"))


def test_a_slash_at_the_end_leads_to_the_address_without(printer):
    answer = printer.get("spool/7/?a=b&c=%2F")
    assert (answer.status_code, answer.content) == (307, b"")
    assert answer["Location"] == f"{printer.base}spool/7?a=b&c=%2F"
    answer = printer.get("/api/v1/info/")
    assert (answer.status_code, answer["Location"]) == (307, "/api/v1/info")


@pytest.mark.parametrize(
    "path", ["spool/7/foo", "spoolx", "", "/d/{}/floor/", "/d/{}/api/v1/spools/"]
)
def test_an_unknown_route(printer, path):
    path = path.format(printer.base.split("/")[2])
    answer = printer.get(path)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "DELETE", "PUT"])
def test_a_method_that_is_not_there(printer, method):
    answer = printer.ask(method, "info")
    assert (answer.status_code, answer["Allow"]) == (405, "GET")
    if method != "HEAD":
        assert answer.json() == {"detail": "Method Not Allowed"}


@pytest.mark.parametrize("number", [7_000_000, 0, -1, 10**30])
def test_what_is_not_there(printer, number):
    for kind in ("spool", "filament", "vendor"):
        expected = f"No {kind} with ID {number} found."
        assert message(printer.get(f"{kind}/{number}"), 404) == expected
        assert message(printer.patch(f"{kind}/{number}", {}), 404) == expected
    use = printer.put(f"spool/{number}/use", {"use_weight": 1})
    assert message(use, 404) == f"No spool with ID {number} found."
    assert message(printer.put(f"spool/{number}/measure", {"weight": 1}), 400) == "Spool not found."


def test_an_id_that_is_no_number(printer):
    message = "Input should be a valid integer, unable to parse string as an integer"
    assert items(printer.get("spool/abc")) == [("int_parsing", ["path", "spool_id"], message)]


def test_answers_of_500_bytes_and_more_are_compressed_where_it_is_accepted(printer):
    number = a_spool(1000, comment="x" * 500).number
    plain = printer.get(f"spool/{number}")
    packed = printer.get(f"spool/{number}", headers={"Accept-Encoding": "gzip"})
    assert (packed["Content-Encoding"], plain.headers.get("Content-Encoding")) == ("gzip", None)
    assert json.loads(gzip.decompress(packed.content)) == plain.json()
    assert "Accept-Encoding" in packed["Vary"]
    small = printer.get("info", headers={"Accept-Encoding": "gzip"})
    assert len(small.content) < 500
    assert "Content-Encoding" not in small.headers


def test_no_answer_has_an_etag(printer):
    """Moonraker would ask again with If-None-Match."""
    assert "ETag" not in printer.get(f"spool/{a_spool().number}").headers
