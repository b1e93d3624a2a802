"""The largest body of a request, for the web server and for the application.

The web server checks it before it receives a body: there is no Django in here.
"""

import re

from tenants.web.printer_addresses import has_token

UNKNOWN_BYTES = 16_384  # of a body without credentials
CREDENTIALS = ("Authorization", "Cookie", "X-Api-Key")  # headers
OF_UNKNOWN = re.compile(r"/api/v1/tokens/|/(accounts|admin)/login/|/floor/who/")
OF_FILES = re.compile(  # that a slicer has made; the second is the address of its own button
    r"/api/v1/sliced-files/|(/d/[^/]+)?/api/files/local/?"
    r"|/floor/sliced-files/|/admin/production/slicedfile/add/"
)
OF_PHOTOS = re.compile(  # as phones take them: they are encoded anew, and then much smaller
    r"/api/v1/(products/[0-9]+/photo|production-runs/[0-9]+/photos)/"
    r"|/floor/runs/[0-9]+/(fail|photo)/|/admin/production/product/[0-9]+/photo/"
)
PHOTO_BYTES = 16_777_216
# In the environment of WSGI: the application read a body that the web server has not received.
AWAITS_BODY = "spoolbook.awaits_body"
WITHOUT_BODY = {"GET", "HEAD", "OPTIONS", "TRACE"}  # they need none


class BodyAwaited(BaseException):
    """A body is read that the web server receives only now that it is asked for: the request is
    served again with it. No Exception, so that nothing on the way answers it."""


def max_body_bytes(method, path, *, is_known, limit, file_limit):
    """The largest body of a request, of at most ``limit``: small without credentials
    (``is_known``, or a token in the path), and where one signs in; ``file_limit`` where it takes
    files, and something between where it takes a photo."""
    is_known = is_known or has_token(path)
    if not is_known or method in WITHOUT_BODY or OF_UNKNOWN.fullmatch(path):
        return min(UNKNOWN_BYTES, limit)
    if takes_photo(method, path):
        return min(max(limit, PHOTO_BYTES), file_limit)
    return file_limit if takes_files(method, path) else limit


def takes_files(method, path):
    """Whether a request brings sliced files, which are longer than anything else."""
    return method == "POST" and bool(OF_FILES.fullmatch(path))


def takes_photo(method, path):
    """Whether a request may bring a photo as a phone takes it."""
    return method == "POST" and bool(OF_PHOTOS.fullmatch(path))
