"""Spools that turned out to be one reel, and filaments that turned out to be one."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from inventory.models.catalogue import Filament
from inventory.models.spools import Spool


class Merge(models.Model):
    """A ``double`` that was merged into its ``target``; ``before`` has what was carried over."""

    reason = models.CharField(max_length=200)
    before = models.JSONField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        ordering = ["pk"]

    def __str__(self):
        return f"{self.double_id} into {self.target_id}"


class SpoolMerge(Merge):
    """A double that was merged into the spool that it is, and what taking that back needs.

    ``before`` has what was carried over: ``target`` ``{field: [before, after]}``, ``double`` its
    dates of archiving and removal, the ids of ``tags`` and of ``doubles`` of the double,
    ``entries`` of the ledger.
    """

    target = models.ForeignKey(Spool, models.PROTECT, related_name="merges")
    double = models.ForeignKey(Spool, models.PROTECT, related_name="+")
    explanation = models.TextField(help_text="What was booked, and by which weight.")

    class Meta(Merge.Meta):
        constraints = [
            models.UniqueConstraint("double", condition=Q(undone_at=None), name="spool_merged_once")
        ]


class FilamentMerge(Merge):
    """A double that was merged into the filament that it is, and what taking that back needs.

    ``before`` has what was carried over: ``target`` ``{field: [before, after]}``, the ids of
    ``spools``, of unbound ``tags`` and of ``doubles`` of the double, and what the registered
    ``references`` changed.
    """

    target = models.ForeignKey(Filament, models.PROTECT, related_name="merges")
    double = models.ForeignKey(Filament, models.PROTECT, related_name="+")
    explanation = models.TextField(help_text="What went over to the filament that is kept.")

    class Meta(Merge.Meta):
        constraints = [
            models.UniqueConstraint(
                "double", condition=Q(undone_at=None), name="filament_merged_once"
            )
        ]
