"""Forms of the admin that make rows: sent twice, they have their effect once."""

import secrets

from django.http import HttpResponse
from django.utils.translation import gettext as _

from tenants.operations.operation import in_transaction
from tenants.web.idempotency import IdempotencyKeyReused, answer_once

KEY = "idempotency_key"  # the field of a form


def new_key():
    return secrets.token_urlsafe(12)


def done_once(request, key, work):
    """``(text, address)`` of ``work()``, or what it gave before for this key of this person; in one
    transaction with the answer. Without a key it is done again. Raises as `answer_once`."""

    def answer():
        text, address = work()
        return HttpResponse(text, headers={"Location": address})

    if not key:
        return in_transaction(work)
    try:
        response = answer_once(request, key, answer, body=request.POST.urlencode().encode())
    except IdempotencyKeyReused as refusal:
        message = _("This form was sent before, and done. To do it again, open its page again.")
        raise IdempotencyKeyReused(message) from refusal
    return response.content.decode(), response["Location"]
