"""Moonraker: ``POST /server/files/upload``.

https://moonraker.readthedocs.io/en/latest/external_api/file_manager/#file-upload
"""

from django.utils.translation import gettext as _

from production.services.print_hosts.forms import post
from production.services.print_hosts.uploads import Sent

PATH = "/server/files/upload"
KEYS = {"item", "print_started"}  # of its answer


def send(connection, upload):
    fields = {"root": "gcodes", "print": "true" if upload.is_to_print else "false"}
    fields |= {"path": upload.folder} if upload.folder else {}
    fields |= {"checksum": upload.sha256} if upload.sha256 else {}
    data = post(connection, PATH, upload, fields).data
    data = data.get("result", data)
    if not isinstance(data, dict) or KEYS.isdisjoint(data):
        raise connection.not_understood()
    item = data.get("item")
    path = item.get("path") if isinstance(item, dict) else None
    path = path if isinstance(path, str) else upload.path
    if not upload.is_to_print or data.get("print_started") is True:
        return Sent(path, upload.is_to_print)
    if data.get("print_queued") is True:
        return Sent(path, reason=_("Moonraker has put it into its own queue"))
    return Sent(path, reason=_("Klipper did not start it: it is not ready, or prints"))
