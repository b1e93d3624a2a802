"""What a farm may be called: its short name, its schema, its hosts."""

import hashlib
import re

from django.conf import settings

from tenants.hosts import address, normalised
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
    """A farm's short name must be able to be part of a host name."""

    code = "invalid_slug"
    title = "This short name can't be used"


class InvalidHost(Invalid):
    """Not a host name or address."""

    code = "invalid_host"
    title = "This is not a host name"


def check_slug(slug):
    """Raises InvalidSlug."""
    if not re.fullmatch(SLUG, slug) or slug.endswith("\n"):
        _refuse_slug(f"{slug!r} must be 1 to 63 of a-z, 0-9 and -, with no - at either end.")
    if slug in RESERVED:
        _refuse_slug(f"{slug!r} is kept for the platform.")


def schema_name(slug):
    """No two slugs share one: ``_`` is in no slug, and a long one is told apart by its hash."""
    schema = f"farm_{slug.replace('-', '_')}"
    if len(schema) <= SCHEMA_LENGTH:
        return schema
    return f"{schema[: SCHEMA_LENGTH - 13]}_{hashlib.sha256(slug.encode()).hexdigest()[:12]}"


def farm_hosts(slug, hosts=()):
    """The hosts a farm answers on, normalised, its own first. Raises InvalidHost."""
    named = [f"{slug}.{settings.FARM_DOMAIN}", *hosts]
    return list(dict.fromkeys(clean_host(host) for host in named))


def clean_host(host):
    """A host as the Domain table keeps it. Raises InvalidHost."""
    text = host.strip().lower().rstrip(".")
    name = str(address(text) or normalised(text))
    if not address(name) and not (len(name) <= 253 and HOST.fullmatch(name)):
        detail = f"{host!r} is not a host name or an IP address."
        raise InvalidHost(detail, errors={"host": [detail]})
    return name


def _refuse_slug(detail):
    raise InvalidSlug(detail, errors={"slug": [detail]})
