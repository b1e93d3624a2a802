"""The switches of production: safe when nothing is said, loud when something is wrong."""

import json
import os
import subprocess
import sys

import pytest

from tests.serving import ROOT

STRONG = "pV8Qm2x7Lw0Zt5Rb9Yc3Nd6Kf1Hg4Js8Ua2Ei7Oo5Wq0Xz3Bv6Tn9"
PRINT_SETTINGS = """
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in %r}))
"""


def run(*words, **environment):
    ours = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing", "SPOOLBOOK_DEBUG": "0"}
    inherited = {name: value for name, value in os.environ.items() if "SECRET_KEY" not in name}
    env = {**inherited, **ours, **environment}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def settings_of(*names, **environment):
    """Settings as they are in production."""
    done = run("-c", PRINT_SETTINGS % (names,), SPOOLBOOK_SECRET_KEY=STRONG, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_framework_finds_nothing_to_warn_of():
    words = ["manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = run(*words, SPOOLBOOK_SECRET_KEY=STRONG)
    assert done.returncode == 0, done.stderr
    assert "2 silenced" in done.stdout  # with the reason, in the settings


@pytest.mark.parametrize("key", ["", "short", "x" * 60, "abcdef" * 10, f"django-insecure-{STRONG}"])
@pytest.mark.parametrize("name", ["SPOOLBOOK_SECRET_KEY", "SECRET_KEY"])
def test_a_key_that_could_be_guessed_is_refused(name, key):
    done = run("manage.py", "check", **{name: key})
    assert done.returncode != 0
    assert "SPOOLBOOK_SECRET_KEY is" in done.stderr
    assert "openssl rand" in done.stderr
    assert not key or key not in done.stderr


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
