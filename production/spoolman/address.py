"""One address: which methods it has, who may call them, and how they are answered."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from django.db import DatabaseError, InterfaceError
from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from production.spoolman import access, answers, rows
from production.spoolman.answers import InvalidShape, item
from production.spoolman.values import MAX_ID_DIGITS, NOT_WHOLE
from tenants.api import OPEN
from tenants.api.if_match import expected_versions
from tenants.operations.operation import in_transaction, source
from tenants.operations.versions import expecting
from tenants.web import idempotency, middleware, websockets
from tenants.web.bodies import receive_body
from tenants.web.failures import as_refusal

WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*", re.ASCII)
MAX_VALUES = 20_000  # of a body, lists and objects counted too
NOTHING = object()  # no body at all
WEBSOCKET = "inventory.view_spool"  # what it takes


class Operation(NamedTuple):
    """``answer`` takes a Call and returns data for JSON, or a response. ``permission`` is one, or
    OPEN. With ``in_own_transaction`` it commits by itself, where there is no Idempotency-Key."""

    answer: Callable
    permission: str
    in_own_transaction: bool = False


class Call:
    """A request of a client to an operation."""

    def __init__(self, request, client, parts):
        self.request, self.client, self.parts = request, client, parts

    @cached_property
    def query(self):
        """The parameters; of one that is given twice, the last."""
        return self.request.GET.dict()

    def number(self, name):
        """The id in the address. Raises InvalidShape, Failure where it is too long for one."""
        text = self.parts[name]
        if not WHOLE.fullmatch(text):
            raise InvalidShape([item("int_parsing", ["path", name], NOT_WHOLE, text)])
        if len(text) > MAX_ID_DIGITS:
            raise rows.not_found(name.removesuffix("_id"), text.strip())
        return int(text)

    @cached_property
    def body(self):
        """The body as JSON, whatever its type says; NOTHING without one. Raises InvalidShape."""
        raw = self.request.body
        if not raw.strip():
            return NOTHING
        count = raw.count(b",") + raw.count(b"[") + raw.count(b"{")
        if count > MAX_VALUES:
            raise _not_json("More values than anybody needs")
        try:
            return json.loads(raw.decode("utf-8-sig"), parse_float=Decimal)
        except (ValueError, ArithmeticError, RecursionError) as error:
            raise _not_json(getattr(error, "msg", "Not readable")) from error


class Address:
    """A view of Django: ``Address(get=Operation(...))``."""

    receives_body = True  # once the client is known
    csrf_exempt = True  # `access` requires the token of a session

    def __init__(self, *, observed_as="", topic=None, **operations):
        self.observed_as = observed_as  # what a GET is called: see tenants.web.reads
        self.topic = topic  # of a websocket: of a Call a tuple of texts
        self.operations = {method.upper(): each for method, each in operations.items()}

    def __call__(self, request, **parts):
        token = source.set("device")
        try:
            return self._answer(request, parts)
        except answers.Failure as failure:
            return answers.of_failure(failure, request)
        except InvalidShape as error:
            return answers.of_shape(error, request)
        except Exception as error:
            if (answer := _answer_to(error, request)) is None:
                raise
            return answer
        finally:
            source.reset(token)

    def _answer(self, request, parts):
        if websockets.is_handshake(request):
            return self._shake_hands(request, parts)
        operation = self.operations.get(request.method)
        if operation is None:
            return answers.of_method(self.operations, request)
        if request.method != "GET":
            access.refuse_foreign_page(request)
        client = None
        if operation.permission != OPEN:
            client = access.find(request)
            client.require(operation.permission)
        receive_body(request)
        return _carry_out(operation, Call(request, client, parts))

    def _shake_hands(self, request, parts):
        access.refuse_foreign_page(request)
        client = access.find(request)
        client.require(WEBSOCKET)
        topic = None
        if self.topic is not None:
            with suppress(answers.Failure, InvalidShape):
                topic = self.topic(Call(request, client, parts))
        if topic is None:
            raise answers.Failure(403, _("There is no websocket at this address."))
        return websockets.give_away(request, [topic])


class Unknown(Address):
    """All other paths: 404 for who is known here, so that nobody else learns which there are."""

    def _answer(self, request, parts):
        if websockets.is_handshake(request):
            return self._shake_hands(request, parts)
        access.find(request)
        return answers.of_route(404, request)


def _carry_out(operation, call):
    request = call.request

    def work():
        with expecting(expected_versions(request)):
            data = operation.answer(call)
        return data if isinstance(data, HttpResponseBase) else answers.as_json(data, request)

    key = request.headers.get("Idempotency-Key")
    if request.method == "GET" or (operation.in_own_transaction and key is None):
        return work()
    if key is None:
        return in_transaction(work)
    return idempotency.answer_once(request, key, work, user=call.client.user)


def _answer_to(error, request):
    """The answer to an error of Python, Django or the database; None for a bug."""
    if isinstance(error, (DatabaseError, InterfaceError)):
        answer = middleware.trouble_of_farm(request, error)
        if answer is not None:
            return answer
    refusal = as_refusal(error)
    return None if refusal is None else answers.of_refusal(refusal, request)


def _not_json(cause):
    found = item("json_invalid", ["body", 0], "JSON decode error", {}, error=cause)
    return InvalidShape([found])
