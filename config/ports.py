"""Check the web server's port before anything is started."""

import argparse
import errno
import socket
import time
from collections.abc import Callable

WAIT_SECONDS = 10


class PortError(Exception):
    """The web server can't listen on the address; the message is for the person at the terminal."""


def check(host: str, port: int, *, report: Callable[[str], None]) -> None:
    """Raise PortError, with advice, when the web server could not listen on the address."""
    started = time.monotonic()
    is_reported = False
    while problem := _problem(host, port):
        waited = time.monotonic() - started
        # Only a web server whose supervisor has just been killed is worth waiting for.
        if problem.errno != errno.EADDRINUSE or waited > WAIT_SECONDS:
            raise PortError(_advice(host, port, problem))
        if waited > 1 and not is_reported:
            report(f"Port {port} is in use; perhaps an earlier Spoolbook is just ending ...")
            is_reported = True
        time.sleep(0.2)


def _problem(host: str, port: int) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=1)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None


def _advice(host: str, port: int, problem: OSError) -> str:
    if problem.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is in use by another program, perhaps by an earlier Spoolbook. Stop that "
            f"one (`lsof -i :{port}` shows it), or take another port: make run PORT={port + 1}"
        )
    if problem.errno == errno.EACCES:
        return f"Port {port} is reserved for the system: take one above 1024, make run PORT=8000"
    return f"The web server can't listen on {host}: {problem.strerror}. Try HOST=127.0.0.1"


def number(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 1 to 65535")
    return int(text)
