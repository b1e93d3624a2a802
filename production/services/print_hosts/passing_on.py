"""Passing a file on to the print host of a printer, to print one at a time."""

import logging
from contextlib import contextmanager, suppress
from datetime import timedelta

from django.db import DatabaseError, InterfaceError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from production.models import PrintHost
from production.services.print_hosts import moonraker, octoprint, prusalink
from production.services.print_hosts.connection import HostConnection, most_seconds
from production.services.print_hosts.uploads import NotPassedOn
from tenants.operations.refusals import Refusal

logger = logging.getLogger(__name__)

SENDERS = {
    PrintHost.Kind.MOONRAKER: moonraker.send,
    PrintHost.Kind.OCTOPRINT: octoprint.send,
    PrintHost.Kind.PRUSALINK: prusalink.send,
}
SECONDS_BESIDES = 60  # of a start, beside passing on
MAX_FILENAME, MAX_PROBLEM = 255, 500


class PrintHostBusy(Refusal):
    code = "print_host_busy"
    title = "Another print is being started there"


def pass_on(host, upload):
    """Send a file to a PrintHost; returns what it says (Sent). Takes up to minutes: not to be
    called in a transaction. Raises NotPassedOn."""
    problem = _("The sending was given up.")
    try:
        sent = SENDERS[host.kind](HostConnection(host), upload)
        problem = sent.reason
    except NotPassedOn as refusal:
        problem = refusal.detail
        raise
    finally:
        _note(host, upload, problem)
    return sent


@contextmanager
def starting(host, size):
    """For the block nobody else starts a print there: by a moment in its row, not by a lock, so
    that it is free again in minutes if this process dies. Raises PrintHostBusy."""
    now = timezone.now()
    until = now + timedelta(seconds=most_seconds(size) + SECONDS_BESIDES)
    rows = PrintHost.objects.filter(pk=host.pk)
    if not rows.filter(Q(busy_until=None) | Q(busy_until__lt=now)).update(busy_until=until):
        text = _("Another file is being sent to %(printer)s to be printed: wait for its end.")
        raise PrintHostBusy(text % {"printer": host.printer})
    try:
        yield
    finally:
        with suppress(DatabaseError, InterfaceError):  # free again by itself
            rows.filter(busy_until=until).update(busy_until=None)


def _note(host, upload, problem):
    values = {"last_filename": upload.filename[:MAX_FILENAME], "last_at": timezone.now()}
    values["last_problem"] = problem[:MAX_PROBLEM]
    try:
        PrintHost.objects.filter(pk=host.pk).update(**values)
    except (
        DatabaseError,
        InterfaceError,
    ) as error:  # what the print host did is a fact all the same
        logger.warning("What a print host answered is not noted: %s", error)
