"""PrusaLink: ``PUT /api/v1/files/{storage}/{path}``, with its key or with HTTP digest.

https://github.com/prusa3d/Prusa-Link-Web/blob/master/spec/openapi.yaml
"""

from urllib.parse import quote

from django.utils.translation import gettext as _

from production.services.print_hosts.digest import Digest
from production.services.print_hosts.uploads import Sent

STORAGE, FILES = "/api/v1/storage", "/api/v1/files"
DEFAULT = "/local"


def send(connection, upload):
    digest = Digest(connection.host) if connection.host.username else None
    path = f"{FILES}{_storage(connection, digest)}/{quote(upload.path)}"
    headers = {"Content-Type": "text/x.gcode", "Overwrite": "?1"}
    headers |= {"Print-After-Upload": "?1"} if upload.is_to_print else {}  # any value is "yes"
    answer = _answered(connection, digest, "PUT", path, headers, upload)
    if not 200 <= answer.status < 300:
        raise connection.refused(answer)
    if answer.headers.get_content_type() == "text/html":
        raise connection.not_understood()
    return Sent(upload.path, upload.is_to_print)


def _storage(connection, digest):
    """Where files may be written, as "/usb". Raises NotPassedOn."""
    answer = _answered(connection, digest, "GET", STORAGE, {})
    if answer.status == 404:  # before 0.7
        return DEFAULT
    if answer.status != 200:
        raise connection.refused(answer)
    found = answer.data.get("storage_list")
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    for row in rows:
        path = row.get("path")
        if isinstance(path, str) and path.strip("/") and _is_writable(row):
            return f"/{quote(path.strip('/'))}"
    if rows:
        reason = _("it has no storage that can be written to and is not full")
        raise connection.failed(reason, status=507)
    return DEFAULT


def _is_writable(row):
    is_fixed = row.get("read_only", row.get("ro", False))
    free = row.get("free_space")
    has_space = not isinstance(free, int) or free > 0
    return row.get("available", True) is True and is_fixed is not True and has_space


def _answered(connection, digest, method, path, headers, upload=None):
    """The answer; to a challenge the request is sent once more, with all of its body."""
    for _attempt in range(2):
        body = {"chunks": upload.chunks(), "length": upload.size} if upload else {}
        signed = headers | _credentials(connection, digest, method, path)
        answer = connection.ask(method, path, signed, **body)
        if answer.status != 401 or digest is None or not digest.take(answer.headers):
            break
    return answer


def _credentials(connection, digest, method, path):
    if digest is not None:
        return digest.headers(method, connection.full_path(path))
    secret = connection.host.secret
    return {"X-Api-Key": secret} if secret else {}
