"""Tags that devices read, and that are on no spool."""

from django.db import models
from django.db.models import Exists, OuterRef

from inventory.models.catalogue import Filament
from inventory.models.tags import SpoolTag
from tenants.accounts.models import DeviceToken


class UnboundTagQuerySet(models.QuerySet):
    def unbound(self):
        """Those that are on no spool yet, of filaments that are there, the newest first."""
        bound = SpoolTag.objects.filter(uid=OuterRef("uid"))
        rows = self.filter(~Exists(bound), filament__removed_at=None)
        return rows.select_related("filament__manufacturer", "token").order_by("-seen_at", "-pk")


class UnboundTag(models.Model):
    """A tag that a device read on a reel of a filament; ``extra`` are the values that it would have
    given a spool, by which it finds the spool again."""

    uid = models.CharField(max_length=128)
    filament = models.ForeignKey(Filament, models.CASCADE, related_name="+")
    extra = models.JSONField(default=dict)
    token = models.ForeignKey(DeviceToken, models.CASCADE, related_name="+", db_index=False)
    seen_at = models.DateTimeField()

    objects = UnboundTagQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint("uid", name="unbound_tag_uid_unique")]

    def __str__(self):
        return self.uid
