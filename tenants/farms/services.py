"""Farms: add, close, suspend, resume and drop one."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context, tenant_context

from tenants.accounts import access
from tenants.accounts.audited import audit
from tenants.accounts.models import FarmSettings
from tenants.accounts.roles import MANAGER
from tenants.accounts.services import add_user
from tenants.farms.names import check_slug, farm_hosts, schema_name
from tenants.live.announcing import announce_access_of
from tenants.models import Domain, DroppedFarm, Tenant
from tenants.operations.operation import operation
from tenants.operations.refusals import Invalid, Refusal
from tenants.operations.text import humanize_name
from tenants.schemas import database_role, migrating, template

PUBLIC = "public"
DUPLICATE_SCHEMA = "42P06"


class SlugTaken(Refusal):
    code = "slug_taken"
    title = "A farm of this short name exists"


class HostTaken(Refusal):
    """Another farm, or the public site, answers on the host."""

    code = "host_taken"
    title = "This host is taken"


class UnknownTimezone(Invalid):
    code = "unknown_timezone"
    title = "There is no such time zone"


class UnknownCurrency(Invalid):
    code = "unknown_currency"
    title = "There is no such currency"


class InvalidRunPrefix(Invalid):
    code = "invalid_run_prefix"
    title = "A run prefix has 2 to 8 capital letters or digits"


REFUSED_SETTINGS = {
    "timezone": UnknownTimezone,
    "currency": UnknownCurrency,
    "run_prefix": InvalidRunPrefix,
}


def add_farm(*, slug, name, by=None, manager="manager", password=None, hosts=(), **farm_settings):
    """Create a farm, all of it or nothing, and return it.

    It answers on ``<slug>.<FARM_DOMAIN>`` and on ``hosts``. With a ``password`` it gets its first
    user, ``manager``. ``farm_settings`` are fields of FarmSettings: run_prefix, timezone,
    currency ... Raises InvalidSlug, SlugTaken, InvalidHost, HostTaken, UnknownTimezone,
    UnknownCurrency, InvalidRunPrefix, WeakPassword, Invalid.
    """
    check_slug(slug)
    chosen = checked(FarmSettings(**farm_settings))
    hosts = farm_hosts(slug, hosts)
    with schema_context(PUBLIC):
        script = template.load()  # before the transaction: pg_dump must see what it dumps
        new = {"slug": slug, "name": name, "manager": manager, "password": password}
        return _add(script, hosts=hosts, chosen=chosen, by=by, **new)


@operation("farm.suspend")
def suspend_farm(tenant, *, by):
    """Refuse every request to a farm, from the next one on; nothing of it is lost."""
    return _set_status(tenant, Tenant.Status.SUSPENDED, by=by, verb="suspend")


@operation("farm.close")
def close_farm(tenant, *, by):
    """Answer every request to a farm, from the next one on, that it is closed for maintenance:
    programs and tablets try again later. Commands go on."""
    return _set_status(tenant, Tenant.Status.MAINTENANCE, by=by, verb="close")


@operation("farm.resume")
def resume_farm(tenant, *, by):
    """Let people and devices in again, after a suspension or maintenance."""
    return _set_status(tenant, Tenant.Status.ACTIVE, by=by, verb="resume")


def drop_farm(tenant, *, by):
    """Remove a farm with everything in it, for good.

    It is suspended first, so that no request begins any more; transactions that are open in it are
    ended. Raises Busy; then the farm is suspended, and nothing of it is lost.
    """
    suspend_farm(tenant, by=by)
    _drop(tenant, by=by)


@operation("farm.add")
def _add(script, *, slug, name, hosts, chosen, manager, password, by):
    tenant = checked(Tenant(slug=slug, name=name, schema_name=schema_name(slug)))
    claim(tenant, hosts)
    make_schema(tenant.schema_name, script)
    with tenant_context(tenant):
        chosen.save(force_insert=True)
        FarmSettings.copy_to_public()
        for path in settings.FARM_SEEDERS:
            import_string(path)()
        if password is not None:
            add_user(username=manager, password=password, role=MANAGER, by=None)
    database_role.create_role(tenant.schema_name)
    audit("add", tenant, by=by, changes={"hosts": [None, hosts]})
    return tenant


@operation("farm.drop")
def _drop(tenant, *, by):
    with schema_context(PUBLIC):
        migrating.end_transactions(tenant.schema_name)
        DroppedFarm.note(tenant.slug, _access(tenant))
        migrating.drop(tenant.schema_name)
        database_role.drop_role(tenant.schema_name)
        audit("drop", tenant, by=by)
        tenant.delete()


def _access(tenant):
    """Who can sign in, for a backup that is restored; None where the tables can't be read."""
    schema = tenant.schema_name
    if not migrating.existing([schema]) or migrating.is_behind(schema):
        return None
    with tenant_context(tenant):
        return access.note()


def _set_status(tenant, status, *, by, verb):
    with schema_context(PUBLIC):
        fresh = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        if fresh.status != status:
            fresh.status = status
            fresh.save(update_fields=["status"])
            audit(verb, fresh, by=by)
            announce_access_of(fresh.schema_name)
    return fresh


def claim(tenant, hosts):
    """Reserve the short name and the hosts; the database decides between two at once.

    Raises SlugTaken, HostTaken.
    """
    slug_taken = SlugTaken.of(
        "slug", _("There is a farm “%(slug)s” already.") % {"slug": tenant.slug}
    )
    if Tenant.objects.filter(slug=tenant.slug).exists():
        raise slug_taken
    try:
        with transaction.atomic():
            tenant.save()
    except (IntegrityError, ValidationError) as error:
        raise slug_taken from error
    others = Domain.objects.filter(host__in=hosts).values_list("host", flat=True)
    if taken := {*settings.PUBLIC_HOSTS, *others} & set(hosts):
        raise _host_taken(taken)
    try:
        with transaction.atomic():
            for host in hosts:
                Domain(host=host, tenant=tenant, is_primary=host == hosts[0]).save()
    except IntegrityError as error:
        raise _host_taken(hosts) from error


def make_schema(schema, script=None, targets=None):
    """Make a farm's schema from the template's ``script``, or without one by migrations, as far as
    ``targets``. Raises SlugTaken when it exists."""
    try:
        with transaction.atomic():
            if script:
                template.replay(script, schema)
            else:
                migrating.create(schema)
                migrating.migrate(schema, targets)
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", None) != DUPLICATE_SCHEMA:
            raise
        detail = _("The schema %(schema)s of a former farm still exists: remove it first.")
        raise SlugTaken.of("slug", detail % {"schema": schema}) from error


def checked(row):
    """The row, if its values are valid; the database checks what must be unique. Raises Invalid."""
    try:
        row.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        errors = error.message_dict
        field = next(iter(errors))
        detail = f"{humanize_name(field).capitalize()}: {' '.join(errors[field])}"
        raise REFUSED_SETTINGS.get(field, Invalid)(detail, errors=errors) from error
    return row


def _host_taken(hosts):
    detail = _("These hosts are taken: %(hosts)s.")
    return HostTaken.of("hosts", detail % {"hosts": ", ".join(sorted(hosts))})
