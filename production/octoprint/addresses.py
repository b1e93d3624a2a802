"""``GET /api/version`` and ``POST /api/files/local``, for a token of the kind slicer."""

import re

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import JsonResponse
from django.utils.translation import gettext as _

from production.octoprint import answers
from production.services.sliced_files import uploading
from production.spoolman import access
from production.spoolman.answers import Failure
from tenants.accounts.models import DeviceToken
from tenants.operations.operation import source
from tenants.operations.refusals import Invalid
from tenants.web import files, middleware
from tenants.web.bodies import receive_body
from tenants.web.failures import as_refusal

ADD, START = "production.add_slicedfile", "production.start_productionrun"
API_VERSION = "0.1"  # OctoPrint's
TRUE = {"true", "yes", "y", "1"}
MAX_FOLDER = 200
MAX_PLATE = 9999


class InvalidUpload(Invalid):
    code = "invalid_upload"
    title = "This upload can't be read"


class SlicerAddress:
    """A view of Django, for one method."""

    receives_body = True  # once the client is known
    csrf_exempt = True  # a session is not let in

    def __init__(self, method, answer, permission):
        self._method, self._work, self._permission = method, answer, permission

    def __call__(self, request):
        token = source.set("device")
        try:
            return self._answer(request)
        except Failure as failure:
            # OctoPrint has 403 for a key that it does not know, too.
            status = 403 if failure.status == 401 else failure.status
            return answers.refused(request, status, failure.message)
        except Exception as error:
            if (answer := _answer_to(error, request)) is None:
                raise
            return answer
        finally:
            source.reset(token)

    def _answer(self, request):
        if request.method != self._method:
            text = _("This address takes %(method)s.") % {"method": self._method}
            return answers.refused(request, 405, text, {"Allow": self._method})
        client = _client(request)
        client.require(self._permission)
        receive_body(request)
        return self._work(request, client)


def version(request, client):
    """By its ``text`` slicers know what they speak to."""
    return JsonResponse(
        {
            "api": API_VERSION,
            "server": settings.VERSION,
            "text": f"OctoPrint (Spoolbook {settings.VERSION})",
        }
    )


def upload(request, client):
    if request.content_type != files.MULTIPART:
        raise InvalidUpload(_("Send the file as a form, multipart/form-data."))
    brought = files.of_request(request)
    fields = files.form_of(request)[0]
    if len(brought) > 1:
        raise InvalidUpload(_("Send one file at once."))
    found = uploading.take(
        brought[0],
        printer=client.token.printer,
        by=client.user,
        folder=_folder(fields.get("path", "")),
        plate=_plate(fields.get("plateindex", "")),
        is_to_print=fields.get("print", "").strip().lower() in TRUE,
        may_start=START in client.rights,
    )
    return answers.taken(request, found)


def _client(request):
    """Raises Failure, TooMany."""
    if access.secret_of(request) is None:
        text = _("Enter the token as the API key: it is made on the printer's page, for a slicer.")
        raise Failure(403, text)
    client = access.find(request)
    if client.token.kind != DeviceToken.Kind.SLICER:
        kind = client.token.get_kind_display() or _("none")
        text = _("This takes a token of the kind Slicer; the kind of this one is %(kind)s.")
        raise Failure(403, text % {"kind": kind})
    return client


def _folder(path):
    """A folder below that for files. Raises InvalidUpload."""
    steps = [step.strip() for step in re.split(r"[/\\]+", path)]
    steps = [step for step in steps if step not in ("", ".")]
    folder = "/".join(steps)
    if ".." in steps or not folder.isprintable() or len(folder) > MAX_FOLDER:
        raise InvalidUpload(_("The path of the file is none: folders, with / between them."))
    return folder


def _plate(given):
    """The plate that OrcaSlicer names, from 1, or None. Raises InvalidUpload."""
    if not given.strip():
        return None
    if not re.fullmatch(r"[0-9]{1,4}", given.strip(), re.ASCII) or int(given) == 0:
        text = _("The plate (plateindex) is a number from 1 to %(most)s.")
        raise InvalidUpload(text % {"most": MAX_PLATE})
    return int(given)


def _answer_to(error, request):
    """The answer to an error of Python, Django or the database; None for a bug."""
    if isinstance(error, (DatabaseError, InterfaceError)):
        answer = middleware.trouble_of_farm(request, error)
        if answer is not None:
            return answer
    refusal = as_refusal(error)
    return None if refusal is None else answers.of_refusal(request, refusal)


VERSION = SlicerAddress("GET", version, ADD)
FILES = SlicerAddress("POST", upload, ADD)
