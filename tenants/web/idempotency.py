"""Idempotency-Key: a repeated POST has its effect once, and gets the first answer again.

One transaction takes a lock on the person and the key, looks the key up, runs the verb and
stores the answer: either all of it is there or nothing. A refusal leaves no key.

The answer of an operation with a secret is not stored, nor can its body be guessed from the hash:
a repeated request is refused, and has no second effect.

Stored answers have a quota in each farm. Beyond it contents are deleted, never keys: a request
whose answer is gone is refused as well. Large answers, and every CLEAR_UP_EVERY
stored, are counted with all others: at most so many small ones (1.6 MB) are beyond the quota, and
what is stored at the same moment.
"""

import hashlib
import re
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.accounts.models import IdempotencyKey
from tenants.operations.compiled import ID, TEXT, compiled
from tenants.operations.operation import in_transaction
from tenants.operations.refusals import Invalid, Refusal
from tenants.web import files

RETENTION = timedelta(hours=24)
CLEAR_UP_EVERY = 100  # stored answers of a farm
MAX_PURGED = 1_000
BUSY_SECONDS = 1  # until a request with the same key is over, most times
LARGE_BYTES = 16_384  # of an answer
STORED_HEADERS = ("ETag", "Location")
KEY = re.compile(r"[\x21-\x7e]{1,255}")
OF_THE_QUOTA = gettext_lazy(
    "The request was carried out once, on %(date)s at %(time)s, and answered with %(answered)s. "
    "The answer itself is no longer kept: look at what the request made."
)
OF_A_SECRET = gettext_lazy(
    "The request was carried out once, on %(date)s at %(time)s, and answered with %(answered)s. "
    "Answers to requests with a password, a PIN or a token are not kept: look at what the request "
    "made or changed. Revoke a token that did not reach you, and make another with a new key."
)
# Newest first, small ones before large ones: what goes beyond the quota is what is last.
DROP = """
    UPDATE accounts_idempotencykey SET content = NULL WHERE id IN (
        SELECT id FROM accounts_idempotencykey WHERE id IN (
            SELECT id FROM (
                SELECT id, sum(bytes) OVER (ORDER BY bytes > %(large)s, id DESC) AS total
                FROM (
                    SELECT id, pg_column_size(content) AS bytes FROM accounts_idempotencykey
                    WHERE content IS NOT NULL
                ) AS kept
            ) AS summed WHERE total > %(quota)s
        ) ORDER BY id FOR UPDATE SKIP LOCKED
    )
"""


class InvalidIdempotencyKey(Invalid):
    code = "invalid_idempotency_key"
    title = "An Idempotency-Key has 1 to 255 printable ASCII characters"


class IdempotencyKeyMissing(Invalid):
    code = "idempotency_key_missing"
    title = "This needs an Idempotency-Key"


class IdempotencyKeyBusy(Refusal):
    code = "idempotency_key_busy"
    title = "A request with this Idempotency-Key is under way; ask again in a moment"


class IdempotencyKeyReused(Refusal):
    code = "idempotency_key_reused"
    status = 422
    title = "This Idempotency-Key was used for another request"


class AnswerDropped(Refusal):
    code = "answer_dropped"
    title = "This was done before; its answer is not kept"


def answer_once(request, key, work, *, user=None, store=True, body=None):
    """Answer ``request`` with the stored answer, or with that of ``work()``, which is then stored.

    ``work`` returns a rendered response; with ``store`` False (it carries a secret, or the request
    does) the key is stored without it; ``user`` is whose key it is, by default who asks; ``body``
    are the bytes compared as the body, by default the hashes of its files, or all of it.
    Raises InvalidIdempotencyKey, IdempotencyKeyBusy, IdempotencyKeyReused, AnswerDropped.
    """
    if not KEY.fullmatch(key):
        raise InvalidIdempotencyKey()
    user, scope = user or request.user, _scope(request, body)

    def answer():
        _lock(user, key)
        stored = _stored(user, key)
        if stored is not None:
            return _replay(stored, scope, store)
        response = work()
        if 200 <= response.status_code < 300:
            _store(user, key, scope, response, store)
        return response

    return in_transaction(answer)


