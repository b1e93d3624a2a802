"""Browsers that somebody has signed in with before.

Tries at a name are counted wherever they come from, so a stranger could lock its owner out. A
browser that the owner has signed in with is counted on its own.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.db import connection

COOKIE = f"{settings.COOKIE_PREFIX}spoolbook-known"
COOKIE_AGE = 400 * 24 * 3600


def set_cookie(response, name, value):
    """Set a cookie that lasts as long as browsers keep one."""
    response.set_cookie(
        name,
        value,
        max_age=COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def remember(response, username):
    """Mark the browser that gets ``response`` as one that ``username`` signs in with."""
    set_cookie(response, COOKIE, signing.dumps([username, secrets.token_urlsafe(12)], salt=_salt()))


def mark_of(request, username):
    """What a browser is counted by that ``username`` has signed in with; "" for any other."""
    try:
        known, mark = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_salt())
    except signing.BadSignature:
        return ""
    return mark if known == username else ""


def _salt():
    return f"known-browser.{connection.schema_name}"
