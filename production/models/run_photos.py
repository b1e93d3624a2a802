"""Photos of runs."""

from django.conf import settings
from django.db import models

from production.models.pictures import picture_field
from production.models.runs import ProductionRun


class RunPhoto(models.Model):
    """What somebody took a photo of at a run: of a failure, most times."""

    run = models.ForeignKey(ProductionRun, models.PROTECT, related_name="photos")
    picture = picture_field("picture", models.CASCADE, null=False)
    created_at = models.DateTimeField("taken", editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ["run", "pk"]
        verbose_name = "photo"
        constraints = [models.UniqueConstraint(fields=["run", "picture"], name="run_photo_once")]

    def __str__(self):
        return f"run {self.run_id}: {self.created_at:%Y-%m-%d}"
