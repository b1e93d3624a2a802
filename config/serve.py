"""Serve Spoolbook with its database until Ctrl-C: python -m config.serve [--port 8000] [--host ...]

What `make run` runs: it prepares the database and the demo farm, then starts gunicorn. DATABASE_URL
names a PostgreSQL server; without it the embedded one runs meanwhile, on the data folder
SPOOLBOOK_DATA (.data).
"""

import argparse
import fcntl
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from django.core.exceptions import ImproperlyConfigured

from config import ports
from config.database import embedded, from_url
from config.env import load_secret_key

ROOT = Path(__file__).resolve().parent.parent
STEPS = [("Migrating the database", "prepare"), ("Preparing the demo farm", "demo")]
START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 25
CHECK_INTERVAL_SECONDS = 3
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
READY = """
Spoolbook is ready. The demo farm: http://demo.localhost:{port}/
                    The public site: http://localhost:{port}/
Ctrl-C stops it; the data stays."""


class CannotServeError(Exception):
    """Spoolbook can't be served; the message is for the person at the terminal."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = 128 - code if code < 0 else code or 1  # as a shell shows signals


ERRORS = (CannotServeError, ports.PortError, embedded.EmbeddedPostgresError, ImproperlyConfigured)


class StopServing(BaseException):
    """A signal asks this process to end."""


def main() -> int:
    """Serve until a signal arrives or the web server ends; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m config.serve", description="Run Spoolbook.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=ports.number, default=8000)
    options = parser.parse_args()
    for number in SIGNALS:
        signal.signal(number, _stop)
    try:
        with suppress(StopServing):
            serve(options.host, options.port)
    except ERRORS as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return getattr(error, "code", 1)
    return 0


def _stop(_number: int, _frame: object) -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise StopServing


def serve(host: str, port: int) -> None:
    """Prepare and run everything; raises CannotServeError when the web server ends."""
    ports.check(host, port, report=report)
    with database() as url:
        environment = {
            "SPOOLBOOK_DEBUG": "0",
            "SPOOLBOOK_HTTPS": "0",
            "SPOOLBOOK_SECRET_KEY": load_secret_key(data_folder()),
            **os.environ,
            "DATABASE_URL": url,
            "PORT": str(port),
            "SPOOLBOOK_SUPERVISOR": str(os.getpid()),
        }
        with preparation_lock():
            for title, command in STEPS:
                run_step(title, command, environment)
        run_gunicorn(host, port, environment)


def data_folder() -> Path:
    return (ROOT / os.environ.get("SPOOLBOOK_DATA", ".data")).resolve()


@contextmanager
def database() -> Iterator[str]:
    """The URL of a database that answers; the embedded server runs for as long."""
    if url := os.environ.get("DATABASE_URL"):
        check_database(url)
        yield url
        return
    data = data_folder()
    report(f"Starting PostgreSQL in {data} ...")
    try:
        yield embedded.url(data)
    finally:
        if embedded.release(data):
            report("PostgreSQL has stopped.")


def check_database(url: str) -> None:
    try:
        settings = from_url(url)
        names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
        parameters = {name: settings[key] for name, key in names.items()}
        parameters |= {"dbname": settings["NAME"], "connect_timeout": 10} | settings["OPTIONS"]
        psycopg.connect(**parameters).close()
    except ImproperlyConfigured as error:
        raise CannotServeError(f"{error}.") from error
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        message = f"The database of DATABASE_URL can't be reached: {reason}"
        raise CannotServeError(message) from error


@contextmanager
def preparation_lock() -> Iterator[None]:
    """Two instances on one data folder prepare it one after the other."""
    if os.environ.get("DATABASE_URL"):
        yield
        return
    # The folder itself: a file would have to belong to the right user, should root make it.
    lock = os.open(data_folder(), os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def run_step(title: str, command: str, environment: dict[str, str]) -> None:
    report(f"{title} ...")
    with child([sys.executable, "manage.py", command], environment) as step:
        code = step.wait()
    if code:
        raise CannotServeError(f"{title} failed (exit code {code}): see above.", code)


def run_gunicorn(host: str, port: int, environment: dict[str, str]) -> None:
    report("Starting the web server ...")
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    words = ["--config", "config/gunicorn.conf.py", "--bind", bind, "--log-level", "warning"]
    command = [sys.executable, "-m", "gunicorn", *words, "config.wsgi:application"]
    with child(command, environment) as server:
        if answers(server, host, port):
            report(READY.format(port=port))
            if not host.startswith("127."):
                report(f"Listening on {host}.")
        while True:
            with suppress(subprocess.TimeoutExpired):
                code = server.wait(CHECK_INTERVAL_SECONDS)
                break
            keep_database_running(environment["DATABASE_URL"])
    raise CannotServeError(f"The web server has ended (exit code {code}).", code)


def keep_database_running(url: str) -> None:
    """Start the embedded server again if it has died, as of a full disk.

    If it does not start, this reports why, and the next call tries again. Raises CannotServeError
    when its URL is another one.
    """
    if os.environ.get("DATABASE_URL"):
        return
    was_running = embedded.is_running(data_folder())
    if not was_running:
        report("PostgreSQL has ended; starting it again ...")
    try:
        if embedded.url(data_folder()) != url:
            raise CannotServeError("The database is another one now: start Spoolbook again.")
        if not was_running:
            report("PostgreSQL runs again.")
    except embedded.EmbeddedPostgresError as error:
        report(str(error))


def answers(server: subprocess.Popen, host: str, port: int) -> bool:
    """Wait until the web server answers a request, with any status; False if it ends instead."""
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(address, port, timeout=5)
            connection.request("GET", "/healthz", headers={"Connection": "close"})
            connection.getresponse().read()
            return True
        time.sleep(0.1)
    return False


@contextmanager
def child(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen]:
    """A process that does not outlive the block."""
    # In a session of its own, Ctrl-C reaches it through us and not a second time.
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            report("\nStopping ...")
            # A second Ctrl-C does not wait for requests that are being served.
            signal.signal(signal.SIGINT, lambda *_: process.kill())
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def report(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
