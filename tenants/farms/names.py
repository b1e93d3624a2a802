"""Validation of a farm's slug, schema and hosts."""

import hashlib
import ipaddress
import re
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port
from django.utils.translation import gettext as _

from tenants.models import SLUG
from tenants.operations.refusals import Invalid

_RESERVED = """
    admin api app assets cdn farm ftp imap localhost mail ns ns1 ns2 pop public smtp spoolbook
    static status support www
"""
RESERVED = frozenset(_RESERVED.split())
SCHEMA_LENGTH = 63
HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")


class InvalidSlug(Invalid):
    code = "invalid_slug"
    title = "This short name can't be used"


class InvalidHost(Invalid):
    code = "invalid_host"
    title = "This is not a host name"


def check_slug(slug):
    """Raises InvalidSlug."""
    if not re.fullmatch(SLUG, slug) or slug.endswith("\n"):
        detail = _("“%(slug)s” must be 1 to 63 of a-z, 0-9 and -, with no - at either end.")
        raise InvalidSlug.of("slug", detail % {"slug": slug})
    if slug in RESERVED:
        detail = _("“%(slug)s” is reserved for the platform.")
        raise InvalidSlug.of("slug", detail % {"slug": slug})


def schema_name(slug):
    """The schema of a slug. No two share one: no slug has a ``_``, and long ones get a hash."""
    schema = f"farm_{slug.replace('-', '_')}"
    if len(schema) <= SCHEMA_LENGTH:
        return schema
    return f"{schema[: SCHEMA_LENGTH - 13]}_{hashlib.sha256(slug.encode()).hexdigest()[:12]}"


def farm_hosts(slug, hosts=()):
    """The hosts a farm answers on, normalized, its own first. Raises InvalidHost."""
    named = [f"{slug}.{settings.FARM_DOMAIN}", *hosts]
    return list(dict.fromkeys(clean_host(host) for host in named))


def normalize_host(host):
    """``Alpha.Example.:8000`` as ``alpha.example``; ``[::1]:8000`` as ``::1``; else ``""``."""
    name = split_domain_port(host)[0]
    return str(address(name) or "") if name.startswith("[") else name


@lru_cache(1000)
def address(host):
    """The IP address that a host is, or None."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def is_local(url):
    """Whether a URL leads to the very computer that opens it: no other one can reach it."""
    host = urlsplit(url).hostname or ""
    ip = address(host)
    return ip.is_loopback if ip else host.split(".")[-1] == "localhost"


def clean_host(host):
    """A host as the Domain table stores it. Raises InvalidHost."""
    text = host.strip().lower().rstrip(".")
    name = str(address(text) or normalize_host(text))
    if not address(name) and not (len(name) <= 253 and HOST.fullmatch(name)):
        detail = _("“%(host)s” is not a host name or an IP address.")
        raise InvalidHost.of("host", detail % {"host": host})
    return name
