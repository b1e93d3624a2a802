"""The Content-Security-Policy that every page is sent with."""

import pytest
from django.db import OperationalError

from tenants import middleware


@pytest.mark.parametrize("page", ["/", "/admin/", "/accounts/login/", "/admin/accounts/user/"])
def test_pages_load_nothing_inline_and_nothing_from_elsewhere(farm_client, manager, page):
    farm_client.force_login(manager)
    policy = farm_client.get(page)["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_pages_of_the_api_may_have_scripts_of_their_own_within_them(farm_client, manager):
    farm_client.force_login(manager)
    policy = farm_client.get("/api/v1/docs/")["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-inline'" in policy
    assert "http" not in policy


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
