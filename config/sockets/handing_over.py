"""Connections that web workers give away: see `tenants.web.websockets`."""

import asyncio
import json
import os
import socket
from contextlib import suppress

from tenants.web.websockets import GO, TAKEN, address_in

BACKLOG = 128
SECONDS = 5  # for a worker to say that it has let go
MAX_BYTES = 131_072  # of what it says


class NotTaken(Exception):
    """A websocket can't be had; ``answer`` tells the worker why, if it is known."""

    def __init__(self, answer=b""):
        super().__init__(answer)
        self.answer = answer


def listen(folder):
    """The socket that workers connect to, in a folder for this user alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with address_in(folder) as address:
        with suppress(FileNotFoundError):
            os.unlink(address)
        listener.bind(address)
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


async def accept(listener, take, start):
    """Take connections as long as they come: ``take(about)`` makes ready and returns the protocol
    of one, or raises NotTaken; ``start`` begins a task."""
    loop = asyncio.get_running_loop()
    while True:
        worker, _address = await loop.sock_accept(listener)
        start(_from_worker(worker, take))


async def _from_worker(worker, take):
    """One connection, from one worker."""
    loop = asyncio.get_running_loop()
    with worker:
        worker.setblocking(False)
        with suppress(OSError, ValueError, asyncio.TimeoutError):
            message, descriptors = await _receive(worker, 1)
            if len(descriptors) != 1:
                return
            with socket.socket(fileno=descriptors[0]) as client:
                client.setblocking(False)
                try:
                    protocol = await take(json.loads(message))
                except NotTaken as reason:
                    await loop.sock_sendall(worker, reason.answer)
                    return
                try:
                    await loop.sock_sendall(worker, TAKEN)
                    message, _none = await asyncio.wait_for(_receive(worker, 0), SECONDS)
                    if not message.startswith(GO):
                        raise OSError("The worker has not let go.")
                    await loop.connect_accepted_socket(lambda: protocol, client.dup())
                except BaseException:
                    protocol.connection_lost(None)
                    raise
                if surplus := message[len(GO) :]:
                    protocol.data_received(surplus)


async def _receive(worker, count):
    """A message, with at most ``count`` descriptors."""
    loop = asyncio.get_running_loop()
    is_ready = loop.create_future()
    loop.add_reader(worker, lambda: is_ready.done() or is_ready.set_result(None))
    try:
        await is_ready
    finally:
        loop.remove_reader(worker)
    message, descriptors, _flags, _address = socket.recv_fds(worker, MAX_BYTES, count)
    return message, descriptors
