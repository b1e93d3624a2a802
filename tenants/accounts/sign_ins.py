"""The trace of everybody who comes in, and of every try that is refused: a line in the log, and an
event in the audit trail of the schema we are in.

An attack does not fill the trail: of the refusals of an hour, it has the first ones of an address
and of the farm, and then the hundredth, the thousandth, and so on. The log has them all. Each way
is counted apart, and for an address each person: made-up tokens and names, which anybody can send,
take no place from those of somebody.
"""

import logging

from django.db import InternalError, OperationalError, connection

from tenants.accounts import attempts
from tenants.accounts.audited import audit
from tenants.accounts.models import User
from tenants.operations.operation import client_address, source

UNKNOWN = "unknown"
OF_AN_ADDRESS, OF_A_FARM = 10, 100  # refusals an hour that all have an event

logger = logging.getLogger("spoolbook.sign_in")


def granted(user, *, way):
    """Somebody came in by ``way``: password or pin."""
    _log(logging.INFO, "sign_in", user, way, "ok")
    audit("sign_in", user, by=user, changes=_changes(way=way))


def refused(user, *, way, outcome, by=None):
    """A try to come in as ``user``, None if that is nobody; ``by`` is who was signed in already,
    None if nobody was. Not to be called in a transaction that the refusal rolls back."""
    _log(logging.WARNING, "sign_in_refused", user, way, outcome)
    try:
        _store_refusal(user, way, outcome, by)
    except (OperationalError, InternalError) as error:
        # A database that is full or a replica: the answer is the refusal all the same.
        logger.warning("A refusal is not in the audit trail: %s", " ".join(str(error).split()))


def named(username):
    """Whom a name means, however it is written, or None."""
    return User.objects.filter(username=attempts.canonical_username(username)).first()


def _store_refusal(user, way, outcome, by):
    address, whose = attempts.network(client_address.get()), user.pk if user else UNKNOWN
    of_address = _count(f"{way} of {whose} from {address}")
    if not _has_event(of_address, OF_AN_ADDRESS):
        return
    of_farm = _count(f"{way} of {'somebody' if user else UNKNOWN}")
    if _has_event(of_farm, OF_A_FARM):
        changes = _changes(way=way, outcome=outcome, refusals_of_address=of_address)
        subject = user or User(name=UNKNOWN)
        by_name = None if by else UNKNOWN
        audit("sign_in_refused", subject, by=by, by_name=by_name, changes=changes)


def _count(which):
    count, _seconds_left = attempts.tally("refusals", which, seconds=attempts.HOUR)
    return count


def _has_event(count, limit):
    return count <= limit or count in (10**power for power in range(2, 10))


def _changes(**values):
    return {name: [None, value] for name, value in values.items()}


def _log(level, message, user, way, outcome):
    seen = {
        "tenant_id": str(connection.schema_name),
        "user_id": user.pk if user else None,
        "username": user.username if user else UNKNOWN,
        "address": client_address.get(),
        "source": source.get(),
        "way": way,
        "outcome": outcome,
    }
    logger.log(level, message, extra=seen)
