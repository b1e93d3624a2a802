"""Errors at the addresses of slicers are in OctoPrint's shape, whoever finds them: PrusaSlicer and
OrcaSlicer show the body, for which ``error`` is read."""

import pytest
from django.db import OperationalError

from production.octoprint import addresses
from production.services.sliced_files import uploading
from tenants.farms import services
from tenants.web import middleware
from tests.production.print_hosts.slicers import HOOK, ORCA, PRUSA, SUPER, a_slicer, error

SPEAKS = pytest.mark.parametrize("speaks", [PRUSA, SUPER, ORCA], ids=["Prusa", "Super", "Orca"])


def failing(problem):
    def fails(*_args, **_how):
        raise problem

    return fails


@SPEAKS
def test_an_address_with_a_slash_is_none(operator, speaks):
    slicer = a_slicer(operator, speaks=speaks)
    for path in ("/api/version/", "/api/files/local/"):
        assert error(slicer.get(path), 404) == "There is no such address."


@SPEAKS
@pytest.mark.parametrize("path", ["/api/version", "/api/files/local"])
def test_another_method_is_named(operator, speaks, path):
    answer = a_slicer(operator, speaks=speaks).delete(path)
    assert error(answer, 405) == f"This address takes {answer['Allow']}."


@SPEAKS
def test_what_is_too_large_says_how_much_is_taken(operator, speaks, settings):
    settings.MAX_FILE_BYTES = 1000
    assert "1000 bytes" in error(a_slicer(operator, speaks=speaks).upload(HOOK * 50), 413)


@SPEAKS
@pytest.mark.parametrize("problem", [RuntimeError("a bug"), KeyError("plate")])
def test_a_fault_of_ours_is_no_page(operator, speaks, problem, monkeypatch):
    monkeypatch.setattr(uploading, "take", failing(problem))
    monkeypatch.setattr(addresses.access, "find", failing(problem))
    slicer = a_slicer(operator, speaks=speaks)
    for answer in (slicer.upload(), slicer.test()):
        assert error(answer, 500) == "The server failed; its log has the reason."


@SPEAKS
def test_a_fault_before_any_view_is_no_page(operator, speaks, monkeypatch):
    slicer = a_slicer(operator, speaks=speaks)
    monkeypatch.setattr(middleware, "is_public", failing(RuntimeError("a bug")))
    assert "The server failed" in error(slicer.test(), 500)
    monkeypatch.setattr(middleware, "is_public", failing(OperationalError("gone")))
    assert "database is not available" in error(slicer.upload(), 503)


@SPEAKS
def test_a_database_that_is_away_is_said_with_when_to_come_back(operator, speaks, monkeypatch):
    monkeypatch.setattr(uploading, "take", failing(OperationalError("gone")))
    assert "database is not available" in error(a_slicer(operator, speaks=speaks).upload(), 503)


def test_a_farm_that_is_closed_says_so(farm, operator):
    slicer = a_slicer(operator)
    services.close_farm(farm, by=None)
    assert error(slicer.test(), 503)