def refuse_repeated(request):
    """Raise AnswerDropped if the request, whose answer is not stored, was carried out with its key
    before; IdempotencyKeyReused if another was. For what has to be known before ``answer_once``."""
    key = request.headers.get("Idempotency-Key", "")
    stored = _stored(request.user, key) if KEY.fullmatch(key) else None
    if stored is not None:
        _replay(stored, _scope(request), is_stored=False)


def require_key(request, *, or_else):
    """Raise IdempotencyKeyMissing, unless the request has a key; ``or_else`` says what to do."""
    if "Idempotency-Key" not in request.headers:
        raise IdempotencyKeyMissing(
            _(
                "Sent twice, this would have its effect twice: send it with an Idempotency-Key "
                "header, a word of your own for this one request. %(or_else)s"
            )
            % {"or_else": or_else}
        )


def forget_old_keys(now):
    """Delete keys that are out of date and nobody uses at this moment; returns how many."""
    old = IdempotencyKey.objects.filter(created_at__lt=now - RETENTION).order_by("pk")
    old = old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:MAX_PURGED]
    return IdempotencyKey.objects.filter(pk__in=list(old)).delete()[0]


def _lock(user, key):
    # Advisory locks are the whole database's, so the farm is part of the name.
    name = f"{connection.schema_name}\n{user.pk}\n{key}".encode()
    number = int.from_bytes(hashlib.sha256(name).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        if not cursor.fetchone()[0]:
            raise IdempotencyKeyBusy(retry_after_seconds=BUSY_SECONDS)


def _scope(request, body=None):
    body = files.fingerprint(request) if body is None else body
    return {
        "method": request.method,
        "path": request.get_full_path()[:2000],
        "body_hash": _hash(request.body if body is None else body),
    }


def _hash(body):
    """Keyed: a PIN could be guessed from a plain one."""
    # A form's token changes with each sign-in, and is no part of what the form says.
    body = [part for part in body.split(b"&") if not part.startswith(b"csrfmiddlewaretoken=")]
    return salted_hmac("spoolbook.idempotency", b"&".join(body), algorithm="sha256").hexdigest()


def _stored(user, key):
    stored = _with_key.first(user=user.pk, key=key)
    if stored is not None and stored.created_at < timezone.now() - RETENTION:
        stored.delete()
        return None
    return stored


@compiled(user=ID, key=TEXT)
def _with_key(user, key):
    return IdempotencyKey.objects.filter(user=user, key=key).order_by()


def _replay(stored, scope, is_stored):
    if any(getattr(stored, name) != value for name, value in scope.items()):
        raise IdempotencyKeyReused(
            _(
                "The key was used for %(method)s %(path)s with another body or at another "
                "address: take a new key for a new request."
            )
            % {"method": stored.method, "path": stored.path}
        )
    if stored.content is None or not is_stored:
        raise _dropped(stored, OF_THE_QUOTA if is_stored else OF_A_SECRET)
    headers = {**stored.headers, "Idempotency-Replayed": "true"}
    return HttpResponse(
        bytes(stored.content),
        status=stored.status,
        content_type=stored.content_type,
        headers=headers,
    )


def _dropped(stored, detail):
    done_at = timezone.localtime(stored.created_at)
    figures = {
        "date": date_format(done_at),
        "time": time_format(done_at),
        "answered": stored.status,
    }
    numbers = {"done_at": stored.created_at, "answered": stored.status}
    return AnswerDropped(detail % figures, location=stored.headers.get("Location"), **numbers)


def _drop_beyond_quota():
    if settings.MAX_STORED_ANSWER_BYTES:
        with connection.cursor() as cursor:
            cursor.execute(DROP, {"large": LARGE_BYTES, "quota": settings.MAX_STORED_ANSWER_BYTES})


def _store(user, key, scope, response, is_stored):
    stored = IdempotencyKey.objects.create(
        user=user,
        key=key,
        **scope,
        status=response.status_code,
        content=response.content if is_stored else None,
        content_type=response.headers["Content-Type"],
        headers={name: response[name] for name in STORED_HEADERS if response.has_header(name)},
    )
    is_cleared_up = stored.pk % CLEAR_UP_EVERY == 0
    if is_cleared_up:
        forget_old_keys(timezone.now())
    if is_cleared_up or is_stored and len(response.content) > LARGE_BYTES:
        _drop_beyond_quota()
