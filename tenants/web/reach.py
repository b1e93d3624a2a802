"""The address that programs of printers are given, and whether it can be reached from elsewhere."""

import http.client
import json
import socket
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port
from django.utils.translation import gettext as _

from tenants.accounts.models import FarmSettings
from tenants.farms.names import address, is_local

TIMEOUT_SECONDS = 2
HEALTH = "/api/v1/health"
MAX_BYTES = 1000  # of the answer
# An address for documentation, to which nothing is sent: the system only says from which of its
# own it would be.
ELSEWHERE = ("192.0.2.1", 9)


class Reach(NamedTuple):
    """An address, as http://192.168.1.5:8000. ``problems`` are why printers can't reach it, and
    what to do; ``result`` is what was answered there, "" where it was not tried."""

    address: str
    problems: list
    is_answering: bool = False
    result: str = ""


def of(request):
    """The Reach of the farm of a request. Tries its address if that is the host of the
    request or the IP address of this computer, and no other."""
    best = _best(request)
    problems = []
    if _listens_on_loopback():
        text = _(
            "This server listens on %(host)s, which no printer can reach. Start it with "
            "make run HOST=0.0.0.0, or python -m config.serve --host 0.0.0.0."
        )
        problems.append(text % {"host": settings.LISTENING_HOST})
    if is_local(best):
        text = _(
            "%(host)s is this computer itself to whoever asks for it: a printer needs another "
            "name. Set the address of the farm in its settings, or a host on the public site."
        )
        problems.append(text % {"host": urlsplit(best).hostname})
    is_own = urlsplit(best).netloc == request.get_host() or best == _at_ip(request)
    return Reach(best, problems, *(_tried(best) if is_own else ()))


def local_address():
    """The IP address by which other computers of the network know this one, or None."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(ELSEWHERE)
            found = probe.getsockname()[0]
    except OSError:
        return None
    return None if address(found).is_loopback else found


def _best(request):
    """The address of the farm's settings or of the request, whichever others can reach; else an IP
    address that leads to the farm."""
    requested = f"{request.scheme}://{request.get_host()}"
    candidates = [_origin(FarmSettings.load().address), requested]
    for each in candidates:
        if each and not is_local(each):
            return each
    return _at_ip(request) or requested


def _at_ip(request):
    """The address with an IP address of this computer, if that leads to the farm, or None."""
    tenant, ip = request.tenant, local_address()
    if settings.DEFAULT_FARM:
        leads_here = tenant.slug == settings.DEFAULT_FARM
    else:
        leads_here = getattr(tenant, "is_only", True)  # else it was found by an IP address
    if not ip or not leads_here:
        return None
    port = split_domain_port(request.get_host())[1]
    return f"{request.scheme}://{ip}" + (f":{port}" if port else "")


def _origin(url):
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _listens_on_loopback():
    host = settings.LISTENING_HOST
    if not host or settings.USE_X_FORWARDED_HOST:
        return False
    ip = address(host)
    return ip.is_loopback if ip else host == "localhost"


def _tried(url):
    """Whether Spoolbook answers at the address, and a sentence."""
    names = {"address": f"{url}{HEALTH}"}
    try:
        status, body = _get(urlsplit(url))
        is_answering = status == 200 and json.loads(body) == {"status": "healthy"}
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        text = _("%(address)s does not answer: %(reason)s.")
        return False, text % (names | {"reason": " ".join(reason.split())[:200]})
    if is_answering:
        return True, _("%(address)s answers this computer.") % names
    text = _("Something else answers at %(address)s, with status %(status)s.")
    return False, text % (names | {"status": status})


def _get(parts):
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    host = "127.0.0.1" if is_local(parts.geturl()) else parts.hostname  # not every system knows
    connection = kind(host, parts.port, timeout=TIMEOUT_SECONDS)
    try:
        headers = {"Host": parts.netloc, "Connection": "close"}
        connection.request("GET", HEALTH, headers=headers)
        response = connection.getresponse()
        return response.status, response.read(MAX_BYTES)
    finally:
        connection.close()
