"""Tags on spools."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils import timezone

from inventory.models.spools import Spool


class SpoolTag(models.Model):
    """A tag on a spool that readers know it by; ``uid`` in capitals, hex without separators."""

    class Kind(models.TextChoices):
        BAMBU = "bambu", "Bambu"
        NFC = "nfc", "NFC"
        OPENPRINTTAG = "openprinttag", "OpenPrintTag"

    spool = models.ForeignKey(Spool, models.PROTECT, related_name="tags")
    uid = models.CharField(max_length=128)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.NFC)
    bound_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["spool", "pk"]
        constraints = [
            models.UniqueConstraint("uid", name="spool_tag_uid_unique"),
            models.CheckConstraint(
                condition=Q(uid=Upper("uid")) & ~Q(uid=""), name="spool_tag_uid_in_capitals"
            ),
        ]

    def __str__(self):
        return self.uid
