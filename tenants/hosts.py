"""Which farm is meant: host names, the cache of them, and the farm of the moment."""

import ipaddress
import logging
import os
import threading
import time
from collections import OrderedDict
from contextvars import ContextVar
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.http.request import split_domain_port

logger = logging.getLogger(__name__)

CACHE_SECONDS = 30
CACHE_SIZE = 1024

# None outside of every farm: what asks then fails, rather than being shared between farms.
current_schema = ContextVar("current_schema", default=None)


class NoFarm(LookupError):
    """Something that belongs to a farm was asked for outside of every farm."""


def cache_key(key, prefix, version):
    """Django's KEY_FUNCTION: a key carries its farm; without one it raises NoFarm."""
    schema = current_schema.get()
    if schema is None:
        raise NoFarm("The cache was used outside of a farm; enter one first")
    return f"{schema}:{prefix}:{version}:{key}"


def normalised(host):
    """``Alpha.Example.:8000`` as ``alpha.example``; ``[::1]:8000`` as ``::1``; else ``""``."""
    name, _ = split_domain_port(host)
    if name.startswith("["):
        return str(address(name) or "")
    return name


def address(host):
    """The IP address a host is, or None."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def is_local(url):
    """Whether an address is of the very computer that asks: no other one can reach it."""
    host = urlsplit(url).hostname or ""
    ip = address(host)
    return ip.is_loopback if ip else host.split(".")[-1] == "localhost"


class FoundFarms:
    """Hosts and what was found there, for a while, in this process.

    Only what was found is kept: a host that nobody has can't fill it, and a new farm is there at
    once. What another process on this data folder changes is seen at once too, by the time of the
    last change that a file carries; what another machine changes, after CACHE_SECONDS at the
    latest.
    """

    def __init__(self, seconds=CACHE_SECONDS, size=CACHE_SIZE):
        self._seconds, self._size = seconds, size
        self._found = OrderedDict()
        self._lock = threading.Lock()

    def get(self, host):
        until, changed_at, found = self._found.get(host, (0, None, None))
        is_current = until > time.monotonic() and changed_at == last_change()
        return found if is_current else None

    def put(self, host, found, changed_at):
        """Keep what was found after ``changed_at`` was the last change."""
        with self._lock:
            self._found[host] = (time.monotonic() + self._seconds, changed_at, found)
            self._found.move_to_end(host)
            while len(self._found) > self._size:
                self._found.popitem(last=False)

    def clear(self):
        with self._lock:
            self._found.clear()

    def __len__(self):
        return len(self._found)


found_farms = FoundFarms()


def forget_farms():
    """Now, for this transaction; and when it commits, in every process on this data folder."""
    found_farms.clear()
    transaction.on_commit(_tell_the_others)


def last_change():
    """When farms were last changed from this data folder; None when that is not known."""
    try:
        return _notice().stat().st_mtime_ns
    except OSError:
        return None


def _tell_the_others():
    found_farms.clear()
    try:
        _notice().parent.mkdir(parents=True, exist_ok=True)
        _notice().touch()
        now = time.time_ns()
        os.utime(_notice(), ns=(now, now))  # touch alone is as coarse as the kernel's clock
    except OSError as error:
        logger.warning("Other processes see it after %s s: %s", CACHE_SECONDS, error)


def _notice():
    """A file for each database: what shares the data folder may serve other farms."""
    return settings.DATA / f"farms-changed-{quote(connection.settings_dict['NAME'], safe='')}"
