"""Read typed values from the environment; a value of another type raises ImproperlyConfigured."""

import ipaddress
import os
import re
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*|[0-9a-f:]*:[0-9a-f:.]+")  # a name, or an address
ORIGIN = re.compile(r"https?://[^/\s*]+")
YES = {"1", "true", "yes", "on"}
NO = {"0", "false", "no", "off", ""}


def env_str(name, default=""):
    return os.environ.get(name, default).strip()


def env_int(name, default):
    value = env_str(name, str(default))
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}") from error


def env_bool(name, default):
    value = env_str(name, str(default)).lower()
    if value not in YES | NO:
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}")
    return value in YES


def env_list(name, default=""):
    return [part.strip() for part in env_str(name, default).split(",") if part.strip()]


def env_hosts(name, default=""):
    """Host names in lower case, as ``farms.example.com``: no scheme, no port, no path."""
    hosts = [host.lower().rstrip(".") for host in env_list(name, default)]
    for host in hosts:
        if not HOST.fullmatch(host):
            raise ImproperlyConfigured(
                f"{name} holds {host!r}: a host is farms.example.com, without http://, port or path"
            )
    return hosts


def check_public_hosts(hosts, *, is_behind_proxy):
    """Refuse hosts of the public site that anybody may name to a proxy."""
    if is_behind_proxy and (local := {"localhost", "127.0.0.1", "::1"} & set(hosts)):
        raise ImproperlyConfigured(
            f"SPOOLBOOK_PUBLIC_HOSTS holds {min(local)!r}, and a proxy (SPOOLBOOK_BEHIND_PROXY) "
            "passes on the host that its clients name: give the public site's own, as "
            "farms.example.com"
        )


def env_networks(name):
    """Networks of addresses, as ``192.168.1.0/24``, or single addresses."""
    networks = []
    for part in env_list(name):
        try:
            networks.append(ipaddress.ip_network(part))
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name} holds {part!r}: a network is 192.168.1.0/24, or an address"
            ) from error
    return networks


def env_origins(name):
    """Origins, as ``https://dashboard.example.com``, or ``*`` for all."""
    origins = env_list(name)
    for origin in origins:
        if origin != "*" and not ORIGIN.fullmatch(origin):
            raise ImproperlyConfigured(
                f"{name} holds {origin!r}: an origin is https://host or http://host:port, without "
                "a path"
            )
    return origins


def secret_key(data, *, is_production):
    """The key that signs sessions: the environment's, else that of the data folder.

    Production takes the environment's alone, and refuses a weak one.
    """
    key = env_str("SPOOLBOOK_SECRET_KEY") or env_str("SECRET_KEY")
    if not is_production:
        return key or load_secret_key(data)
    if not key:
        raise ImproperlyConfigured(
            "SPOOLBOOK_SECRET_KEY is not set: production needs a long random one of its own, "
            "for example from `openssl rand -base64 48`"
        )
    if len(key) < 50 or len(set(key)) < 10 or key.startswith("django-insecure-"):
        raise ImproperlyConfigured(
            f"SPOOLBOOK_SECRET_KEY is too weak ({len(key)} characters, {len(set(key))} of them "
            "different): production needs 50 random ones, as from `openssl rand -base64 48`"
        )
    return key


def load_secret_key(data):
    """The random key of an installation, from a file in its data folder; created when missing."""
    path = Path(data) / "secret-key"
    try:
        if not path.exists():
            _write_once(path, secrets.token_urlsafe(48))
        return path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(
            f"The data folder {data} can't be used: {error.strerror or error}. Choose another one: "
            "DATA=... for make, SPOOLBOOK_DATA=... for manage.py"
        ) from error


def _write_once(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent) as draft:
        draft.write(text)
        draft.flush()
        with suppress(FileExistsError):  # of two processes at once the first one wins
            os.link(draft.name, path)
