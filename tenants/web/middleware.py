"""The way into a farm and out of it again."""

import copy
import logging
import re
import uuid

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpResponse
from django.utils import timezone

from tenants.accounts.models import FarmSettings
from tenants.hosts import address, current_schema, found_farms, last_change, normalised
from tenants.models import Domain, Tenant
from tenants.operations.operation import correlation_id
from tenants.operations.refusals import Refusal
from tenants.schemas import prepare
from tenants.web.requests import plainly

logger = logging.getLogger(__name__)

PUBLIC = "public"
REQUEST_ID = re.compile(r"[A-Za-z0-9._:@/+=-]{1,64}")


class CorrelationMiddleware:
    """Each request has an id: the caller's ``X-Request-ID`` where it is usable, else a new one."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get("X-Request-ID", "")
        request.correlation_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        correlation_id.set(request.correlation_id)
        response = self.get_response(request)
        response["X-Request-ID"] = request.correlation_id
        return response


class HealthMiddleware:
    """``/healthz`` and ``/readyz``, on any host: those who ask often know no name."""

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
        connection.set_schema_to_public()
        try:
            is_ready, why = prepare.is_ready(), "migrations are missing\n"
        except (DatabaseError, InterfaceError):
            is_ready, why = False, "the database does not answer\n"
        if is_ready:
            return HttpResponse("ok\n", content_type="text/plain")
        return HttpResponse(why, content_type="text/plain", status=503)


class TenantMiddleware:
    """Finds the farm of the request's host and goes there: schema, role, time zone, cache keys."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        connection.set_schema_to_public()
        current_schema.set(None)
        try:
            site = self._site(request)
            if site is not None:
                site.enter(request)
        except (DatabaseError, InterfaceError) as error:
            # One line: while the database is down each request has one.
            reason = " ".join(str(error.__cause__ or error).split())
            logger.error("The site can't be reached: %s", reason)
            return unavailable(request)
        if site is None:
            return nowhere(request)
        return self.get_response(request)

    def _site(self, request):
        try:
            host = normalised(request.get_host())
        except DisallowedHost:
            return None
        return PublicSite if is_public(host) else find_farm(host)


class PublicSite:
    """Where farms are made and suspended; the database is used as its owner."""

    @staticmethod
    def enter(request):
        request.tenant = None
        request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
        current_schema.set(PUBLIC)
        timezone.deactivate()


class FarmSite:
    """A farm, its time zone and its locale, as kept in the cache."""

    def __init__(self, tenant, timezone_name, locale):
        self.tenant, self.timezone_name, self.locale = tenant, timezone_name, locale

    def enter(self, request):
        request.farm_locale = self.locale
        request.tenant = copy.copy(self.tenant)  # a request may write on its own
        current_schema.set(self.tenant.schema_name)
        timezone.activate(self.timezone_name)
        connection.enter(request.tenant)


def is_public(host):
    if host in settings.PUBLIC_HOSTS:
        return True
    ip = address(host)
    return bool(ip and ip.is_loopback and not settings.DEFAULT_FARM)


def find_farm(host):
    """The active farm of a normalised host as a FarmSite, or None."""
    site = found_farms.get(host)
    if site is None:
        changed_at = last_change()
        tenant = _tenant_of(host)
        if tenant is None:
            return None
        tenant.uses_farm_role = True
        connection.set_tenant(tenant)
        own = FarmSettings.objects.values_list("timezone", "locale").first()
        site = FarmSite(tenant, *(own or (settings.TIME_ZONE, settings.LANGUAGE_CODE)))
        found_farms.put(host, site, changed_at)
    return site


def _tenant_of(host):
    domain = Domain.objects.of_active_farms().filter(host=host).first()
    if domain:
        return domain.tenant
    if address(host) and settings.DEFAULT_FARM:
        return Tenant.objects.filter(slug=settings.DEFAULT_FARM, is_active=True).first()
    return None


def leave_farm(**kwargs):
    """Back to public when the request is over, its last streamed byte included."""
    connection.set_schema_to_public()
    timezone.deactivate()
    current_schema.set(None)
    correlation_id.set("")


class HostNotFound(Refusal):
    """An unknown host and a suspended farm: one answer, which names neither."""

    code = "not_found"
    status = 404
    title = "There is nothing here"


class DatabaseUnavailable(Refusal):
    """The database does not answer, or the farm's schema can't be entered."""

    code = "unavailable"
    status = 503
    title = "Try again in a moment"


def nowhere(request):
    return plainly(request, HostNotFound(), "tenants/nowhere.html")


def unavailable(request):
    return plainly(request, DatabaseUnavailable(retry_after_seconds=5), "tenants/unavailable.html")
