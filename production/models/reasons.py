"""Reasons for scrap and failure."""

from collections import Counter

from django.db import models
from django.db.models import Count


class ReasonQuerySet(models.QuerySet):
    def offered(self, kind):
        return self.filter(kind=kind, is_active=True)

    def by_use(self, *, since):
        """A list, those first that runs finished ``since`` a moment named most often; two queries.

        The figures are not joined to the reasons: PostgreSQL would begin with all past items.
        """
        apps = self.model._meta.apps
        runs = apps.get_model("production", "ProductionRun").objects.live()
        runs = runs.filter(finished_at__gte=since).order_by()
        items = apps.get_model("production", "RunItem").objects.filter(run__in=runs).order_by()
        uses = Counter()
        for pk, count in _counts(runs, "outcome_reason").union(
            _counts(items, "scrap_reason"), all=True
        ):
            uses[pk] += count
        return sorted(self.order_by("label", "pk"), key=lambda reason: -uses[reason.pk])


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


def _counts(rows, field):
    rows = rows.filter(**{f"{field}__isnull": False})
    return rows.values_list(field).annotate(count=Count("pk"))
