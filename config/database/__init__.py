"""The database: that of ``DATABASE_URL``, else the embedded PostgreSQL of the data folder.

The web server has two logins of its own, ``web`` for the farms and ``site`` for the public site,
and not that of the owner: see ``tenants.schemas.logins``.

The package is also the Django backend (``ENGINE = "config.database"``): see ``base``.
"""

import hmac
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from django.core.exceptions import ImproperlyConfigured

ENGINE = "config.database"
EMBEDDED_NAME = "spoolbook"
SCHEMES = {"postgres", "postgresql", "pgsql"}
# Without jit=off, PostgreSQL compiles the reports, which takes longer than it saves: over 100,000
# runs they took 3 times the bare SQL rather than 1.2.
SESSION = {"lock_timeout": "5s", "statement_timeout": "30s", "jit": "off"}
# What Django would set after connecting: RESET ALL returns to what came with the connection.
TIME_ZONE = "TimeZone=UTC"
WEB, SITE = "web", "site"
# How often a connection has executed a compiled query before it prepares it; see docs/decisions.
PREPARE_AFTER = 2
URLS = {WEB: "SPOOLBOOK_WEB_DATABASE_URL", SITE: "SPOOLBOOK_SITE_DATABASE_URL"}
# For the logins of the web server. They may change their own defaults (ALTER ROLE ... SET), over
# which what comes with the connection prevails.
FIXED = {
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "default_transaction_deferrable": "off",
    "default_transaction_isolation": r"read\ committed",
    "default_transaction_read_only": "off",
    "idle_in_transaction_session_timeout": "0",
    "row_security": "on",
    "standard_conforming_strings": "on",
    "transform_null_equals": "off",
}


def databases(owner, logins, data, *, prepares=True, max_visits=0):
    """Django's DATABASES. ``logins`` are the addresses of WEB and SITE, empty where there are none.

    With the address of the owner, ``default`` is the owner; with those of the logins alone it is
    WEB, and a request to the public site uses SITE in its place. ``prepares``: whether PostgreSQL
    prepares compiled queries (see ``tenants.operations.compiled``). ``max_visits``: how many parts
    of farms a connection serves, as each adds to its memory; 0: any number.
    """
    made = _databases(owner, logins, data)
    for each in made.values():
        each["OPTIONS"]["prepare_threshold"] = PREPARE_AFTER if prepares else None
        each["MAX_VISITS"] = max_visits
    return made


def _databases(owner, logins, data):
    if not any(logins.values()) or owner:
        return {"default": database(owner, data)}
    if missing := [URLS[login] for login, url in logins.items() if not url]:
        raise ImproperlyConfigured(f"{missing[0]} is not set: the web server has two logins")
    made = {login: database(url, data, FIXED) for login, url in logins.items()}
    return {"default": database(logins[WEB], data, FIXED), **made}


def login_urls(owner):
    """``{variable: address}`` of the two logins, with passwords that only who has the owner's can
    make: for a database whose logins nobody has chosen."""
    parts = urlsplit(owner)
    password, database = unquote(parts.password or ""), from_url(owner)["NAME"]
    urls = {}
    for login, variable in URLS.items():
        own = hmac.new(password.encode(), f"{database}.{login}".encode(), "sha256").hexdigest()
        place = parts.netloc.rpartition("@")[2]
        user = quote(f"{database}.{login}", safe="")
        urls[variable] = urlunsplit(parts._replace(netloc=f"{user}:{own}@{place}"))
    return urls


def database(url, data, fixed=None):
    """Django's settings of a connection to the database; nothing is started or connected to here.

    ``url`` may be empty: then ``data`` is the folder of the embedded server, which the backend
    starts when the first connection is opened.
    """
    settings = from_url(url) if url else {"NAME": EMBEDDED_NAME, "EMBEDDED": str(data)}
    options = settings.pop("OPTIONS", {})
    flags = [*_flags(SESSION), options.get("options", ""), f"-c {TIME_ZONE}", *_flags(fixed or {})]
    return {
        "ENGINE": ENGINE,
        # Not for ever: a connection's memory grows with every farm it visits.
        "CONN_MAX_AGE": 900,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**options, "options": " ".join(filter(None, flags))},
        **settings,
    }


def _flags(settings):
    return [f"-c {name}={value}" for name, value in settings.items()]


def from_url(url):
    """``postgresql://user:password@host:port/name?sslmode=require`` as Django's settings.

    Every part may be percent-encoded; a socket folder is written ``%2Frun%2Fpostgresql`` or as
    ``?host=/run/postgresql``. The query is passed to libpq.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    settings = {
        "NAME": options.pop("dbname", "") or unquote(parts.path.lstrip("/")),
        "USER": options.pop("user", "") or unquote(parts.username or ""),
        "PASSWORD": options.pop("password", "") or unquote(parts.password or ""),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": options.pop("port", "") or _port(parts),
        "OPTIONS": options,
    }
    if parts.scheme not in SCHEMES or not settings["NAME"]:
        raise ImproperlyConfigured(
            "DATABASE_URL must look like postgresql://user:password@host:5432/name"
        )
    return settings


def _port(parts):
    try:
        return str(parts.port or "")
    except ValueError as error:
        raise ImproperlyConfigured("DATABASE_URL has a port that is not a number") from error
