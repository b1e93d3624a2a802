"""OctoPrint: ``POST /api/files/local``.

https://docs.octoprint.org/en/main/api/files.html#upload-file-or-create-folder
"""

from django.utils.translation import gettext as _

from production.services.print_hosts.forms import post
from production.services.print_hosts.uploads import Sent

PATH = "/api/files/local"
KEYS = {"files", "done"}  # of its answer


def send(connection, upload):
    fields = {"print": "true" if upload.is_to_print else "false"}
    fields |= {"path": upload.folder} if upload.folder else {}
    data = post(connection, PATH, upload, fields).data
    if KEYS.isdisjoint(data):
        raise connection.not_understood()
    files = data.get("files")
    local = files.get("local") if isinstance(files, dict) else None
    path = local.get("path", local.get("name")) if isinstance(local, dict) else None
    path = path if isinstance(path, str) else upload.path
    # Before 1.4.1 it does not say so, and answers 409 where it can't print.
    if upload.is_to_print and data.get("effectivePrint", True) is not True:
        return Sent(path, reason=_("OctoPrint did not start it: its printer is not operational"))
    return Sent(path, upload.is_to_print)
