"""The program as it is served: gunicorn in a process of its own, with the tests' database."""

import os
import random
import socket
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import httpx
import pytest
from django.conf import settings
from django.db import connection

from config.database import URLS, from_url, login_urls

ROOT = Path(__file__).resolve().parent.parent
GIVEN = set()  # ports
# For httpx, which reads every certificate of the machine for each client otherwise. It trusts none.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@contextmanager
def serving(folder, *flags, **environment):
    """A server of one's own, where flags or the environment matter to the test."""
    port, logs = free_port(), folder / "log"
    with logs.open("wb") as log:
        env = {**served_environment(), **environment}
        process = subprocess.Popen(
            _gunicorn(port, *flags), cwd=ROOT, env=env, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, process, logs)
        client, pid = partial(_client, url), process.pid
        yield SimpleNamespace(url=url, client=client, log=logs, pid=pid)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _gunicorn(port, *flags):
    flags = ["--config=config/gunicorn.conf.py", "--workers=2", f"--bind=127.0.0.1:{port}", *flags]
    return [sys.executable, "-m", "gunicorn", *flags, "config.wsgi:application"]


def served_environment():
    """The environment of the web server: the tests' database, by its logins."""
    environment = owner_environment()
    return login_urls(environment.pop("DATABASE_URL")) | environment


def owner_environment():
    """The environment of a command with the tests' database."""
    return {
        **os.environ,
        "DATABASE_URL": _database_url(),
        "SPOOLBOOK_DATA": str(settings.DATA),  # where farms are changed, others notice
        "SPOOLBOOK_DEBUG": "0",
        "SPOOLBOOK_HTTPS": "0",
        "SPOOLBOOK_PUBLIC_HOSTS": "localhost",
        "SPOOLBOOK_SECRET_KEY": settings.SECRET_KEY,
        "SPOOLBOOK_FAST_PASSWORDS": "1",
        "SPOOLBOOK_API_RATE": "0",
    }


def database_logins():
    """The settings DATABASE_LOGINS of the tests' database."""
    urls = login_urls(_database_url())
    return {login: from_url(urls[variable]) for login, variable in URLS.items()}


def _database_url():
    place = connection.settings_dict
    parts = {key: quote(str(place[key]), safe="") for key in ("USER", "PASSWORD", "HOST", "PORT")}
    name = quote(place["NAME"], safe="")
    query = f"host={parts['HOST']}&port={parts['PORT']}"
    return f"postgresql://{parts['USER']}:{parts['PASSWORD']}@/{name}?{query}"


def _client(url, tenant):
    host = f"{tenant.slug}.localhost"
    limits = httpx.Limits(max_connections=None)
    return httpx.Client(
        base_url=url, headers={"Host": host}, timeout=60, limits=limits, verify=NO_CERTIFICATES
    )


def _wait_for(url, process, log, seconds=90):
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{url}/healthz", verify=NO_CERTIFICATES).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail(f"The server did not start: {log.read_text()}")


def free_port():
    """A port that nobody listens on, and never the same twice; of those that the system does not
    give to who connects to somewhere, for that may be in the meantime."""
    while True:
        port = random.randrange(10_000, 32_000)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            if port not in GIVEN:
                GIVEN.add(port)
                return port
