import logging
from datetime import timedelta

from django.db import InternalError, OperationalError
from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from tenants.accounts.models import DeviceToken

logger = logging.getLogger(__name__)

LAST_USED_STEP = timedelta(minutes=1)


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Token spb_...``

    Unknown, expired, revoked and of somebody who left: all are refused in the same words.
    """

    scheme = "Token"

    def authenticate(self, request):
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != self.scheme.lower().encode():
            return None
        if len(words) != 2:
            raise self._refused()
        now = timezone.now()
        token = self._usable(words[1], now)
        self._note_use(token, now)
        return token.user, token

    def authenticate_header(self, request):
        return self.scheme

    def _usable(self, secret, now):
        tokens = DeviceToken.objects.usable(now).select_related("user")
        hashed = DeviceToken.hash_of(secret.decode("latin-1"))
        token = tokens.filter(hash=hashed).first()
        if token is None:
            raise self._refused()
        return token

    def _note_use(self, token, now):
        """At most one write a minute for a printer that asks each second."""
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_STEP)
        if token.last_used_at is None or token.last_used_at < now - LAST_USED_STEP:
            try:
                DeviceToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
            except (OperationalError, InternalError) as error:
                # A database that is full or a replica: reading goes on.
                logger.warning("The use of a token is not noted: %s", error)

    @staticmethod
    def _refused():
        return AuthenticationFailed("This token is not valid.")
