"""Websockets: a worker checks the handshake as any request, and gives the connection away.

It goes to the process that holds all websockets (`config.sockets`), over a socket in a folder that
only this user can open. The worker sends the descriptor, waits until the process has made ready,
lets go of the connection, and says so, with the bytes that came after the head.
"""

import json
import os
import socket
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _

from tenants.operations.refusals import Unavailable

NAME = "websockets"  # of the socket in the folder
SECONDS = 5
TAKEN, GO = b"1", b"1"
ONE_IS_FULL, FARM_IS_FULL = b"2", b"3"
MAX_OF_ONE, MAX_OF_FARM = 50, 1000  # websockets of a token or a session, and of a farm
MAX_PATH = 100  # bytes of an address of a Unix socket
HEAD = ("Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version")
RETRY_SECONDS = 2
FULL_SECONDS = 30  # until one that is full asks again


class NoLiveEvents(Unavailable):
    """The process that holds the websockets is not there, or can't take this one."""

    code = "no_live_events"
    title = "There are no live events at the moment"


class TooManyWebsockets(NoLiveEvents):
    """The token, the session or the farm has as many as it may have."""

    code = "too_many_websockets"
    status = HTTPStatus.TOO_MANY_REQUESTS
    title = "There are too many websockets"


def is_handshake(request):
    return request.method == "GET" and request.headers.get("Upgrade", "").lower() == "websocket"


def are_offered():
    """Whether there is a process to give them to, or was one."""
    return (settings.SOCKETS / NAME).exists()


def give_away(request, topics, *, is_bare=False):
    """Give the connection of a handshake away; whoever sent it gets what is told of the topics, as
    tuples of texts. What is bare is told without its content. Returns a response that nobody gets.
    Raises NoLiveEvents, TooManyWebsockets.
    """
    about = {
        "farm": request.tenant.pk,
        "topics": topics,
        "is_bare": is_bare,
        "head": _head(request),
        **_identity(request),
    }
    try:
        with connected(settings.SOCKETS) as there:
            take_over, descriptor = _connection_of(request)
            socket.send_fds(there, [json.dumps(about).encode()], [descriptor])
            answer = there.recv(1)
            _refuse_if_full(answer, about)
            if answer != TAKEN:
                raise OSError("It was not taken.")
            ours, surplus = take_over()
            with ours:
                there.sendall(GO + surplus)
    except OSError as error:
        message = _("Live events are not told at the moment: try again. All else works.")
        raise NoLiveEvents(message, retry_after_seconds=RETRY_SECONDS) from error
    return HttpResponse(status=HTTPStatus.SWITCHING_PROTOCOLS)


def _refuse_if_full(answer, about):
    if answer == FARM_IS_FULL:
        limit, text = MAX_OF_FARM, _("This farm has %(limit)d websockets open, as many as it may.")
    elif answer == ONE_IS_FULL and "token" in about:
        limit = MAX_OF_ONE
        text = _("The token %(name)s has %(limit)d websockets open, as many as it may.")
    elif answer == ONE_IS_FULL:
        limit = MAX_OF_ONE
        text = _("This sign-in has %(limit)d websockets open, as many as it may: close some pages.")
    else:
        return
    text %= {"limit": limit, "name": about["name"]}
    raise TooManyWebsockets(text, limit=limit, retry_after_seconds=FULL_SECONDS)


@contextmanager
def connected(folder):
    """A connection to the process."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as there:
        there.settimeout(SECONDS)
        with address_in(folder) as address:
            there.connect(address)
        yield there


@contextmanager
def address_in(folder):
    """The address of the socket in the folder, which may be longer than such addresses are."""
    path = Path(folder) / NAME
    if len(os.fsencode(path)) <= MAX_PATH:
        yield str(path)
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{opened}/{NAME}"
    finally:
        os.close(opened)


def _connection_of(request):
    """How to take the connection over, and its descriptor. Raises OSError."""
    take_over = request.environ.get("spoolbook.take_over")
    if take_over is None:  # another web server
        raise OSError("The web server gives no connections away.")
    return take_over, request.environ["gunicorn.socket"].fileno()


def _head(request):
    """Of the handshake, for the process: the address in it is nobody's."""
    lines = [f"{name}: {request.headers.get(name, '')}" for name in HEAD]
    return "\r\n".join(["GET / HTTP/1.1", *lines, "", ""])


def _identity(request):
    """Whose it is: it is closed with the token, or with the session."""
    user = request.user
    token = getattr(user, "token", None)
    if token is not None:
        return {"token": token.pk, "name": token.name}
    return {
        "user": user.pk,
        "name": user.get_username(),
        "session": request.session.session_key,
        "mark": user.get_session_auth_hash(),
    }
