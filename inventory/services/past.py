"""Validation of moments and dates that can't be in the future."""

from datetime import datetime

from django.utils.translation import gettext as _

from tenants.operations.refusals import Invalid
from tenants.operations.text import format_moment


def require_past(now, **values):
    """Raise Invalid for the first value (a moment, or a day of the farm) after ``now``, which is a
    moment, or a day for days; None is not set."""
    for field, value in values.items():
        if value is not None and value > now:
            text = format_moment(value) if isinstance(value, datetime) else value.isoformat()
            message = _("%(value)s is still to come.") % {"value": text}
            raise Invalid(message, errors={field: [_("Can't be in the future.")]})
