"""Middleware: correlation id, content security policy, the request's farm."""

import logging
import re
import uuid
from contextlib import suppress

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError, InterfaceError, ProgrammingError, connection
from django.http import HttpResponse, HttpResponseNotAllowed
from django.utils import timezone
from django.utils.log import log_response
from django.utils.translation import gettext as _

from tenants.farms.names import address, normalize_host
from tenants.models import Tenant
from tenants.operations import clock
from tenants.operations.operation import client_address, correlation_id
from tenants.operations.refusals import Invalid, Refusal, TooMany, Unavailable
from tenants.schemas import logins, prepare
from tenants.schemas.current import SchemaUnreachable, current_schema
from tenants.web import bodies, files, printer_checks
from tenants.web.limits import AWAITS_BODY, BodyAwaited, takes_files
from tenants.web.request_checks import body_length, check, check_files, check_sender
from tenants.web.request_limits import count_request
from tenants.web.requests import (
    caller,
    has_path_token,
    is_for_printers,
    is_form_with_files,
    render_refusal,
)

logger = logging.getLogger(__name__)

PUBLIC = "public"
CLOSED_SECONDS = 60  # until the next try
# The Content-Security-Policy of every page: nothing inline, nothing from elsewhere.
STRICT = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
# The camera's pictures are decoded by WebAssembly; scripts are still the program's own alone.
OF_THE_FLOOR = f"{STRICT}; script-src 'self' 'wasm-unsafe-eval'"
# The pages of REST framework and Swagger UI bring styles of their own within them; no scripts.
OF_THE_API = f"{STRICT}; style-src 'self' 'unsafe-inline'"
NO_DEVICES = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)
REQUEST_ID = re.compile(r"[A-Za-z0-9._:@/+=-]{1,64}")


class CorrelationMiddleware:
    """Each request has an id: the caller's ``X-Request-ID`` where it is usable, else a new one.
    Log lines and the audit trail name it, and the caller's address."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get("X-Request-ID", "")
        request.correlation_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        correlation_id.set(request.correlation_id)
        client_address.set(caller(request))
        response = self.get_response(request)
        response["X-Request-ID"] = request.correlation_id
        return response


class ContentPolicyMiddleware:
    """Sets the Content-Security-Policy, unless the view has set one, and what of the device a page
    may use."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        is_api = request.path_info.startswith("/api/")
        camera = "(self)" if request.path_info.startswith("/floor/") else "()"  # scans codes
        response.headers["Permissions-Policy"] = f"camera={camera}, {NO_DEVICES}"
        response.headers.setdefault("Content-Security-Policy", OF_THE_API if is_api else STRICT)
        return response


class RefusingMiddleware:
    """Answers what no view should see, on any host and without the database."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        try:
            check(request)
            printer_checks.require_encryption(request)
        except Invalid as refusal:
            return render_refusal(request, refusal)
        with bodies.incoming(request, body_length(request)) as body:
            request._stream = request.incoming_body = body
            try:
                response = self.get_response(request)
            except BodyAwaited:
                request.environ[AWAITS_BODY] = True
                return HttpResponse(status=204)  # nobody gets it: the web server comes again
        if body.is_incomplete:
            bodies.end_incomplete(request, response)
        return response

    def process_view(self, request, view, args, kwargs):
        """Receive the body, except for views that do it once the caller is known. Files of a page
        are read before the form that they came in: not everybody may send them."""
        try:
            if not getattr(getattr(view, "cls", view), "receives_body", False):
                check_sender(request)
                if takes_files(request.method, request.path_info):
                    check_files(request, getattr(view, "view_class", view))
                bodies.receive_body(request)
                if is_form_with_files(request):
                    files.form_of(request)
        except Refusal as refusal:
            return render_refusal(request, refusal)


class HealthMiddleware:
    """``/healthz`` and ``/readyz``, on any host: whoever checks often knows no name."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path_info == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain")
        if request.path_info == "/readyz":
            return self._readiness()
        return self.get_response(request)

    @staticmethod
    def _readiness():
        logins.borrow(PUBLIC)
        connection.set_schema_to_public()
        try:
            is_ready, reason = prepare.is_ready(), "migrations are missing\n"
            count = len(prepare.farms_not_ready()) if is_ready else 0
            clock.compare()
        except clock.ClockWrong as refusal:
            is_ready, reason = False, f"{refusal.detail}\n"
        except (DatabaseError, InterfaceError):
            is_ready, reason = False, "the database does not answer\n"
        if not is_ready:
            return HttpResponse(reason, content_type="text/plain", status=503)
        # Which ones is for the log alone: anybody can ask here.
        more = f"farms-not-ready: {count}\n" if count else ""
        return HttpResponse(f"ok\n{more}", content_type="text/plain")


