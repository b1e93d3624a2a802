"""Who the farms are, and where: the rows of the public schema."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django_tenants.models import TenantMixin

from tenants.hosts import forget_farms

SLUG = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"  # a DNS label


class Tenant(TenantMixin):
    """One print farm: a schema of its own, and the hosts it answers on.

    Made, suspended and dropped by ``tenants.farms.services`` alone.
    """

    auto_create_schema = False
    auto_drop_schema = False

    name = models.CharField(max_length=100)
    slug = models.CharField(
        "short name",
        max_length=63,
        unique=True,
        validators=[RegexValidator(SLUG, "Not a DNS label.")],
    )
    is_active = models.BooleanField("in use", default=True)
    created_at = models.DateTimeField("made", default=timezone.now, editable=False)

    # Whether requests run under the farm's own database role: said by the middleware, on a copy.
    uses_farm_role = False

    class Meta:
        verbose_name = "farm"
        ordering = ["slug", "pk"]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        forget_farms()

    def delete(self, *args, **kwargs):
        deleted = super().delete(*args, **kwargs)
        forget_farms()
        return deleted


class DomainQuerySet(models.QuerySet):
    def of_active_farms(self):
        return self.filter(tenant__is_active=True).select_related("tenant")


class Domain(models.Model):
    """A host name a farm answers on, in lower case and without port or trailing dot."""

    host = models.CharField(max_length=253, unique=True)
    is_primary = models.BooleanField("primary", default=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="domains")

    objects = DomainQuerySet.as_manager()

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
        forget_farms()

    def delete(self, *args, **kwargs):
        deleted = super().delete(*args, **kwargs)
        forget_farms()
        return deleted
