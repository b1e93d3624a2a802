"""What the web server answers itself: small, as problem+json, and the connection ends."""

import json
from http import HTTPStatus

RETRY_SECONDS = 5


class ServerRefusal(Exception):
    """A request that no thread is to see."""

    def __init__(self, status, code, detail):
        super().__init__(detail)
        self.status, self.code, self.detail = HTTPStatus(status), code, detail

    def to_bytes(self):
        """The whole answer."""
        problem = {
            "type": f"/problems/{self.code}",
            "title": self.status.phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        body = json.dumps(problem).encode()
        lines = [
            f"HTTP/1.1 {self.status:d} {self.status.phrase}",
            "Content-Type: application/problem+json",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            lines.append(f"Retry-After: {RETRY_SECONDS}")
        return "\r\n".join([*lines, "", ""]).encode() + body


LATE = ServerRefusal(
    408, "request_timeout", "The request did not arrive in time: send it again, as a whole."
)
LONG_HEAD = ServerRefusal(431, "head_too_large", "Address and headers have at most 64 kB.")
BUSY = ServerRefusal(503, "server_busy", "Other requests of this farm come first: try again.")
FULL = ServerRefusal(503, "server_full", "The request can't be stored at the moment: try again.")
