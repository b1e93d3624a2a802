"""Settings of production: safe by default, refused when something is wrong."""

import os
import subprocess
import sys

import pytest
from django.conf import global_settings
from django.core.exceptions import ImproperlyConfigured

from config.serve import public_site
from tests.config.made_settings import made_settings
from tests.serving import ROOT

STRONG = "pV8Qm2x7Lw0Zt5Rb9Yc3Nd6Kf1Hg4Js8Ua2Ei7Oo5Wq0Xz3Bv6Tn9"
PRODUCTION = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing", "SPOOLBOOK_DEBUG": "0"}


def check(*words, key):
    """``manage.py check`` in production."""
    env = {**os.environ, **PRODUCTION, "SPOOLBOOK_SECRET_KEY": key}
    command = [sys.executable, "manage.py", "check", *words]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def settings_of(*names, **environment):
    """Settings as they are in production."""
    ours = made_settings(**PRODUCTION, SPOOLBOOK_SECRET_KEY=STRONG, **environment)
    made = vars(global_settings) | ours
    return {name: made[name] for name in names}


def test_the_framework_finds_nothing_to_warn_of():
    done = check("--deploy", "--fail-level", "WARNING", key=STRONG)
    assert done.returncode == 0, done.stderr
    assert "2 silenced" in done.stdout  # with the reason, in the settings


@pytest.mark.parametrize("key", ["", "short", "x" * 60, "abcdef" * 10, f"django-insecure-{STRONG}"])
@pytest.mark.parametrize("name", ["SPOOLBOOK_SECRET_KEY", "SECRET_KEY"])
def test_a_key_that_could_be_guessed_is_refused(name, key):
    keys = {"SPOOLBOOK_SECRET_KEY": "", "SECRET_KEY": "", name: key}
    with pytest.raises(ImproperlyConfigured, match="openssl rand") as refused:
        made_settings(**PRODUCTION, **keys)
    assert "SPOOLBOOK_SECRET_KEY is" in str(refused.value)
    assert not key or key not in str(refused.value)


def test_a_key_that_is_refused_keeps_the_program_from_starting():
    done = check(key="a-weak-one")
    assert done.returncode != 0
    assert "openssl rand" in done.stderr
    assert "a-weak-one" not in done.stderr


def test_cookies_are_for_https_and_this_host_and_not_for_scripts():
    names = ["SESSION_COOKIE", "CSRF_COOKIE"]
    values = settings_of(
        *(f"{name}_{part}" for name in names for part in ("SECURE", "NAME", "SAMESITE"))
    )
    for name in names:
        assert values[f"{name}_SECURE"] is True
        assert values[f"{name}_NAME"].startswith("__Host-")
        assert values[f"{name}_SAMESITE"] == "Lax"
    assert settings_of("SESSION_COOKIE_HTTPONLY") == {"SESSION_COOKIE_HTTPONLY": True}


def test_https_is_insisted_on():
    values = settings_of("DEBUG", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS")
    assert values == {
        "DEBUG": False,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
    }


@pytest.mark.parametrize("is_behind", [False, True])
def test_a_proxy_is_believed_where_there_is_one(is_behind):
    values = settings_of(
        "USE_X_FORWARDED_HOST",
        "SECURE_PROXY_SSL_HEADER",
        SPOOLBOOK_BEHIND_PROXY=str(int(is_behind)),
    )
    assert values["USE_X_FORWARDED_HOST"] is is_behind
    assert bool(values["SECURE_PROXY_SSL_HEADER"]) is is_behind


def test_the_public_site_is_at_the_hosts_that_are_named():
    name, named = "SPOOLBOOK_PUBLIC_HOSTS", "farms.example.com"
    assert settings_of("PUBLIC_HOSTS") == {"PUBLIC_HOSTS": []}
    assert settings_of("PUBLIC_HOSTS", **{name: named}) == {"PUBLIC_HOSTS": [named]}
    for host in ("localhost", "127.0.0.1", "::1"):
        assert settings_of("PUBLIC_HOSTS", **{name: host}) == {"PUBLIC_HOSTS": [host]}
        with pytest.raises(ImproperlyConfigured, match="passes on the host that its clients name"):
            settings_of("PUBLIC_HOSTS", **{name: f"{named},{host}"}, SPOOLBOOK_BEHIND_PROXY="1")


@pytest.mark.parametrize(("is_behind", "hosts"), [("0", ["localhost"]), ("1", [])])
def test_make_run_names_localhost_unless_there_is_a_proxy(monkeypatch, is_behind, hosts):
    monkeypatch.setenv("SPOOLBOOK_BEHIND_PROXY", is_behind)
    made = settings_of("PUBLIC_HOSTS", **public_site(), SPOOLBOOK_BEHIND_PROXY=is_behind)
    assert made == {"PUBLIC_HOSTS": hosts}