class TenantMiddleware:
    """Enters the farm of the request's host: schema, role, time zone, cache keys."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        logins.borrow(request._get_raw_host())
        connection.set_schema_to_public()
        current_schema.set(None)
        try:
            self._enter(request)
        except HostNotFound:
            return not_found(request)
        except FarmClosed as refusal:
            return _closed(request, refusal)
        except (DatabaseError, InterfaceError) as error:
            if answer := trouble_of_farm(request, error):
                return answer
            # One line: while the database is down each request has one.
            reason = " ".join(str(error.__cause__ or error).split())
            logger.error("The site can't be reached: %s", reason)
            return unavailable(request)
        return self.get_response(request)

    @staticmethod
    def _enter(request):
        """Enter the public site or the farm of the host. Raises HostNotFound, FarmClosed."""
        is_theirs = is_for_printers(request)
        try:
            host = normalize_host(request.get_host())
        except DisallowedHost as error:
            raise HostNotFound() from error
        is_of_all = is_public(host)
        if is_of_all and not is_theirs:
            enter_public(request)
            return
        if is_theirs and not printer_checks.is_forwarded_host_ours(request):
            raise HostNotFound()
        tenant = None if is_of_all else find_farm(host)
        if tenant is None:
            raise HostNotFound()
        if tenant.status == Tenant.Status.MAINTENANCE:
            raise FarmClosed()
        enter_farm(request, tenant)


class MethodMiddleware:
    """Says what happened where a page does not take the method: Django's answer is empty."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content:
            return response
        answer = render_refusal(request, MethodNotAllowed.by(response["Allow"]))
        answer["Allow"] = response["Allow"]
        return answer


class RateMiddleware:
    """Counts requests to the pages of a farm; those to the API once the caller is known."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        is_page = request.tenant is not None and not request.path_info.startswith("/api/")
        if is_page and request.user.is_authenticated:
            try:
                count_request(f"user {request.user.pk}")
            except TooMany as refusal:
                return render_refusal(request, refusal)
        return self.get_response(request)


def is_public(host):
    if host in settings.PUBLIC_HOSTS:
        return True
    ip = address(host)
    is_local = ip and ip.is_loopback and "localhost" in settings.PUBLIC_HOSTS
    return bool(is_local and not settings.DEFAULT_FARM)


def find_farm(host):
    """The farm of a normalized host, unless it is suspended, or None; on an IP address that is no
    farm's own, DEFAULT_FARM, or the only farm that there is."""
    tenant = Tenant.objects.enter_at_host(host)
    if tenant is not None or not address(host):
        return tenant
    farms = Tenant.objects.order_by("pk")
    if settings.DEFAULT_FARM:
        farms = farms.filter(slug=settings.DEFAULT_FARM)
    else:
        farms = farms.filter(ends_at=None)  # a practice farm takes no address from the real one
    found = list(farms[:2])
    is_one = len(found) == 1 and found[0].status != Tenant.Status.SUSPENDED
    return found[0] if is_one else None


