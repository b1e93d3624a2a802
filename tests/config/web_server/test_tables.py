"""Which bodies are long, and which requests take long: known by their addresses."""

import re
from datetime import date

import pytest
from django.urls import reverse

from config.web_server.long_requests import is_long
from tenants.web.limits import max_body_bytes
from tests.config.web_server.workers import CLOSE, answers_to, echo, working
from tests.serving import ROOT

DESCRIPTION = ROOT / "docs" / "openapi.yaml"
TODAY = date(2026, 11, 28)
LONG = {"import", "import-catalogue", "labels", "result", "sheet"}
SHORT_REPORTS = {"alerts", "stock", "stock-by-material-type"}


@pytest.mark.parametrize(
    ("method", "path", "is_known", "most"),
    [
        ("POST", "/api/v1/locations/", True, 6_000_000),
        ("POST", "/api/v1/locations/", False, 16_384),
        ("POST", "/api/v1/tokens/", True, 16_384),
        ("POST", "/accounts/login/", True, 16_384),
        ("GET", "/api/v1/spools/", True, 16_384),
        ("POST", "/floor/who/", True, 16_384),
        ("POST", "/floor/receive/", True, 6_000_000),
        ("POST", "/api/v1/spool", False, 16_384),
        ("POST", "/d/some-token/api/v1/spool", False, 6_000_000),
        ("POST", "/api/v1/sliced-files/", True, 500_000_000),
        ("POST", "/api/v1/sliced-files/", False, 16_384),
        ("PUT", "/api/v1/sliced-files/", True, 6_000_000),
        ("GET", "/api/v1/sliced-files/", True, 16_384),
        ("POST", "/api/v1/sliced-files/7/plan/", True, 6_000_000),
        ("POST", "/api/files/local", True, 500_000_000),
        ("POST", "/d/some-token/api/files/local", False, 500_000_000),
        ("POST", "/floor/sliced-files/", True, 500_000_000),
        ("POST", "/admin/production/slicedfile/add/", True, 500_000_000),
        ("POST", "/api/v1/products/7/photo/", True, 16_777_216),
        ("POST", "/api/v1/products/7/photo/", False, 16_384),
        ("DELETE", "/api/v1/products/7/photo/", True, 6_000_000),
        ("POST", "/api/v1/production-runs/7/photos/", True, 16_777_216),
        ("POST", "/floor/runs/7/fail/", True, 16_777_216),
        ("POST", "/floor/runs/7/photo/", True, 16_777_216),
        ("POST", "/floor/runs/7/complete/", True, 6_000_000),
        ("POST", "/admin/production/product/7/photo/", True, 16_777_216),
    ],
)
def test_a_body_is_as_long_as_its_sender_and_address_allow(method, path, is_known, most):
    limits = {"limit": 6_000_000, "file_limit": 500_000_000}
    assert max_body_bytes(method, path, is_known=is_known, **limits) == most
    limits = {"limit": 1_000, "file_limit": 1_000}
    assert max_body_bytes(method, path, is_known=is_known, **limits) == 1_000


@pytest.mark.parametrize(
    ("path", "query", "accept", "expected"),
    [
        ("/api/v1/spools/", "", "", False),
        ("/api/v1/spools/", "page_size=200", "", False),
        ("/api/v1/spools/", "page=2&format=csv", "", True),
        ("/api/v1/spools/", "page=2&f%6frmat=c%73v", "", True),
        ("/api/v1/spools/", "format=json&format=csv", "", True),
        ("/api/v1/spools/", "search=format=csv", "", False),
        ("/api/v1/spools/", "", "text/csv, */*", True),
        ("/api/v1/spools/", "", "*/*;q=0.1, TEXT/CSV", True),
        ("/admin/inventory/spool/csv/", "", "", True),
        ("/admin/inventory/spool/", "", "", False),
        ("/admin/inventory/spool/import/", "", "", True),
        ("/api/v1/reports/variance/", "", "", True),
        ("/api/v1/reports/variance/", "finished_from=2026-11-01", "", False),
        ("/api/v1/reports/variance/", "finished_from=2024-11-01&x=1", "", True),
        ("/api/v1/reports/consumption/", "since=2026-01-01T00:00:00Z", "", False),
        ("/api/v1/reports/consumption/", "since=2026-01-01&sinc%65=2020-01-01", "", True),
        ("/api/v1/reports/consumption/", "s%69nce=2026-01-01", "", False),
        ("/api/v1/reports/consumption/", "since=2026-99-01", "", True),
        ("/api/v1/reports/stock/", "", "", False),
        ("/admin/reports/cost/", "finished_from=2026-11-01&_as=csv", "", False),
        ("/admin/reports/cost/", "finished_from=&group_by=product", "", True),
        ("/admin/reports/stock/", "", "", False),
        ("/api/v1/export/spools", "fmt=json", "", True),
        ("/d/some-token/api/v1/export/spools", "fmt=csv", "", True),
        ("/d/some-token/api/v1/spool", "", "", False),
        ("/api/files/local", "", "", True),
        ("/d/some-token/api/files/local/", "", "", True),
        ("/api/version", "", "", False),
    ],
)
def test_exports_imports_and_long_reports_are_long(path, query, accept, expected):
    assert is_long(path, query, accept, TODAY) is expected


def test_every_import_and_report_of_the_api_is_in_the_table():
    """A new one has to be put there, or named here."""
    paths = re.findall("^  (/api/.*):$", DESCRIPTION.read_text(), re.MULTILINE)
    last = {path: path.rstrip("/").rpartition("/")[2] for path in paths}
    expected = {path for path in paths if last[path] in LONG or "/reports/" in path}
    expected -= {path for path in paths if last[path] in SHORT_REPORTS}
    assert {path for path in paths if is_long(path, "", "", TODAY)} == expected


def test_the_files_of_the_admin_are_in_the_table():
    names = ["inventory_spool_csv", "spool_labels", "spool_blanks", "run_travellers"]
    names += ["inventory_spool_import", "inventory_filament_import", "production_printer_import"]
    names += ["production_product_import"]
    for name in names:
        assert is_long(reverse(f"admin:{name}", urlconf="config.urls"), "", "", TODAY), name


def test_the_header_accept_is_read_as_a_whole():
    """The application gets each of them, joined."""
    with working(echo) as served:
        lengths = []
        add = served.shares.add
        served.shares.add = lambda conn: (lengths.append(conn.is_long), add(conn))
        two = b"\r\nAccept: text/plain\r\nAccept: text/csv\r\n"
        answers_to(served, CLOSE.replace(b"\r\n", two, 1))
        answers_to(served, CLOSE)
    assert lengths == [True, False]
