"""The addresses at which printers speak Spoolman's API, and the token that may be in their path.

The web server and its log use it too: there is no Django in here.
"""

import re
from urllib.parse import quote

# What Spoolman calls things, below /api/v1/. None of our own addresses begins with one of them.
NAMES = (
    *("article-number", "backup", "export", "external", "field", "filament", "health", "info"),
    *("location", "lot-number", "material", "search", "setting", "spool", "vendor"),
)
PATH = re.compile(rf"/api/v1/(?:{'|'.join(NAMES)})(?:/|$)|/metrics/?$")
OF_SLICERS = re.compile(r"/api/(?:version|files/local)/?$")  # in the language of OctoPrint
ROOT = "/api/v1/"  # ours, and that of a websocket
PREFIX, HIDDEN = "/d/", "/d/***"
TOKEN = "spoolbook.token"  # of the path, in the environment of a request  # nosec B105
SECRETS = re.compile(r"(/d/)[^\s/?#\"'\\]+|spb_[\w-]{16,}", re.ASCII)


class TokenInPath:
    """WSGI: ``/d/TOKEN/api/v1/spool`` is ``/api/v1/spool`` with a token in the environment.

    Nothing after it sees the token in an address, so no log and no trace does.
    """

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        move_token(environ)
        return self.application(environ, start_response)


def move_token(environ):
    """Move the token out of the path of a request, where there is one."""
    path = environ.get("PATH_INFO", "")
    if not path.startswith(PREFIX):
        return
    environ[TOKEN], _, rest = path.removeprefix(PREFIX).partition("/")
    environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + HIDDEN
    environ["PATH_INFO"] = f"/{rest.lstrip('/')}"
    address = quote(environ["SCRIPT_NAME"] + environ["PATH_INFO"], safe="/*:@", encoding="latin-1")
    if query := environ.get("QUERY_STRING"):
        address = f"{address}?{query}"
    environ |= {name: address for name in ("RAW_URI", "REQUEST_URI") if name in environ}


def is_for_printers(path, environ=()):
    """Whether a request is one in Spoolman's language: everything below /d/ is. ``path`` as it was
    sent, or without its token, which is in ``environ`` then."""
    if path == ROOT and environ and environ.get("HTTP_UPGRADE", "").lower() == "websocket":
        return True
    return TOKEN in environ or has_token(path) or bool(PATH.match(path))


def is_for_slicers(path):
    """Whether a request is in OctoPrint's language, as slicers use it to send a file."""
    return bool(OF_SLICERS.fullmatch(path))


def has_token(path):
    """Whether a path, as it was sent, has a token in it."""
    return path.startswith(PREFIX)


def without_tokens(text):
    """A text for a log without the tokens that are in it."""
    return SECRETS.sub(lambda found: f"{found[1]}***" if found[1] else "spb_***", text)
