"""The token that a program comes with: who it is, and that it was used."""

import logging
from datetime import timedelta

from django.db import InternalError, OperationalError
from django.db.models import Q
from django.utils import timezone

from tenants.accounts import sign_ins
from tenants.accounts.models import DeviceToken
from tenants.operations.compiled import MOMENT, TEXT, compiled

logger = logging.getLogger(__name__)

LAST_USED_STEP = timedelta(minutes=1)


@compiled(hashed=TEXT, now=MOMENT)
def _usable(hashed, now):
    tokens = DeviceToken.objects.usable(now).filter(hash=hashed)
    return tokens.select_related("user").order_by()


def usable(secret):
    """The token of a secret, with its person; None, and a trace of the refusal, where it is
    unknown, expired, revoked, or of somebody who left. Not to be called in a transaction."""
    now, hashed = timezone.now(), DeviceToken.hash_of(secret)
    token = _usable.first(hashed=hashed, now=now)
    if token is None:
        known = DeviceToken.objects.filter(hash=hashed).select_related("user").first()
        outcome = "token_ended" if known else "unknown_token"
        sign_ins.refused(known and known.user, way="token", outcome=outcome)
        return None
    _note_use(token, now)
    return token


def _note_use(token, now):
    """At most one write a minute, even for a printer that polls each second."""
    if token.last_used_at is None or token.last_used_at < now - LAST_USED_STEP:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_STEP)
        try:
            DeviceToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
        except (OperationalError, InternalError) as error:
            # A database that is full or a replica: reading goes on.
            logger.warning("The use of a token is not noted: %s", error)
