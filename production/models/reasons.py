"""Why parts are scrapped and runs fail."""

from django.db import models


class Reason(models.Model):
    """One reason of a farm, for scrap or for failure; seeded, renamed and retired by the farm."""

    class Kind(models.TextChoices):
        SCRAP = "scrap"
        FAILURE = "failure"

    kind = models.CharField(max_length=7, choices=Kind)
    code = models.SlugField(max_length=40)
    label = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["kind", "label", "pk"]
        constraints = [models.UniqueConstraint("kind", "code", name="reason_code_unique")]

    def __str__(self):
        return self.label
