"""Farms to be added and dropped, as the public site asks: its login can do neither.

A request is a row and a job in the queue of the owner's worker, which calls `carry_out`.
"""

import logging

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context, tenant_context

from tenants.accounts import audited
from tenants.accounts.models import FarmSettings, User
from tenants.accounts.roles import MANAGER
from tenants.accounts.services import new_user
from tenants.farms import services
from tenants.farms.names import check_slug, schema_name
from tenants.farms.services import PUBLIC, SlugTaken, checked
from tenants.models import FarmRequest, Tenant
from tenants.operations.operation import in_transaction, operation
from tenants.operations.refusals import Invalid, Refusal

logger = logging.getLogger(__name__)


@operation("farm.request_add")
def request_farm(*, by, slug, name, manager, password, **farm_settings):
    """Ask for a farm with its first manager; returns the request.

    Raises InvalidSlug, SlugTaken, WeakPassword, and Invalid as ``add_farm`` does.
    """
    check_slug(slug)
    checked(FarmSettings(**farm_settings))
    farm = checked(Tenant(slug=slug, name=name, schema_name=schema_name(slug)))
    if Tenant.objects.filter(slug=slug).exists():
        raise SlugTaken.of("slug", _("There is a farm “%(slug)s” already.") % {"slug": slug})
    with tenant_context(farm):  # whose name the password must not contain
        user = checked(new_user(username=manager, password=password, role=MANAGER))
    person = {"username": user.username, "password": user.password}
    arguments = {"name": name, "manager": person, "settings": farm_settings}
    return _queue(FarmRequest(kind=FarmRequest.Kind.ADD, slug=slug, arguments=arguments, by=by))


@operation("farm.request_drop")
def request_drop(tenant, *, by, short_name):
    """Ask to delete a farm with everything in it; returns the request. Raises Invalid, unless its
    short name was typed."""
    if short_name != tenant.slug:
        detail = _("Type %(slug)s to delete the farm with everything in it.")
        raise Invalid.of("short_name", detail % {"slug": tenant.slug})
    return _queue(FarmRequest(kind=FarmRequest.Kind.DROP, slug=tenant.slug, by=by))


def carry_out(pk):
    """Do what was asked, once; how it went is in the row.

    Raises OperationalError and InterfaceError, after which it is to be tried again.
    """
    with schema_context(PUBLIC):
        unfinished = FarmRequest.objects.filter(status__in=FarmRequest.UNFINISHED)
        request = unfinished.select_related("by").filter(pk=pk).first()
        if request is None:
            return
        FarmRequest.objects.filter(pk=pk).update(status=FarmRequest.Status.RUNNING)
        try:
            if not request.by.is_active:
                raise Invalid(_("Who asked for it has been deactivated since."))
            if request.kind == FarmRequest.Kind.DROP:  # at once, so that nobody enters meanwhile
                services.suspend_farm(_farm(request), by=request.by)
            in_transaction(lambda: _do(request))
        except Refusal as refusal:
            _end(request, FarmRequest.Status.REFUSED, refusal.detail)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("The request %s failed", pk)
            detail = _("Something went wrong here, and nothing was changed. The log says what.")
            _end(request, FarmRequest.Status.FAILED, detail)


def _do(request):
    if request.kind == FarmRequest.Kind.DROP:
        services.drop_farm(_farm(request), by=request.by)
    else:
        given = request.arguments
        chosen = given["settings"] | {"slug": request.slug, "name": given["name"]}
        with tenant_context(services.add_farm(by=request.by, **chosen)):
            audited.create(User(role=MANAGER, **given["manager"]), by=None)
    _end(request, FarmRequest.Status.DONE)


def _farm(request):
    try:
        return Tenant.objects.get(slug=request.slug)
    except Tenant.DoesNotExist as error:
        detail = _("There is no farm “%(slug)s” any more.") % {"slug": request.slug}
        raise Invalid(detail) from error


def _queue(request):
    request.save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT farms.queue_job(%s, %s)", [PUBLIC, request.pk])
    return request


def _end(request, status, detail=""):
    values = {"status": status, "detail": detail, "finished_at": timezone.now(), "arguments": {}}
    FarmRequest.objects.filter(pk=request.pk).update(**values)
