"""Browsers that somebody has signed in with before.

Tries at a name are counted wherever they come from, so a stranger who tries it all day would shut
its owner out as well. A browser that its owner has signed in with is counted on its own.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.db import connection

COOKIE = f"{settings.COOKIE_PREFIX}spoolbook-known"
COOKIE_AGE = 400 * 24 * 3600  # as long as browsers keep one


def remember(response, username):
    """The browser that gets ``response`` is one that ``username`` signs in with."""
    mark = signing.dumps([username, secrets.token_urlsafe(12)], salt=_salt())
    response.set_cookie(
        COOKIE,
        mark,
        max_age=COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def mark_of(request, username):
    """What a browser is counted by that ``username`` has signed in with; "" for any other."""
    try:
        known, mark = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_salt())
    except signing.BadSignature:
        return ""
    return mark if known == username else ""


def _salt():
    return f"known browser of {connection.schema_name}"
