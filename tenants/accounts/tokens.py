"""The token that a program comes with: who it is, and that it was used."""

import logging
from datetime import timedelta

from django.db import InternalError, OperationalError
from django.db.models import Q
from django.utils import timezone

from tenants.accounts import sign_ins
from tenants.accounts.models import DeviceToken
from tenants.operations.compiled import MOMENT, TEXT, compiled
from tenants.operations.snapshots import Remembered

logger = logging.getLogger(__name__)

LAST_USED_STEP = timedelta(minutes=1)
_found = Remembered(1000)  # by their hashes: rows, as each request gets a token of its own


@compiled(hashed=TEXT, now=MOMENT)
def _usable(hashed, now):
    tokens = DeviceToken.objects.usable(now).filter(hash=hashed)
    return tokens.select_related("user").order_by()


def usable(secret):
    """The token of a secret, with its person; None, and a trace of the refusal, where it is
    unknown, expired, revoked, or of somebody who left. Not to be called in a transaction."""
    now, hashed = timezone.now(), DeviceToken.hash_of(secret)
    token = _remembered(hashed, now) or _read(hashed, now)
    if token is None:
        known = DeviceToken.objects.filter(hash=hashed).select_related("user").first()
        outcome = "token_ended" if known else "unknown_token"
        sign_ins.refused(known and known.user, way="token", outcome=outcome)
        return None
    _note_use(token, now)
    return token


def _remembered(hashed, now):
    row = _found.get(hashed)
    token = row and _usable.statement.read(row)
    return token if token and (token.expires_at is None or token.expires_at > now) else None


def _read(hashed, now):
    for row in _usable.tuples(hashed=hashed, now=now):
        _found.put(hashed, row)
        return _usable.statement.read(row)
    return None


def _note_use(token, now):
    """At most one write a minute, even for a printer that polls each second."""
    if token.last_used_at is None or token.last_used_at < now - LAST_USED_STEP:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_STEP)
        try:
            DeviceToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
        except (OperationalError, InternalError) as error:
            # A database that is full or a replica: reading goes on.
            logger.warning("The use of a token is not noted: %s", error)
