"""DATABASE_URL, the environment, and the program as it is served."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.database import database, from_url
from config.env import env_bool, env_hosts, env_int, env_list
from tests.factories import PASSWORD


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://u:p@h:6432/db", ("u", "p", "h", "6432", "db", {})),
        ("postgresql://u:p%40%2F%3A@h/db", ("u", "p@/:", "h", "", "db", {})),
        ("postgresql://u@%2Frun%2Fpostgresql/d%20b", ("u", "", "/run/postgresql", "", "d b", {})),
        ("postgresql:///db?host=/tmp/x&port=5", ("", "", "/tmp/x", "5", "db", {})),
        ("postgresql://u@[::1]:5/db", ("u", "", "::1", "5", "db", {})),
        ("postgresql://h/db?sslmode=require", ("", "", "h", "", "db", {"sslmode": "require"})),
    ],
)
def test_a_database_url_is_read(url, expected):
    place = from_url(url)
    keys = ("USER", "PASSWORD", "HOST", "PORT", "NAME", "OPTIONS")
    assert tuple(place[key] for key in keys) == expected


@pytest.mark.parametrize("url", ["mysql://h/db", "postgresql://h", "h/db", "postgresql://h:x/db"])
def test_a_database_url_that_leads_nowhere_is_refused(url):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        from_url(url)


def test_what_every_session_is_set_to_may_be_overruled():
    options = database("postgresql://h/db?options=-c lock_timeout=1s", "x")["OPTIONS"]["options"]
    assert options.index("lock_timeout=5s") < options.index("lock_timeout=1s")
    assert "statement_timeout=30s -c jit=off" in options


def test_without_a_url_it_is_the_embedded_server_and_nothing_is_started(tmp_path):
    settings = database("", tmp_path / "data")
    assert settings["EMBEDDED"] == str(tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_the_environment_is_read_strictly(monkeypatch):
    monkeypatch.setenv("X", "yes")
    assert env_bool("X", default=False) is True
    monkeypatch.setenv("X", "perhaps")
    with pytest.raises(ImproperlyConfigured, match="X must be 1 or 0"):
        env_bool("X", default=False)
    with pytest.raises(ImproperlyConfigured, match="whole number"):
        env_int("X", 1)
    monkeypatch.setenv("X", " a, ,b ")
    assert env_list("X") == ["a", "b"]


def test_hosts_of_the_environment_are_hosts(monkeypatch):
    monkeypatch.setenv("X", "Farms.Example.COM., 192.168.1.20,fd00::1")
    assert env_hosts("X") == ["farms.example.com", "192.168.1.20", "fd00::1"]
    for wrong in ("https://farms.example.com", "farms.example.com:8000", "*.example.com", "a b"):
        monkeypatch.setenv("X", wrong)
        with pytest.raises(ImproperlyConfigured, match="a host is farms.example.com, without"):
            env_hosts("X")


def test_the_served_program_signs_in_at_its_farm_alone(server, committed_farm):
    with server.client(committed_farm) as browser:
        page = browser.get("/accounts/login/")
        token = page.text.split('csrfmiddlewaretoken" value="')[1].split('"')[0]
        form = {"username": "manager", "password": PASSWORD, "csrfmiddlewaretoken": token}
        assert browser.post("/accounts/login/", data=form).status_code == 302
        assert committed_farm.name in browser.get("/").text
        elsewhere = browser.get("/", headers={"Host": "alpha.localhost"})
        assert elsewhere.headers["Location"].startswith("/accounts/login/")
        assert browser.get("/static/pages.css").status_code == 200
