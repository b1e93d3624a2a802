"""What a slicer sends with its own button: received, planned as is proposed, passed on.

Each step is a transaction of its own, and stays whatever becomes of the next: what is received and
planned is never lost by a printer that is off. Passing on is in none.
"""

import logging
from dataclasses import dataclass, field

from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext as _

from production.models import PrintHost, SlicedFile
from production.services.print_hosts import passing_on
from production.services.print_hosts.uploads import NotPassedOn, Upload
from production.services.runs import lifecycle
from production.services.sliced_files import planning_once, receiving
from tenants.operations.operation import CommitUnknown, in_dry_run
from tenants.operations.refusals import OutcomeUnknown, Refusal, Unavailable

logger = logging.getLogger(__name__)


class UploadUnfinished(Refusal):
    """The file was received, and perhaps planned, and that stays; not all that was asked for was
    done. ``status`` may be what the printer answered."""

    code = "upload_unfinished"
    title = "The file was received, but not all was done"

    def __init__(self, detail="", *, status=409, **numbers):
        super().__init__(detail, **numbers)
        self.status = status


@dataclass
class Received:
    """What became of an upload: ``path`` is what the print host calls the file, ``problem`` why no
    run is planned."""

    file: SlicedFile
    path: str
    runs: list = field(default_factory=list)
    problem: str = ""
    is_passed_on: bool = False
    is_printing: bool = False

    @property
    def sentence(self):
        """What is kept, whatever else happens."""
        if self.runs:
            numbers = ", ".join(run.number for run in self.runs)
            return _("Planned as %(runs)s.") % {"runs": numbers}
        text = _("Received, not planned: %(problem)s Plan it from the list of sliced files.")
        return text % {"problem": self.problem}

    def unfinished(self, why, *, status=409):
        """The refusal that says both."""
        numbers = {"sliced_file_id": self.file.pk, "run_numbers": [run.number for run in self.runs]}
        return UploadUnfinished(f"{self.sentence} {why}", status=status, **numbers)


def take(brought, *, printer, by, folder="", plate=None, is_to_print=False, may_start=True):
    """Receive a file (a stream with ``name``, ``size`` and ``sha256``) for a printer, or for none;
    plan it as is proposed, once; pass it on. Returns the Received.

    With ``is_to_print`` its run is started once the printer prints. Not to be called in a
    transaction. Raises UnreadableFile, UploadUnfinished.
    """
    found = _received(brought, printer, folder, plate, by=by)
    host = PrintHost.objects.filter(printer=printer).select_related("printer").first()
    upload = Upload(
        stream=brought,
        size=brought.size,
        sha256=brought.sha256,
        filename=brought.name,
        folder=folder,
        is_to_print=is_to_print,
    )
    if is_to_print:
        _print(found, host, upload, by=by, may_start=may_start)
    elif host is not None:
        _pass_on(found, host, upload)
    return found


def _received(brought, printer, folder, plate, *, by):
    path = f"{folder}/{brought.name}" if folder else brought.name
    counted = {"sha256": brought.sha256, "size_bytes": brought.size}
    given = {"filename": brought.name, "printer": printer}
    read = receiving.read_file(brought.file, **given, **counted)
    file = receiving.receive(read, by=by)
    found = Received(file, path)
    try:
        found.runs = planning_once.plan_once(file, printer=printer, plate=plate, by=by)
    except Refusal as refusal:
        found.problem = refusal.detail
    return found


def _pass_on(found, host, upload, *, besides=""):
    """``besides`` is what else is to be said where that fails. Raises UploadUnfinished."""
    try:
        sent = passing_on.pass_on(host, upload)
    except NotPassedOn as refusal:
        parts = [_("Not passed on to %(printer)s."), refusal.detail]
        if refusal.may_have_arrived:
            parts[0] = _("Perhaps passed on to %(printer)s.")
        text = " ".join(filter(None, [*parts, besides])) % {"printer": host.printer}
        raise found.unfinished(text, status=refusal.status) from refusal
    found.path, found.is_passed_on, found.is_printing = sent.path, True, sent.is_printing
    return sent


def _print(found, host, upload, *, by, may_start):
    """Start the run of a file once the printer prints it. Raises UploadUnfinished."""
    if host is None:
        raise found.unfinished(
            _(
                "Nothing can start here: no printer is behind this token that files are passed on "
                "to. Upload it without printing, or enter the printer's address."
            )
        )
    if reason := _why_not(found, by=by, may_start=may_start):
        raise _only_passed_on(found, host, upload, reason)
    try:
        with passing_on.starting(host, upload.size):
            # Another may have been started a moment ago.
            if reason := _why_not(found, by=by, may_start=may_start):
                raise _only_passed_on(found, host, upload, reason)
            _start(found, host, upload, by=by)
    except passing_on.PrintHostBusy as refusal:
        raise found.unfinished(refusal.detail) from refusal


def _start(found, host, upload, *, by):
    [run] = found.runs
    names = {"printer": host.printer, "run": run.number}
    look = _("Look at the printer: if it prints, start run %(run)s by hand.") % names
    sent = _pass_on(found, host, upload, besides=look)
    if not sent.is_printing:
        text = _("It is on %(printer)s, which does not print it: %(reason)s.")
        raise found.unfinished(text % {**names, "reason": sent.reason})
    try:
        found.runs = [lifecycle.start(run, by=by)]
    except Refusal as refusal:
        raise _not_started(found, names, refusal.detail) from refusal
    except CommitUnknown as error:
        logger.error("The start of run %s was perhaps not saved: %s", run.number, error)
        text = _("%(printer)s prints it, but run %(run)s was perhaps not started: %(reason)s.")
        text += " " + _("Look at the run, and start it by hand if it is not.")
        raise found.unfinished(text % {**names, "reason": OutcomeUnknown.title}) from error
    except (DatabaseError, InterfaceError) as error:
        logger.error("Run %s was not started: %s", run.number, error)
        raise _not_started(found, names, f"{Unavailable.title}.") from error


def _not_started(found, names, reason):
    """The refusal for a run that its printer prints."""
    text = _("%(printer)s prints it, but run %(run)s was not started: %(reason)s")
    text += " " + _("Start it by hand.")
    return found.unfinished(text % {**names, "reason": reason})


def _only_passed_on(found, host, upload, reason):
    """The refusal for a file that is passed on, and not to be printed for a reason of ours."""
    without = Upload(**{**vars(upload), "is_to_print": False})
    _pass_on(found, host, without, besides=reason)
    text = _("It is on %(printer)s and was not started: %(reason)s")
    return found.unfinished(text % {"printer": host.printer, "reason": reason})


def _why_not(found, *, by, may_start):
    """Why the run of a file can't be started now, or ""."""
    if not found.runs:
        return _("it is not planned yet.")
    if len(found.runs) > 1:
        return _("the file has several plates: print them one by one.")
    if not may_start:
        return _("the person of this token may not start runs.")
    [run] = found.runs
    if run.is_printing:
        return _("run %(run)s prints it already.") % {"run": run.number}
    try:
        in_dry_run(lambda: lifecycle.start(run, by=by))
    except Refusal as refusal:
        return refusal.detail
    return ""
