"""Files that a request brings: one as its body, or several as parts of a form.

They are read where the body lies, and hashed as they are read: nothing is copied, and no more than
a chunk is in memory.
"""

import hashlib

from django.utils.translation import gettext as _

from tenants.web import file_forms
from tenants.web.incoming_files import (
    CHUNK_BYTES,
    FIELD,
    IncomingFile,
    NoFile,
    clean_name,
    file_name,
)

MULTIPART = "multipart/form-data"
HOW = "curl --data-binary @part.gcode -H 'Content-Disposition: attachment; filename=\"part.gcode\"'"


def of_request(request, *, name=""):
    """The IncomingFiles of a request that came through the middleware, one at least; read once.
    ``name`` is that of a body without one, where it needs none.

    Raises NoFile, UnreadableForm, IncompleteBody, BodyNotStored.
    """
    if not hasattr(request, "brought_files"):
        is_form = is_a_form(request)
        brought = form_of(request)[1].getlist(FIELD) if is_form else [_whole_body(request, name)]
        request.brought_files = brought
    if not request.brought_files:
        raise NoFile(_("Choose a file: a form sends it as the field %(name)s.") % {"name": FIELD})
    return request.brought_files


def is_a_form(request):
    """Whether it is a form in parts, as one with files."""
    return request.content_type == MULTIPART


def form_of(request):
    """``(fields, files)`` of a form with files, read once. Raises as ``of_request``."""
    if not hasattr(request, "brought_form"):
        request.brought_form = file_forms.read(request)
    return request.brought_form


def fingerprint(request):
    """What stands for the body of a request whose files, or form with files, were read; None for
    any other."""
    if hasattr(request, "brought_form"):
        fields, brought = request.brought_form[0].lists(), request.brought_form[1].getlist(FIELD)
    elif brought := getattr(request, "brought_files", None):
        fields = ()
    else:
        return None
    given = [repr((name, *values)) for name, values in fields if name != "csrfmiddlewaretoken"]
    return "\n".join([*given, *(f"{each.sha256} {each.name}" for each in brought)]).encode()


def _whole_body(request, name):
    given = request.headers.get("Content-Disposition", "")
    name = file_name(given) or name
    if not name or not clean_name(name):
        raise NoFile(_("The name of the file is missing. Send it as %(how)s.") % {"how": HOW})
    body, digest, size = request.incoming_body.stored(), hashlib.sha256(), 0
    chunk = memoryview(bytearray(CHUNK_BYTES))
    while count := body.readinto(chunk):
        digest.update(chunk[:count])
        size += count
    if not size:
        raise NoFile(_("The body is empty. Send it as %(how)s.") % {"how": HOW})
    kind, sha256 = request.content_type or "", digest.hexdigest()
    return IncomingFile(body, 0, size, name=name, content_type=kind, sha256=sha256)
