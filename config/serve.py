"""What `make run` runs: the database, its schemas, the demo farm, then the web server.

python -m config.serve [--port 8000] [--host 127.0.0.1]

In the foreground, until Ctrl-C. DATABASE_URL names a PostgreSQL server; without it the embedded
one runs for as long as this does, on the data folder SPOOLBOOK_DATA (.data).
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
from config.env import saved_secret_key

ROOT = Path(__file__).resolve().parent.parent
DEMO_FARM = "demo"
# What has to be done before anybody can be served; each step can be repeated.
STEPS = [
    ("Bringing the database up to date", ["manage.py", "prepare"]),
    ("Looking after the demo farm", ["manage.py", "demo"]),
]
START_PATIENCE_SECONDS = 60
STOP_PATIENCE_SECONDS = 25
LOOK_EVERY_SECONDS = 3


class CannotServeError(Exception):
    """Spoolbook can't be served; the message is for the person at the terminal."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


class StopServing(BaseException):
    """Somebody pressed Ctrl-C, or the system asks us to end."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; the exit code."""
    options = _parser().parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        with suppress(StopServing):
            serve(options.host, options.port)
    except (
        CannotServeError,
        ports.PortError,
        embedded.EmbeddedPostgresError,
        ImproperlyConfigured,
    ) as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return getattr(error, "code", 1)
    return 0


def serve(host: str, port: int) -> None:
    """Run everything until told to stop; raises CannotServeError when the web server ends."""
    ports.check(host, port, said=say)
    with database() as url:
        environment = environment_of(url, port)
        with one_at_a_time():
            for title, words in STEPS:
                run_step(title, words, environment)
        run_gunicorn(host, port, environment)


def environment_of(url: str, port: int) -> dict[str, str]:
    """What the programs we start are told; what the user has set goes before our defaults."""
    defaults = {
        "SPOOLBOOK_DEBUG": "0",
        "SPOOLBOOK_HTTPS": "0",
        "SPOOLBOOK_SECRET_KEY": saved_secret_key(data_folder()),
    }
    ours = {"DATABASE_URL": url, "PORT": str(port), "SPOOLBOOK_SUPERVISOR": str(os.getpid())}
    return defaults | os.environ | ours


@contextmanager
def database() -> Iterator[str]:
    """The address of a database that answers; the embedded one runs for as long."""
    if url := os.environ.get("DATABASE_URL"):
        check_database(url)
        yield url
        return
    data = data_folder()
    say(f"Starting PostgreSQL in {data} ...")
    try:
        yield embedded.url(data)
    finally:
        if embedded.release(data):
            say("PostgreSQL has stopped.")


def check_database(url: str) -> None:
    """Refuse, in a sentence, a DATABASE_URL that leads nowhere."""
    try:
        place = from_url(url)
        psycopg.connect(
            host=place["HOST"],
            port=place["PORT"],
            user=place["USER"],
            password=place["PASSWORD"],
            dbname=place["NAME"],
            **{"connect_timeout": 10, **place["OPTIONS"]},
        ).close()
    except ImproperlyConfigured as error:
        raise CannotServeError(f"{error}.") from error
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise CannotServeError(
            f"The database of DATABASE_URL can't be reached: {reason}"
        ) from error


@contextmanager
def one_at_a_time() -> Iterator[None]:
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


def data_folder() -> Path:
    """The data folder of the embedded server."""
    return (ROOT / os.environ.get("SPOOLBOOK_DATA", ".data")).resolve()


def run_step(title: str, words: list[str], environment: dict[str, str]) -> None:
    """Run one command of manage.py to its end."""
    say(f"{title} ...")
    with child([sys.executable, *words], environment) as step:
        code = step.wait()
    if code:
        raise CannotServeError(f"{title} failed (exit code {code}): see above.", _exit_code(code))


def run_gunicorn(host: str, port: int, environment: dict[str, str]) -> None:
    """Serve until the web server ends or we are told to stop."""
    say("Starting the web server ...")
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    words = ["--config", "config/gunicorn.conf.py", "--bind", bind, "--log-level", "warning"]
    command = [sys.executable, "-m", "gunicorn", *words, "config.wsgi:application"]
    with child(command, environment) as server:
        if answers(server, host, port):
            greet(host, port)
        code = wait(server, environment["DATABASE_URL"])
    raise CannotServeError(f"The web server has ended (exit code {code}).", _exit_code(code))


def wait(server: subprocess.Popen, url: str) -> int:
    """Until the web server ends: its exit code. Meanwhile a database of ours is kept running."""
    while True:
        with suppress(subprocess.TimeoutExpired):
            return server.wait(LOOK_EVERY_SECONDS)
        revive(url)


def revive(url: str) -> None:
    """Start the embedded PostgreSQL again if it has died, as of a full disk; what keeps it from
    starting is said, and it is tried again. Raises CannotServeError when it is elsewhere then."""
    if os.environ.get("DATABASE_URL") or embedded.is_running(data_folder()):
        return
    say("PostgreSQL has ended; starting it again ...")
    try:
        if embedded.url(data_folder()) != url:
            raise CannotServeError("PostgreSQL runs at another address now: start Spoolbook again.")
        say("PostgreSQL runs again.")
    except embedded.EmbeddedPostgresError as error:
        say(str(error))


def answers(server: subprocess.Popen, host: str, port: int) -> bool:
    """Wait until the web server answers a request, whatever it says; False if it ends instead."""
    there = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    deadline = time.monotonic() + START_PATIENCE_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(there, port, timeout=5)
            connection.request("GET", "/healthz", headers={"Connection": "close"})
            connection.getresponse().read()
            return True
        time.sleep(0.1)
    return False


def greet(host: str, port: int) -> None:
    """Say where Spoolbook is."""
    say(
        f"\nSpoolbook is ready. The demo farm: http://{DEMO_FARM}.localhost:{port}/"
        f"\n                    The public site: http://localhost:{port}/"
        + ("" if host.startswith("127.") else f"\n                    Listening on {host}.")
        + "\nCtrl-C stops it; the data stays."
    )


@contextmanager
def child(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen]:
    """A program that does not outlive the block."""
    # In a session of its own, Ctrl-C reaches it through us and not a second time.
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen) -> None:
    if process.poll() is not None:
        return
    say("\nStopping ...")
    # Whoever presses Ctrl-C again does not want to wait for requests that are being served.
    signal.signal(signal.SIGINT, lambda *_: process.kill())
    process.terminate()
    try:
        process.wait(STOP_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def say(text: str) -> None:
    """Tell the person at the terminal at once, also through a pipe."""
    print(text, flush=True)


def _exit_code(code: int) -> int:
    return 128 - code if code < 0 else code or 1


def _stop(_number: int, _frame: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise StopServing


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m config.serve", description="Run Spoolbook.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=ports.number, default=8000)
    return parser


if __name__ == "__main__":
    sys.exit(main())
