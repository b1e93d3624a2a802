"""So many requests a minute for each token or person, so many tries at a password."""

from collections.abc import Mapping

from django.conf import settings
from django.db import connection
from rest_framework.throttling import BaseThrottle

from tenants.accounts import attempts
from tenants.operations.refusals import TooMany
from tenants.web.rates import WINDOW_SECONDS, counts
from tenants.web.requests import caller


class RequestThrottle(BaseThrottle):
    """A limit to what one runaway script can take from the others of its farm."""

    def allow_request(self, request, view):
        """Raises TooMany."""
        limit = settings.API_REQUESTS_PER_MINUTE
        if not limit or not request.user.is_authenticated:
            return True
        count, seconds_left = counts.add(f"{connection.schema_name} {_who(request)}")
        if count > limit:
            raise TooMany(
                f"One token, or one person, has {limit} requests a minute: "
                f"go on in {seconds_left} s.",
                limit=limit,
                window_seconds=WINDOW_SECONDS,
                retry_after_seconds=seconds_left,
            )
        return True


class SignInThrottle(BaseThrottle):
    """Before the password is looked at, and outside of every transaction."""

    def allow_request(self, request, view):
        """Raises TooManyTries."""
        body = request.data if isinstance(request.data, Mapping) else {}
        attempts.count_sign_in(username=str(body.get("username", "")), address=caller(request))
        return True


def _who(request):
    token = getattr(request.auth, "pk", None)
    return f"token {token}" if token else f"user {request.user.pk}"
