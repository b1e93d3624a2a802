"""The spool in the slot of a Moonraker printer is its active spool: a job says so to Moonraker.

Nothing is sent but to the address that a manager has entered for the printer, and to private
networks only where the installation names them. The job is queued with the load, and does its work
after the commit: what the slot holds by then.
"""

import http.client
import json
from contextlib import suppress
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from production.models import Printer
from production.services.printing.addresses import PrinterNotReached, permitted
from tenants.jobs import kinds
from tenants.jobs import services as jobs
from tenants.jobs.models import Job
from tenants.operations.refusals import TooMany

KIND, LABEL = "active_spool", gettext_lazy("Active spool")
TIMEOUT_SECONDS = 3
PORT = 80
PATH = "/server/spoolman/spool_id"
MAX_BYTES = 10_000  # of the answer


def register():
    kinds.register(KIND, _work, LABEL)


def changed(printer):
    """Queue the job, where Moonraker's address is known and the printer has one slot: where it has
    several, whatever changes its tools sets the active spool. Never in the way of the load."""
    if not printer.moonraker_url or printer.slots.count() != 1:
        return
    title = _("Active spool of %(printer)s") % {"printer": printer}
    given = {"title": title[:200], "arguments": {"printer": printer.pk}}
    with suppress(TooMany):
        jobs.start(KIND, by=None, instead_of=(Job.Status.WAITING,), **given)


def last_job(printer):
    """The Job that set the printer's active spool last, or could not, or None."""
    return Job.objects.filter(kind=KIND, arguments__printer=printer.pk).order_by("-pk").first()


def _work(job, *, by):
    printer = Printer.objects.filter(pk=job.arguments["printer"]).first()
    if printer is None or not printer.moonraker_url:
        return kinds.Result("")
    slot = printer.slots.select_related("spool").first()
    number = slot and slot.spool and slot.spool.number
    try:
        status = _post(printer.moonraker_url, {"spool_id": number} if number else {})
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise _not_reached(printer, reason) from error
    if status in (401, 403):
        reason = _("it does not trust this computer (trusted_clients in moonraker.conf)")
        raise _not_reached(printer, reason)
    if status != 200:
        raise _not_reached(printer, _("it answered with status %(status)s") % {"status": status})
    return kinds.Result("")


def _not_reached(printer, reason):
    text = _("Moonraker at %(url)s was not told the active spool: %(reason)s.")
    names = {"url": printer.moonraker_url, "reason": " ".join(str(reason).split())[:200]}
    return PrinterNotReached(text % names, printer_id=printer.pk)


def _post(url, body):
    """The status of the answer. Raises OSError, HTTPException, PrinterNotReached."""
    parts = urlsplit(url)
    ip = permitted(parts.hostname, parts.port or PORT)
    connection = http.client.HTTPConnection(ip, parts.port or PORT, timeout=TIMEOUT_SECONDS)
    try:
        headers = {"Host": parts.netloc, "Content-Type": "application/json", "Connection": "close"}
        connection.request("POST", parts.path.rstrip("/") + PATH, json.dumps(body), headers)
        response = connection.getresponse()
        response.read(MAX_BYTES)
        return response.status
    finally:
        connection.close()
