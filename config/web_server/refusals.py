"""What the web server answers itself: small, as problem+json, to printers as they read it, and the
connection ends."""

import json
from http import HTTPStatus
from urllib.parse import unquote

from gunicorn.http import errors

from tenants.web.printer_addresses import is_for_printers, is_for_slicers

RETRY_SECONDS = 5


class ServerRefusal(Exception):
    """A request that no thread is to see."""

    def __init__(self, status, code, detail, **numbers):
        super().__init__(detail)
        self.status, self.code, self.detail = HTTPStatus(status), code, detail
        self.numbers = numbers

    def to_bytes(self, request=None):
        """The whole answer to a request of gunicorn's, or to what is none; to HEAD without the
        body."""
        content_type, content = "application/problem+json", self._problem()
        if request is not None and is_for_printers(unquote(request.path)):
            content_type, content = "application/json", {"message": self.detail}
        elif request is not None and is_for_slicers(unquote(request.path)):
            content_type, content = "application/json", {"error": self.detail}
        body = json.dumps(content).encode()
        lines = [
            f"HTTP/1.1 {self.status:d} {self.status.phrase}",
            f"Content-Type: {content_type}",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            lines.append(f"Retry-After: {RETRY_SECONDS}")
        head = "\r\n".join([*lines, "", ""]).encode()
        return head if request is not None and request.method == "HEAD" else head + body

    def _problem(self):
        return {
            "type": f"/problems/{self.code}",
            "title": self.status.phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.numbers,
        }


LATE = ServerRefusal(
    408, "request_timeout", "The request did not arrive in time: send it again, as a whole."
)
LONG_HEAD = ServerRefusal(
    431,
    "head_too_large",
    "Address and headers have at most 64 kB, in at most 100 headers of 8 kB each.",
)
LONG_ADDRESS = ServerRefusal(414, "address_too_long", "The address has at most 4,000 characters.")
CODING = ServerRefusal(501, "unsupported_coding", "Send the body as it is, with Content-Length.")
EXPECTATION = ServerRefusal(
    417, "unknown_expectation", "Of expectations only 100-continue is known."
)
FAILED = ServerRefusal(500, "server_error", "The server failed; its log has the reason.")
BUSY = ServerRefusal(503, "server_busy", "Other requests of this farm come first: try again.")
FULL = ServerRefusal(503, "server_full", "The request can't be stored at the moment: try again.")
FILES_FULL = ServerRefusal(
    503, "files_full", "Other files of this farm are being received: try again in a moment."
)
CUT_OFF = ServerRefusal(400, "incomplete_body", "The body ended in the middle: send it again.")
BAD_CHUNKS = ServerRefusal(400, "unreadable", "The request can't be read: chunks of its body.")
OF_ERRORS = {
    errors.LimitRequestLine: LONG_ADDRESS,
    errors.LimitRequestHeaders: LONG_HEAD,
    errors.UnsupportedTransferCoding: CODING,
    errors.ExpectationFailed: EXPECTATION,
    errors.ConfigurationProblem: FAILED,
    errors.InvalidResponseHeader: FAILED,
    errors.InvalidResponseHeaderName: FAILED,
}


def of_error(error):
    """The refusal for what gunicorn's parser raised; any other error is the server's own."""
    if type(error) in OF_ERRORS:
        return OF_ERRORS[type(error)]
    if not isinstance(error, errors.ParseException):
        return FAILED
    kind = str(error).partition(":")[0]  # without what came in
    return ServerRefusal(400, "unreadable", f"The request can't be read: {kind}.")


def too_large(limit):
    """The refusal of a body that turns out too long while it comes."""
    detail = f"A body has at most {limit} bytes: send less at once."
    return ServerRefusal(413, "too_large", detail, limit_bytes=limit)
