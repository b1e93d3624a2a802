"""Attempts at a secret, counted in the database and so across all processes and machines.

A try is counted before it is looked at, in one statement of its own: many at once are counted one
by one, and a refusal afterwards does not take the count back. So it is never called inside of the
transaction of what is tried.

There are PLACES rows of a kind at most: made-up names and addresses don't fill the table. Who
shares a place shares its count; who that is can't be found out without the program's secret.
"""

import ipaddress
import random
import unicodedata
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from tenants.accounts.models import Attempt
from tenants.operations.refusals import TooMany

MINUTE, HOUR = 60, 3600
PER_NAME = 60  # an hour, wherever they come from
PLACES = 65_536
RETENTION = timedelta(days=1)
PURGE_PROBABILITY = 0.01  # the share of tries that clear up as well

COUNT = """
    INSERT INTO accounts_attempt AS old (whose, started_at, count) VALUES (%(whose)s, %(now)s, 1)
    ON CONFLICT (whose) DO UPDATE SET
        count = CASE WHEN old.started_at > %(since)s THEN old.count + 1 ELSE 1 END,
        started_at = CASE WHEN old.started_at > %(since)s THEN old.started_at ELSE %(now)s END
    RETURNING count, started_at
"""


class TooManyTries(TooMany):
    code = "too_many_tries"
    title = "Too many tries"


def count_sign_in(*, username, address, browser="", at=None):
    """Count a try to sign in, before the password is looked at. Raises TooManyTries.

    Both are counted: addresses by the minute, names by the hour; or, with the mark of a browser
    that is known for the name, this browser.
    """
    if settings.SIGN_IN_TRIES_PER_MINUTE:
        _count_address(address, at=at)
        kind, who = ("browser", browser) if browser else ("name", canonical_username(username))
        count(kind, who, limit=PER_NAME, seconds=HOUR, at=at)


def count_confirmation(user, *, address, token=None, at=None):
    """Count a try at the password of somebody who is signed in already: not with those of
    strangers at the same name, and those with a token for the token, as it may be stolen.
    Raises TooManyTries."""
    if settings.SIGN_IN_TRIES_PER_MINUTE:
        _count_address(address, at=at)
        count(*_confirming(user, token), limit=PER_NAME, seconds=HOUR, at=at)


def count_token(*, address, at=None):
    """Count a token that opens nothing. Not with tries to sign in: printers whose token was revoked
    go on, and people are at the same address. Raises TooManyTries."""
    if limit := settings.SIGN_IN_TRIES_PER_MINUTE:
        who = f"tokens {network(address)}"
        count("address", who, limit=limit, seconds=MINUTE, at=at)


def forgive_confirmation(user, *, token=None):
    """As `forgive`: a program that sends the right password may go on."""
    Attempt.objects.filter(whose=_place(*_confirming(user, token))).delete()


def forgive_person(user):
    """All tries at somebody's password are forgotten, as a sign-in or as a confirmation."""
    tokens = user.tokens.values_list("pk", flat=True)
    confirmations = [("person", user.pk), *(("token", pk) for pk in tokens)]
    Attempt.objects.filter(whose__in=[_place(*each) for each in confirmations]).delete()
    forgive(user.username)


def forgive(username):
    """Whoever knew the password starts anew; the address does not, for it may know one only."""
    Attempt.objects.filter(whose=_place("name", canonical_username(username))).delete()


def count(kind, who, *, limit, seconds, at=None):
    """Count one try of ``who``; raises TooManyTries when they were more than ``limit`` within the
    ``seconds`` since their first."""
    tries, seconds_left = tally(kind, who, seconds=seconds, at=at)
    if tries > limit:
        raise _too_many(kind, limit, seconds, seconds_left)


def tally(kind, who, *, seconds, at=None):
    """Count one of ``who``; returns how many there were since the first of these ``seconds``, and
    how many of them are left."""
    now = at or timezone.now()
    if random.random() < PURGE_PROBABILITY:
        Attempt.objects.filter(started_at__lt=now - RETENTION).delete()
    since = now - timedelta(seconds=seconds)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"whose": _place(kind, who), "now": now, "since": since})
        tries, started_at = cursor.fetchone()
    return tries, (started_at - since).total_seconds()


def _confirming(user, token):
    return ("token", token.pk) if token else ("person", user.pk)


def network(address):
    """Whom tries from an address are counted for: of IPv6 its network, as everybody has a whole
    one."""
    try:
        is_large = ipaddress.ip_address(address).version == 6
    except ValueError:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False)) if is_large else address


def _count_address(address, *, at):
    limit = settings.SIGN_IN_TRIES_PER_MINUTE
    count("address", network(address), limit=limit, seconds=MINUTE, at=at)


def _too_many(kind, limit, seconds, seconds_left):
    wait = max(1, min(seconds, int(seconds_left) + 1))
    return TooManyTries(
        _("One %(kind)s has %(limit)s tries in %(seconds)s s: try again in %(wait)s s.")
        % {"kind": kind, "limit": limit, "seconds": seconds, "wait": wait},
        limit=limit,
        window_seconds=seconds,
        retry_after_seconds=wait,
    )


def canonical_username(username):
    """The name that is meant, however it is written: the sign-in page takes wide and other letters
    for ours (NFKC), and each way to write a name would be counted on its own."""
    return unicodedata.normalize("NFKC", username).strip().lower()


def _place(kind, who):
    """Not as it was typed: people type passwords into the field for the name."""
    value = f"{connection.schema_name}\n{kind}\n{who}"
    digest = salted_hmac("spoolbook.attempts", value, algorithm="sha256").digest()
    return f"{kind} {int.from_bytes(digest[:8]) % PLACES}"
