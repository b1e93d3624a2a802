"""What is refused to printers before any view, in the way they need it: to them a 404 is a spool
that is gone, and makes them forget what they had to report."""

from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from tenants.farms.names import address, normalize_host
from tenants.models import Tenant
from tenants.operations.refusals import Invalid, Unavailable
from tenants.web.requests import has_path_token

RETRY_SECONDS = 60  # where no farm answers
DEFAULT_PORTS = (":80", ":443")
MAX_HOST_LENGTH = 260  # in a sentence, with its port
# Names that nobody can register.
LOCAL = (".local", ".localhost", ".lan", ".home", ".home.arpa", ".internal")


class HostNotServed(Unavailable):
    """No farm answers at the host: there is none, or it is suspended. For printers alone, which
    come again; the answer is the same for both."""

    code = "host_not_served"
    title = "No farm answers at this host"

    @classmethod
    def of_request(cls, request):
        given = request.META.get("HTTP_HOST", "")[:MAX_HOST_LENGTH]
        detail = _("No farm answers at %(host)s: check the address of this server.")
        return cls(detail % {"host": given}, retry_after_seconds=RETRY_SECONDS)


class NotEncrypted(Invalid):
    """A token in an address that was sent in plain text: a redirect would only hide that."""

    code = "not_encrypted"
    status = 403


def require_encryption(request):
    """Raises NotEncrypted."""
    is_plain = settings.SECURE_SSL_REDIRECT and not request.is_secure()
    if is_plain and has_path_token(request):
        raise NotEncrypted(_("Write https:// in front of the address of this server."))


def forwarded_host(request):
    """The first host of ``X-Forwarded-Host``, or ""."""
    return request.headers.get("X-Forwarded-Host", "").partition(",")[0].strip()


def is_forwarded_host_ours(request):
    """Whether ``X-Forwarded-Host``, if it is sent, is the host of a farm that is not suspended, or
    a name that nobody can register: a page can lead a name of its own to this address (DNS
    rebinding), and speak here."""
    given = forwarded_host(request)
    if not given:
        return True
    host = normalize_host(given)
    if not host:
        return False
    is_local = bool(address(host)) or "." not in host or host.endswith(LOCAL)
    return is_local or Tenant.objects.at_host(host) is not None


def is_foreign_page(request):
    """Whether a page of another site sent a request, one that is not listed: by ``Origin``, which
    only browsers send."""
    origin = request.headers.get("Origin")
    if origin is None or settings.CORS_ALLOW_ALL_ORIGINS:
        return False
    is_listed = origin in settings.CORS_ALLOWED_ORIGINS
    return not is_listed and _host_of(origin) not in _own_hosts(request)


def _own_hosts(request):
    hosts = (request.headers.get("Host", ""), forwarded_host(request))
    return {_without_port(each) for each in hosts if each}


def _host_of(origin):
    try:
        return _without_port(urlsplit(origin).netloc)
    except ValueError:
        return None


def _without_port(host):
    """A host in lower case, without a port that is the default of its scheme."""
    host = host.strip().lower()
    for port in DEFAULT_PORTS:
        host = host.removesuffix(port)
    return host
