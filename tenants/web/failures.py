"""What an error of Python, Django or the database means to who asked."""

import logging
import re

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.log import log_response
from django.utils.translation import gettext_lazy as _

from tenants.accounts import audited
from tenants.operations.operation import CommitUnknown
from tenants.operations.refusals import Busy, Invalid, OutcomeUnknown, Refusal, Unavailable
from tenants.web.requests import too_large

logger = logging.getLogger(__name__)

# Conflicts between transactions, lock and statement timeouts; not the shutdown of the server.
BUSY = re.compile("40|55|57014")
# Waiting alone does not help against these.
NO_CHANGES = {
    "53100": _("The disk of the database is full: nothing is changed until there is room again."),
    "25006": _("The database can only be read at present: nothing is changed."),
}
UNREADABLE = (BadRequest, MultiPartParserError, SuspiciousOperation, UnreadablePostError)
LOOK_FIRST = _(
    "It may be done, or not: look before you do it again. A program sends it again with the same "
    "Idempotency-Key."
)


class UnusableText(Invalid):
    code = "unusable_text"
    title = "The request contains a character or a number that can't be stored"


def as_refusal(error):
    """The Refusal for an error of Python, Django or the database; None for a bug."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, IntegrityError):
        return audited.refusal_of(error)
    if isinstance(error, CommitUnknown):
        logger.error("The connection was lost during COMMIT: %s", " ".join(str(error).split()))
        return OutcomeUnknown(str(LOOK_FIRST))
    if isinstance(error, (OperationalError, InterfaceError)) or _sqlstate(error) in NO_CHANGES:
        return Busy() if BUSY.match(_sqlstate(error)) else _unavailable(error)
    if isinstance(error, (DataError, UnicodeError)):
        return UnusableText()
    if isinstance(error, RequestDataTooBig):
        return too_large(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    if isinstance(error, UNREADABLE):
        return Invalid(_("The request can't be read."))
    return None


def log_busy(refusal, request, response):
    """Log the answer to a Busy as a warning: nothing failed, and it is tried again. Django would
    log its 503 as an error."""
    if isinstance(refusal, Busy) and request is not None:
        figures = "%s: %s", response.reason_phrase, request.path
        log_response(*figures, request=request, response=response, level="warning")


def _unavailable(error):
    reason = " ".join(str(error).split())
    logger.error("The database does not answer: %s", reason)
    return Unavailable(str(NO_CHANGES.get(_sqlstate(error), "")))


def _sqlstate(error):
    return getattr(error.__cause__, "sqlstate", None) or ""
