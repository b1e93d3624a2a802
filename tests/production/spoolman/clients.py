"""Programs that speak Spoolman to a farm, as they do: with a token in the path, or in a header."""

import json

from tenants.accounts import scopes
from tenants.web.printer_addresses import move_token
from tests.conftest import FarmClient
from tests.factories import make_token, make_user

NO_BODY = object()


class Printer(FarmClient):
    """``Printer(secret).get("spool/7")`` asks for /d/SECRET/api/v1/spool/7."""

    def __init__(self, secret=None, *, host="alpha.localhost", **defaults):
        super().__init__(host=host, **defaults)
        self.base = "/api/v1/" if secret is None else f"/d/{secret}/api/v1/"
        self.raise_request_exception = False
        answer = self.handler

        def handler(environ):  # as config.wsgi has it
            move_token(environ)
            return answer(environ)

        self.handler = handler

    def ask(self, method, path, body=NO_BODY, *, content_type="application/json", **more):
        """Send a body as JSON, bytes as they are."""
        raw = b"" if body is NO_BODY else body
        raw = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
        address = path if path.startswith("/") else self.base + path
        return self.generic(method, address, raw, content_type, **more)

    def get(self, path, query=None, **more):
        address = path if path.startswith("/") else self.base + path
        return super().get(address, query or {}, **more)

    def post(self, path, body=NO_BODY, **more):
        return self.ask("POST", path, body, **more)

    def put(self, path, body=NO_BODY, **more):
        return self.ask("PUT", path, body, **more)

    def patch(self, path, body=NO_BODY, **more):
        return self.ask("PATCH", path, body, **more)

    def delete(self, path, **more):
        return self.ask("DELETE", path, **more)


def a_printer_client(user=None, *, scope=scopes.PRINTER, **fields):
    """A program with a token of a user, in the path."""
    return Printer(make_token(user or make_user(), scope=scope, **fields))


def ok(answer):
    """The data of an answer with status 200."""
    assert answer.status_code == 200, answer.content
    return answer.json()


def message(answer, status):
    """The message of a refusal by rule."""
    assert answer.status_code == status, answer.content
    assert answer.json().keys() == {"message"}
    return answer.json()["message"]


def items(answer):
    """``[(type, loc, msg)]`` of a refusal by shape."""
    assert answer.status_code == 422, answer.content
    return [(each["type"], each["loc"], each["msg"]) for each in answer.json()["detail"]]
