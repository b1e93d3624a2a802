"""The database: that of ``DATABASE_URL``, else the embedded PostgreSQL of the data folder.

The package is also the Django backend (``ENGINE = "config.database"``): see ``base``.
"""

from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

ENGINE = "config.database"
EMBEDDED_NAME = "spoolbook"
SCHEMES = {"postgres", "postgresql", "pgsql"}
# Without jit=off, PostgreSQL compiles the reports, which takes longer than it saves: over 100,000
# runs they took 3 times the bare SQL rather than 1.2.
SESSION = {"lock_timeout": "5s", "statement_timeout": "30s", "jit": "off"}
# What Django would set after connecting: RESET ALL returns to what came with the connection.
TIME_ZONE = "TimeZone=UTC"


def database(url, data):
    """Django's settings of the one database; nothing is started or connected to here.

    ``url`` may be empty: then ``data`` is the folder of the embedded server, which the backend
    starts when the first connection is opened.
    """
    settings = from_url(url) if url else {"NAME": EMBEDDED_NAME, "EMBEDDED": str(data)}
    options = settings.pop("OPTIONS", {})
    defaults = " ".join(f"-c {name}={value}" for name, value in SESSION.items())
    flags = f"{defaults} {options.get('options', '')}".strip()
    return {
        "ENGINE": ENGINE,
        # Not for ever: a connection's memory grows with every farm it visits.
        "CONN_MAX_AGE": 900,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**options, "options": f"{flags} -c {TIME_ZONE}"},
        **settings,
    }


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
