"""What the commands share: a farm by its slug, a refusal as an error, a password nobody chose."""

import secrets
from contextlib import contextmanager

from django.core.management.base import CommandError

from tenants.errors import Refusal
from tenants.models import Tenant


def farm(slug):
    """Raises CommandError, so that the shell gets a sentence and an exit code of 1."""
    try:
        return Tenant.objects.get(slug=slug)
    except Tenant.DoesNotExist:
        known = ", ".join(Tenant.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no farm {slug!r}; there are: {known}.") from None


@contextmanager
def refusals_told():
    try:
        yield
    except Refusal as refusal:
        raise CommandError(refusal.detail) from refusal


def new_password():
    return secrets.token_urlsafe(12)
