"""The farms and their hosts: the rows of the public schema."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import connection, models
from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Lower
from django.utils import timezone
from django_tenants.models import TenantMixin

from tenants.operations.compiled import TEXT, compiled

SLUG = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"  # a DNS label
TIMEZONE = r"^[A-Za-z][A-Za-z0-9_+/-]*$"
LOCALE = r"^[A-Za-z]+([-_@][A-Za-z0-9]+)*$"


class TenantQuerySet(models.QuerySet):
    def at_host(self, host):
        """The farm of a normalized host, unless it is suspended, or None; ``is_only`` says whether
        there is no other one."""
        return _at_host.first(host=host)

    def enter_at_host(self, host):
        """The same, at the beginning of a request, which enters the farm next: see
        ``find_farm`` of the database backend."""
        return connection.find_farm(_at_host.statement, host=host)


class Tenant(TenantMixin):
    """One print farm: a schema of its own, and the hosts it answers on.

    Created, closed, suspended and dropped by ``tenants.farms.services`` alone.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", "In use"
        MAINTENANCE = "maintenance", "Closed for maintenance"  # 503: come back later
        SUSPENDED = "suspended", "Suspended"  # 404, like a host that is no farm's

    auto_create_schema = False
    auto_drop_schema = False

    name = models.CharField(max_length=100)
    slug = models.CharField(
        "short name",
        max_length=63,
        unique=True,
        validators=[RegexValidator(SLUG, "Not a DNS label.")],
    )
    status = models.CharField(max_length=20, choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField("made", default=timezone.now, editable=False)
    # Copies for the middleware: see FarmSettings.copy_to_public.
    timezone = models.CharField(max_length=64, default="UTC")
    locale = models.CharField(max_length=20, default="en-gb")
    # Of a practice farm alone: see tenants.farms.practice.
    practice_of = models.OneToOneField("self", null=True, editable=False, on_delete=models.SET_NULL)
    ends_at = models.DateTimeField("ends", null=True, editable=False)

    # Whether requests run under the farm's own database role; set by the middleware.
    uses_farm_role = False

    objects = TenantQuerySet.as_manager()

    class Meta:
        verbose_name = "farm"
        ordering = ["slug", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(timezone__regex=TIMEZONE), name="tenants_tenant_timezone"
            ),
            models.CheckConstraint(
                condition=models.Q(locale__regex=LOCALE), name="tenants_tenant_locale"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "maintenance", "suspended"]),
                name="tenants_tenant_status",
            ),
        ]

    def __str__(self):
        return self.name


class FarmRequest(models.Model):
    """A farm to be added or dropped: asked for on the public site, done by the owner of the
    database (``tenants.farms.requests``).

    ``arguments`` are those of ``add_farm``; once it is done there are none, as the hash of the
    manager's password is among them.
    """

    class Kind(models.TextChoices):
        ADD = "add", "Add"
        DROP = "drop", "Delete"

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "In progress"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        FAILED = "failed", "Failed"

    UNFINISHED = (Status.WAITING, Status.RUNNING)

    kind = models.CharField(max_length=10, choices=Kind)
    slug = models.CharField("short name", max_length=63)
    arguments = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    detail = models.TextField(blank=True)  # of a refusal or a failure
    created_at = models.DateTimeField("asked for", default=timezone.now)
    finished_at = models.DateTimeField("finished", null=True)

    class Meta:
        verbose_name = "request"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["add", "drop"]), name="tenants_farmrequest_kind"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["waiting", "running", "done", "refused", "failed"]),
                name="tenants_farmrequest_status",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.slug}"


@compiled(host=TEXT)
def _at_host(host):  # planned by each request: that of a join takes twice as long
    farms = Tenant.objects.exclude(status=Tenant.Status.SUSPENDED)
    others = Tenant.objects.order_by().filter(ends_at=None).exclude(pk=OuterRef("pk"))
    named = Domain.objects.order_by().filter(host=host).values("tenant")
    return farms.filter(pk=Subquery(named)).annotate(is_only=~Exists(others)).order_by()


class Domain(models.Model):
    """A host name a farm answers on, in lower case and without port or trailing dot."""

    host = models.CharField(max_length=253, unique=True)
    is_primary = models.BooleanField("primary", default=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="domains")

    class Meta:
        ordering = ["host", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(host=Lower("host")), name="tenants_domain_host_lower"
            ),
            models.UniqueConstraint(
                fields=["tenant"],
                condition=models.Q(is_primary=True),
                name="tenants_domain_one_primary",
            ),
        ]

    def __str__(self):
        return self.host

    def save(self, *args, **kwargs):
        self.host = self.host.lower().rstrip(".")
        super().save(*args, **kwargs)


class DroppedFarm(models.Model):
    """Who could sign in when a farm was dropped: in its backups, what was revoked stays so."""

    slug = models.CharField(max_length=63, unique=True)
    access = models.JSONField(null=True, help_text="As tenants.accounts.access notes it.")
    dropped_at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return self.slug

    @classmethod
    def note(cls, slug, access):
        cls.objects.update_or_create(
            slug=slug, defaults={"access": access, "dropped_at": timezone.now()}
        )

    @classmethod
    def forget(cls, slug):
        cls.objects.filter(slug=slug).delete()

    @classmethod
    def noted(cls, slug):
        """None where the farm was not dropped here, or its tables could not be read then."""
        return cls.objects.filter(slug=slug).values_list("access", flat=True).first()
