"""Which farm is meant: host names, the cache of them, and the farm of the moment."""

import ipaddress
import threading
import time
from collections import OrderedDict
from contextvars import ContextVar
from urllib.parse import urlsplit

from django.http.request import split_domain_port

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
    once. What another process changes is seen after CACHE_SECONDS at the latest.
    """

    def __init__(self, seconds=CACHE_SECONDS, size=CACHE_SIZE):
        self._seconds, self._size = seconds, size
        self._found = OrderedDict()
        self._lock = threading.Lock()

    def get(self, host):
        until, found = self._found.get(host, (0, None))
        return found if until > time.monotonic() else None

    def put(self, host, found):
        with self._lock:
            self._found[host] = (time.monotonic() + self._seconds, found)
            self._found.move_to_end(host)
            while len(self._found) > self._size:
                self._found.popitem(last=False)

    def clear(self):
        with self._lock:
            self._found.clear()

    def __len__(self):
        return len(self._found)


found_farms = FoundFarms()
