"""Practice farms: each belongs to a farm whose manager asked for it, has a farm's data that could
have happened and nothing of the real one, and ends by itself.
"""

import logging
import shutil
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context, tenant_context

from tenants.accounts import audited
from tenants.accounts.models import User
from tenants.accounts.roles import MANAGER
from tenants.farms import nightly, services
from tenants.farms.services import PUBLIC
from tenants.models import DroppedFarm, Tenant
from tenants.operations.refusals import Refusal
from tenants.schemas.current import current_schema

logger = logging.getLogger(__name__)

MAX_SLUG = 63
SUFFIX = "-practice"
_fillers = []


class NoPracticeFarms(Refusal):
    code = "no_practice_farms"
    title = "There is no practice farm for this farm"


class PracticeFarmExists(Refusal):
    code = "practice_farm_exists"
    title = "This farm has a practice farm already"


class PracticeFarmsFull(Refusal):
    code = "practice_farms_full"
    title = "There are as many practice farms as this installation allows"


def register(fill):
    """``fill(manager=, now=)`` fills a new farm, within it."""
    _fillers.append(fill)


def is_offered(farm):
    """Whether the installation allows practice farms, and the farm is none itself."""
    return settings.PRACTICE_FARMS > 0 and farm.ends_at is None


def require_offered(farm):
    """Raises NoPracticeFarms."""
    if not is_offered(farm):
        raise NoPracticeFarms(_("This installation makes no practice farms, or this is one."))


def make(of, *, username, name, password):
    """Make the practice farm of a farm, with its manager, whose ``password`` is a hash.

    Returns it, and the host that it answers on. To be called in a transaction, with the owner's
    login. Raises NoPracticeFarms, PracticeFarmExists, PracticeFarmsFull, SlugTaken, HostTaken.
    """
    with schema_context(PUBLIC):
        real = Tenant.objects.get(pk=of.pk)
        _require_room(real)
        slug = f"{real.slug[: MAX_SLUG - len(SUFFIX)]}{SUFFIX}"
        regional = {"timezone": real.timezone, "locale": real.locale}
        farm = services.add_farm(slug=slug, name=_("Practice farm"), **regional)
        farm.practice_of = real
        farm.ends_at = timezone.now() + timedelta(days=settings.PRACTICE_DAYS)
        farm.save(update_fields=["practice_of", "ends_at"])
        farm.refresh_from_db()  # with its time zone
        token = current_schema.set(farm.schema_name)
        try:
            with tenant_context(farm):
                person = User(username=username, name=name, role=MANAGER, password=password)
                manager = audited.create(person, by=None)
                for fill in _fillers:
                    fill(manager=manager, now=timezone.now())
        finally:
            current_schema.reset(token)
        return farm, farm.get_primary_domain().host


def end_due():
    """Drop the practice farms that have ended, with their backups; what fails is logged, and tried
    again the next time."""
    with schema_context(PUBLIC):
        due = list(Tenant.objects.filter(ends_at__lte=timezone.now()).order_by("pk"))
    for farm in due:
        try:
            services.drop_farm(farm, by=None)
            with schema_context(PUBLIC):
                DroppedFarm.forget(farm.slug)  # of which no backup is left
            shutil.rmtree(nightly.folder_of(farm), ignore_errors=True)
        except (Refusal, DatabaseError):
            logger.exception("The practice farm %s has ended and is not dropped", farm.slug)


def _require_room(farm):
    """One is made after the other, so that all are counted."""
    require_offered(farm)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('practice farms'))")
    if found := Tenant.objects.filter(practice_of=farm).first():
        detail = _("There is the practice farm %(slug)s, until it ends.")
        raise PracticeFarmExists(detail % {"slug": found.slug})
    if Tenant.objects.exclude(ends_at=None).count() >= settings.PRACTICE_FARMS:
        detail = _("This installation has %(count)d practice farms at most: ask again later.")
        raise PracticeFarmsFull(detail % {"count": settings.PRACTICE_FARMS})
