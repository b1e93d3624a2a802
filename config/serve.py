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
from config.database import URLS, embedded, from_url, login_urls
from config.env import env_bool, load_secret_key
from config.supervisor import Program, ProgramError, supervise

ROOT = Path(__file__).resolve().parent.parent
PREPARE, DEMO = ("Migrating the database", "prepare"), ("Preparing the demo farm", "demo")
SOME_FARMS = 3  # of `prepare`: the other farms can be served
START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 25
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
READY = """
Spoolbook is ready. The public site: http://localhost:{port}/"""
DEMO_FARM = "                    The demo farm: http://demo.localhost:{port}/"


ERRORS = (ProgramError, ports.PortError, embedded.EmbeddedPostgresError, ImproperlyConfigured)


class StopServing(BaseException):
    """A signal asks this process to end."""


def main() -> int:
    """Serve until a signal arrives or a program does not stay up; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m config.serve", description="Run Spoolbook.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=ports.number, default=8000)
    parser.add_argument("--no-demo", action="store_true", help="do not make the demo farm")
    options = parser.parse_args()
    for number in SIGNALS:
        signal.signal(number, _stop)
    try:
        with suppress(StopServing):
            serve(options.host, options.port, has_demo=not options.no_demo)
    except ERRORS as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return getattr(error, "code", 1)
    return 0


def _stop(_number: int, _frame: object) -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise StopServing


def serve(host: str, port: int, *, has_demo: bool) -> None:
    """Prepare and run everything; raises ProgramError when a program does not stay up."""
    ports.check(host, port, report=report)
    with database() as url:
        environment = {
            "SPOOLBOOK_DEBUG": "0",
            "SPOOLBOOK_HTTPS": "0",
            "SPOOLBOOK_PRACTICE_FARMS": "3",
            **public_site(),
            "SPOOLBOOK_SECRET_KEY": load_secret_key(data_folder()),
            "SPOOLBOOK_SOCKETS": str(data_folder() / f"sockets-{port}"),
            **os.environ,
            **(login_urls(url) if is_embedded() else {}),
            "DATABASE_URL": url,
            "PORT": str(port),
            "SPOOLBOOK_LISTENING_HOST": host,
            "SPOOLBOOK_SUPERVISOR": str(os.getpid()),
        }
        with preparation_lock():
            code = run_step(*PREPARE, environment, ignored=(SOME_FARMS,))
            if has_demo:  # which may be the farm that is not ready
                run_step(*DEMO, environment, ignored=(1,) if code else ())
        web = WebServer(host, port, web_environment(environment), has_demo=has_demo)
        own = [Database(url)] if is_embedded() else []
        sockets = Sockets(web_environment(environment))
        programs = [*own, sockets, web, Worker(environment)]
        supervise(programs, on_ready=web.report_address, report=report)


def public_site() -> dict[str, str]:
    """By default on this machine, unless a proxy passes the requests of others on."""
    is_behind_proxy = env_bool("SPOOLBOOK_BEHIND_PROXY", default=False)
    return {} if is_behind_proxy else {"SPOOLBOOK_PUBLIC_HOSTS": "localhost"}


def data_folder() -> Path:
    return (ROOT / os.environ.get("SPOOLBOOK_DATA", ".data")).resolve()


def is_embedded() -> bool:
    return not os.environ.get("DATABASE_URL")


def web_environment(environment: dict[str, str]) -> dict[str, str]:
    """Without the owner's password, where the web server has logins of its own."""
    left_out = {"DATABASE_URL"} if any(environment.get(name) for name in URLS.values()) else set()
    return {name: value for name, value in environment.items() if name not in left_out}


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
        raise ProgramError(f"{error}.") from error
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        message = f"The database of DATABASE_URL can't be reached: {reason}"
        raise ProgramError(message) from error


@contextmanager
def preparation_lock() -> Iterator[None]:
    """Two instances on one data folder prepare it one after the other."""
    if not is_embedded():
        yield
        return
    # The folder itself: a file would have to belong to the right user, should root make it.
    lock = os.open(data_folder(), os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def run_step(
    title: str, command: str, environment: dict[str, str], *, ignored: tuple[int, ...] = ()
) -> int:
    """Run a command to its end; its exit code, if that is 0 or to be ignored."""
    report(f"{title} ...")
    step = start_process([sys.executable, "manage.py", command], environment)
    try:
        code = step.wait()
    finally:
        end(step)
    if code and code not in ignored:
        raise ProgramError(f"{title} failed (exit code {code}): see above.", code)
    return code


class Database(Program):
    """The embedded server, which `database()` has started."""

    name = "PostgreSQL"

    def __init__(self, url: str) -> None:
        self.url = url

    def start(self) -> None:
        try:
            url = embedded.url(data_folder())
        except embedded.EmbeddedPostgresError as error:
            raise ProgramError(str(error)) from error
        if url != self.url:
            raise ProgramError("The database is another one now: start Spoolbook again.")

    def is_running(self) -> bool:
        return embedded.is_running(data_folder())

    def stop(self) -> None:
        """Leave that to `database()`: another instance may use it."""


class ProcessProgram(Program):
    """One process of its own."""

    process = None

    def is_running(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        if self.process is not None:
            end(self.process)

    def ended(self) -> ProgramError:
        code = self.process.returncode
        return ProgramError(f"{self.name} has ended (exit code {code}).", code)


class Sockets(ProcessProgram):
    """What holds the websockets. Without it everything but live events works."""

    name = "The process of websockets"

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def start(self) -> None:
        self.process = start_process([sys.executable, "-m", "config.run_sockets"], self.environment)


class Worker(ProcessProgram):
    """What does the jobs of all farms."""

    name = "The worker"

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def start(self) -> None:
        self.process = start_process([sys.executable, "-m", "config.run_jobs"], self.environment)


class WebServer(ProcessProgram):
    """gunicorn."""

    name = "The web server"

    def __init__(
        self, host: str, port: int, environment: dict[str, str], *, has_demo: bool
    ) -> None:
        self.host, self.port, self.environment = host, port, environment
        self.has_demo = has_demo

    def start(self) -> None:
        report("Starting the web server ...")
        bind = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        args = ["--config", "config/gunicorn.conf.py", "--bind", bind, "--log-level", "warning"]
        command = [sys.executable, "-m", "gunicorn", *args, "config.wsgi:application"]
        self.process = start_process(command, self.environment)
        if not answers(self.process, self.host, self.port):
            if not self.is_running():
                raise self.ended()
            report(f"{self.name} does not answer yet.")

    def report_address(self) -> None:
        report(READY.format(port=self.port))
        if self.has_demo:
            report(DEMO_FARM.format(port=self.port))
        if not self.host.startswith("127."):
            report(f"Listening on {self.host}.")
        report("Ctrl-C stops it; the data stays.")


def answers(server: subprocess.Popen, host: str, port: int) -> bool:
    """Wait until the web server answers a request, with any status; False if it ends instead."""
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # nosec B104
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(address, port, timeout=5)
            connection.request("GET", "/healthz", headers={"Connection": "close"})
            connection.getresponse().read()
            return True
        time.sleep(0.1)
    return False


def start_process(command: list[str], environment: dict[str, str]) -> subprocess.Popen:
    # In a session of its own, Ctrl-C reaches it through us and not a second time.
    return subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)


def end(process: subprocess.Popen) -> None:
    """Stop a process that still runs, and wait for it."""
    if process.poll() is not None:
        return
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
