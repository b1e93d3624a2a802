"""Sources of actual figures: statements and estimates."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ActualSource(models.TextChoices):
    WEIGHED = "weighed", _("weighed")
    TYPED = "typed", _("typed")
    AS_PLANNED = "as_planned", _("as planned")
    PERCENT = "percent", _("by percent")
    DEVICE = "device", _("by the printer")


ESTIMATED = (ActualSource.AS_PLANNED, ActualSource.PERCENT)
