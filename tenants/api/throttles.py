"""Limits to the requests of a token or a person, and to tries at a password."""

from collections.abc import Mapping

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _
from rest_framework.throttling import BaseThrottle

from tenants.accounts import attempts
from tenants.operations.refusals import TooMany
from tenants.web.rates import WINDOW_SECONDS, counts
from tenants.web.requests import caller


class RequestThrottle(BaseThrottle):
    """Keeps one runaway script from slowing down the rest of its farm."""

    def allow_request(self, request, view):
        """Raises TooMany."""
        limit = settings.API_REQUESTS_PER_MINUTE
        if not limit or not request.user.is_authenticated:
            return True
        count, seconds_left = counts.add(f"{connection.schema_name} {_who(request)}")
        if count > limit:
            raise TooMany(
                _(
                    "A token or a person has %(limit)s requests a minute; try again in "
                    "%(seconds)s s."
                )
                % {"limit": limit, "seconds": seconds_left},
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
