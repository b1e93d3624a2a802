"""The address that a printer is given, what is wrong with it, and what answers there."""

import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.test import RequestFactory
from django_tenants.utils import schema_context

from tenants.accounts.models import FarmSettings
from tenants.models import Tenant
from tenants.web import reach
from tests.production.spoolman.test_connecting import ADD
from tests.responses import text_of

LAN = "192.168.4.7"


@pytest.fixture(autouse=True)
def lan(monkeypatch):
    monkeypatch.setattr(reach, "local_address", lambda: LAN)


@pytest.fixture
def answered(monkeypatch):
    """``answered(status, body)``: what every address answers; returns the list of those asked."""
    asked = []

    def answers(status=200, body=b'{"status":"healthy"}'):
        def get(parts):
            asked.append(parts.netloc)
            return status, body

        monkeypatch.setattr(reach, "_get", get)
        return asked

    return answers


def of(farm, host="alpha.localhost:8000"):
    request = RequestFactory().get("/", HTTP_HOST=host)
    request.tenant, farm.is_only = farm, False
    return reach.of(request)


def test_the_host_that_people_use_is_tried(farm, answered):
    asked = answered()
    found = of(farm, "farm.example.com")
    assert found.address == "http://farm.example.com"
    assert (found.problems, found.is_answering) == ([], True)
    assert found.result == "http://farm.example.com/api/v1/health answers this computer."
    assert asked == ["farm.example.com"]


def test_the_address_of_the_settings_comes_first(farm, answered):
    asked = answered()
    FarmSettings.objects.update(address="https://labels.example.com/")
    found = of(farm, "farm.example.com")
    assert (found.address, found.result, asked) == ("https://labels.example.com", "", [])


def test_a_name_of_this_computer_is_no_address_for_a_printer(farm, answered):
    answered()
    found = of(farm)
    assert found.address == "http://alpha.localhost:8000"
    [problem] = found.problems
    assert problem.startswith("alpha.localhost is this computer itself")


@pytest.mark.parametrize("port", ["", ":8000"])
def test_an_ip_address_that_leads_to_the_farm_is_one(farm, answered, settings, port):
    asked = answered()
    settings.DEFAULT_FARM = farm.slug
    found = of(farm, f"alpha.localhost{port}")
    assert (found.address, found.problems) == (f"http://{LAN}{port}", [])
    assert asked == [f"{LAN}{port}"]


def test_without_a_network_there_is_none(farm, answered, settings, monkeypatch):
    answered()
    settings.DEFAULT_FARM = farm.slug
    monkeypatch.setattr(reach, "local_address", lambda: None)
    assert of(farm).address == "http://alpha.localhost:8000"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_server_that_listens_on_loopback_says_what_to_type(farm, answered, settings, host):
    answered()
    settings.LISTENING_HOST, settings.DEFAULT_FARM = host, farm.slug
    [problem] = of(farm).problems
    assert problem.startswith(f"This server listens on {host}, ")
    assert "make run HOST=0.0.0.0" in problem
    settings.USE_X_FORWARDED_HOST = True
    assert of(farm).problems == []


@pytest.mark.parametrize(
    ("status", "body"), [(200, b"<html>"), (200, b'{"status":"ill"}'), (404, b"{}"), (200, b"\xff")]
)
def test_what_is_not_spoolbook_is_said(farm, answered, status, body):
    answered(status, body)
    found = of(farm)
    assert not found.is_answering
    assert "does not answer" in found.result or "Something else answers" in found.result


class Healthy(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"status":"healthy"}'
        assert (self.path, self.headers["Host"]) == ("/api/v1/health", self.server.named)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def test_the_address_is_really_asked(farm):
    with HTTPServer(("127.0.0.1", 0), Healthy) as server:
        server.named = f"alpha.localhost:{server.server_port}"
        Thread(target=server.handle_request, daemon=True).start()
        found = of(farm, server.named)
    assert found.is_answering


def test_who_does_not_answer_is_not_waited_for(farm, monkeypatch):
    monkeypatch.setattr(reach, "TIMEOUT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = of(farm, f"alpha.localhost:{silent.getsockname()[1]}")
    assert not found.is_answering
    assert found.result.endswith("does not answer: timed out.")


def test_the_page_of_a_new_token_says_it(farm_client, manager, answered, settings, farm):
    answered()
    settings.DEFAULT_FARM, settings.LISTENING_HOST = farm.slug, "127.0.0.1"
    farm_client.force_login(manager)
    form = {"name": "x", "user": manager.pk, "scope": "printer", "kind": "moonraker"}
    page = text_of(farm_client.post(ADD, form))
    assert "This server listens on 127.0.0.1" in page
    assert f"✓ http://{LAN}/api/v1/health answers this computer." in page
    assert f"server: http://{LAN}/d/" in page


def test_an_ip_address_leads_to_the_only_farm(farm, answered):
    answered()
    request = RequestFactory().get("/", HTTP_HOST="alpha.localhost")
    request.tenant, farm.is_only = farm, True
    assert reach.of(request).address == f"http://{LAN}"


def test_a_farm_knows_whether_it_is_the_only_one(farm):
    with schema_context("public"):
        assert Tenant.objects.at_host("alpha.localhost").is_only is False
        Tenant.objects.exclude(pk=farm.pk).delete()
        assert Tenant.objects.at_host("alpha.localhost").is_only is True


def test_the_only_farm_is_at_bare_addresses(farm, client_at):
    assert client_at(LAN).get("/accounts/login/").status_code == 404
    with schema_context("public"):
        Tenant.objects.exclude(pk=farm.pk).update(status=Tenant.Status.SUSPENDED)
    assert client_at(LAN).get("/accounts/login/").status_code == 404  # another one may come back
    with schema_context("public"):
        Tenant.objects.exclude(pk=farm.pk).delete()
    assert client_at(LAN).get("/accounts/login/").status_code == 200
    with schema_context("public"):
        Tenant.objects.update(status=Tenant.Status.SUSPENDED)
    assert client_at(LAN).get("/accounts/login/").status_code == 404