def trouble_of_farm(request, error):
    """The answer to a request that failed because its farm was dropped meanwhile, has no schema,
    or is not migrated; else None: the database itself has trouble, or nobody."""
    tenant = getattr(request, "tenant", None)
    if tenant is None or not isinstance(error, (ProgrammingError, SchemaUnreachable)):
        return None
    with suppress(DatabaseError, InterfaceError):
        logins.use(logins.WEB)
        connection.set_schema_to_public()
        if not Tenant.objects.filter(pk=tenant.pk).exists():
            return not_found(request)
        if not prepare.is_prepared(tenant.schema_name):
            logger.error("The farm %s is not prepared: %s", tenant.slug, error)
            return render_refusal(request, FarmNotReady())
    return None


def enter_public(request):
    """The public site, where farms are suspended and get their hosts, reaches none of them."""
    logins.use(logins.SITE)
    connection.set_schema_to_public()
    request.tenant = None
    request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
    current_schema.set(PUBLIC)
    timezone.deactivate()


def enter_farm(request, tenant):
    request.tenant, request.farm_locale = tenant, tenant.locale
    if has_path_token(request):
        request.urlconf = settings.PRINTERS_URLCONF
    request.META["spoolbook.farm"] = tenant.schema_name  # for the web server
    words = request.path_info.split("/")[1 : 6 if request.path_info.startswith("/api/") else 3]
    enter(tenant, request.method, *("0" if word.isdecimal() else word for word in words))


def enter(tenant, *part):
    """Go into a farm, with the database role of its requests; ``leave_farm`` goes out again.
    ``part`` is that of the program which has tables of its own, where more than one is used."""
    tenant.uses_farm_role = True
    current_schema.set(tenant.schema_name)
    timezone.activate(tenant.timezone)
    logins.use_farm(tenant.schema_name)
    connection.visited.add((tenant.schema_name, *part))
    connection.enter(tenant)


def leave_farm(**kwargs):
    """Back to public when the request is over, its last streamed byte included."""
    connection.set_schema_to_public()
    timezone.deactivate()
    current_schema.set(None)
    correlation_id.set("")
    client_address.set("")
    logins.give_back()


class HostNotFound(Refusal):
    """The host is unknown, or its farm is suspended; the answer is the same."""

    code = "not_found"
    status = 404
    title = "There is nothing here"


class MethodNotAllowed(Refusal):
    """A page was asked for that can only be sent, or the other way round."""

    code = "method_not_allowed"
    status = 405
    title = "This page can’t be opened by its address"

    @classmethod
    def by(cls, allowed):
        """``allowed`` as in the header ``Allow``."""
        methods = [each for each in allowed.split(", ") if each not in ("HEAD", "OPTIONS")]
        detail = _(
            "Nothing was changed. This address takes %(methods)s: open the page that leads to it."
        )
        return cls(detail % {"methods": ", ".join(methods)})


class FarmNotReady(Unavailable):
    """This farm alone is not migrated, or has no schema; the log says why."""

    code = "farm_not_ready"
    title = "This farm is not ready; try again later"

    def __init__(self):
        super().__init__(
            _("Nothing was changed. If it lasts, the server's log has the reason."),
            retry_after_seconds=60,
        )


class FarmClosed(Unavailable):
    code = "maintenance"
    title = "Closed for maintenance"

    def __init__(self):
        super().__init__(
            _("Nothing was changed. This page opens again when the maintenance is over."),
            retry_after_seconds=CLOSED_SECONDS,
        )


def _closed(request, refusal):
    response = render_refusal(request, refusal)
    if request.method == "GET":  # a tablet on the wall comes back by itself
        response["Refresh"] = str(CLOSED_SECONDS)
    return response


def not_found(request):
    if is_for_printers(request):
        response = render_refusal(request, printer_checks.HostNotServed.of_request(request))
        figures = "%s: %s", response.reason_phrase, request.path_info
        # Whoever sent it chose the host: no fault of the program.
        log_response(*figures, response=response, request=request, level="warning")
        return response
    return render_refusal(request, HostNotFound(), "tenants/not_found.html")


def unavailable(request):
    return render_refusal(request, Unavailable(retry_after_seconds=5), "tenants/unavailable.html")
