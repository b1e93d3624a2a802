"""Sources of actual figures: statements and estimates."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.accounts.models import DeviceToken

Kind = DeviceToken.Kind


class ActualSource(models.TextChoices):
    WEIGHED = "weighed", _("weighed")
    METERED = "metered", _("metered by the printer")
    SLICED = "sliced", _("reported as sliced")
    TYPED = "typed", _("typed")
    AS_PLANNED = "as_planned", _("as planned")
    PERCENT = "percent", _("by percent")


ESTIMATED = (ActualSource.AS_PLANNED, ActualSource.PERCENT)
# What nobody measured: as sliced is what the slicer planned.
UNMEASURED = (*ESTIMATED, ActualSource.SLICED)
REPORTED = (ActualSource.METERED, ActualSource.SLICED)
# What these report was extruded, or weighed. The others, and what does not say what it is, may
# report what the slicer planned.
METERING = (Kind.MOONRAKER, Kind.OCTOPRINT, Kind.SCALE)


def source_of(tokens):
    """The source of grams that were reported by these tokens (None: of a session)."""
    is_metered = all(token is not None and token.kind in METERING for token in tokens)
    return ActualSource.METERED if is_metered else ActualSource.SLICED
