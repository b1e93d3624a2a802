"""The Content-Security-Policy that every page is sent with."""

import re

import pytest
from django.conf import settings
from django.db import OperationalError

from tenants.web import middleware


@pytest.mark.parametrize("page", ["/", "/admin/", "/accounts/login/", "/admin/accounts/user/"])
def test_pages_load_nothing_inline_and_nothing_from_elsewhere(farm_client, manager, page):
    farm_client.force_login(manager)
    policy = farm_client.get(page)["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_no_template_has_styles_within_it():
    templates = settings.BASE_DIR.joinpath("templates").rglob("*.html")
    found = {path.name for path in templates if re.search(r"<style|\sstyle=", path.read_text())}
    assert found == set()


@pytest.mark.parametrize(
    ("path", "camera"),
    [
        ("/floor/", "(self)"),
        ("/admin/", "()"),
        ("/api/v1/me/", "()"),
        ("/healthz", "()"),
        ("/static/floor.css", "()"),
        ("/nowhere/", "()"),
        ("/admin/?a=%00", "()"),  # refused before all views
    ],
)
def test_every_answer_takes_devices_from_the_page_but_the_floor_its_camera(
    as_manager, path, camera
):
    policy = as_manager.get(path)["Permissions-Policy"]
    assert policy.startswith(f"camera={camera}, ")
    assert "microphone=(), " in policy


@pytest.mark.parametrize("page", ["", "docs/", "me/", "spools/", "tokens/1/"])
def test_pages_of_the_api_may_have_styles_within_them_and_no_scripts(as_manager, page):
    answer = as_manager.get(f"/api/v1/{page}", headers={"Accept": "text/html"})
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert policy.count("unsafe-inline") == 1
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "http" not in policy
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", answer.content.decode(), re.DOTALL)
    assert scripts
    assert all("src=" in tag or "application/json" in tag for tag, _ in scripts)


def test_what_starts_swagger_ui_is_a_script_of_its_own(as_manager):
    page = as_manager.get("/api/v1/docs/").content.decode()
    assert '<script src="/api/v1/docs/?script="></script>' in page
    script = as_manager.get("/api/v1/docs/?script=")
    assert script["Content-Type"] == "application/javascript"
    assert b"SwaggerUIBundle(" in script.content


def test_the_public_site_keeps_it_too(public_client):
    assert "default-src 'self'" in public_client.get("/")["Content-Security-Policy"]


def test_the_page_of_no_farm_keeps_it_too(client_at, db):
    answer = client_at("nowhere.example").get("/")
    assert answer.status_code == 404
    assert "default-src 'self'" in answer["Content-Security-Policy"]


def test_the_page_without_a_database_keeps_it_too(farm_client, monkeypatch):
    def gone(*_args):
        raise OperationalError

    monkeypatch.setattr(middleware, "is_public", gone)
    answer = farm_client.get("/")
    assert answer.status_code == 503
    assert "default-src 'self'" in answer["Content-Security-Policy"]
