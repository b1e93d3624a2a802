"""Reasons for scrap and failure."""

from django.db import models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce


class ReasonQuerySet(models.QuerySet):
    def offered(self, kind):
        return self.filter(kind=kind, is_active=True)

    def by_use(self, *, since):
        """Those that runs finished ``since`` a moment named most often first; one query."""
        apps = self.model._meta.apps
        runs = apps.get_model("production", "ProductionRun").objects.live()
        runs = runs.filter(finished_at__gte=since).order_by()
        items = apps.get_model("production", "RunItem").objects.filter(run__in=runs).order_by()
        failed = _count(runs.filter(outcome_reason=OuterRef("pk")).values("outcome_reason"))
        scrapped = _count(items.filter(scrap_reason=OuterRef("pk")).values("scrap_reason"))
        return self.annotate(uses=failed + scrapped).order_by("-uses", "label", "pk")


class Reason(models.Model):
    """One reason of a farm, for scrap or for failure; seeded, renamed and retired by the farm."""

    class Kind(models.TextChoices):
        SCRAP = "scrap"
        FAILURE = "failure"

    kind = models.CharField(max_length=7, choices=Kind)
    code = models.SlugField(max_length=40)
    label = models.CharField(max_length=100)
    is_active = models.BooleanField("in use", default=True)

    objects = ReasonQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "label", "pk"]
        constraints = [models.UniqueConstraint("kind", "code", name="reason_code_unique")]

    def __str__(self):
        return self.label


def _count(rows):
    return Coalesce(Subquery(rows.annotate(figure=Count("pk")).values("figure")), 0)
