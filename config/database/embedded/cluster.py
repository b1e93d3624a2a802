"""Create, start and stop the PostgreSQL server of one data folder. The caller holds the lock."""

import os
import re
import secrets
import shlex
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import postmaster
from .account import Account, account_for
from .binaries import binary, major_version
from .errors import DISK_FULL, EmbeddedPostgresError, explained
from .postmaster import SOCKET_PORT, Postmaster, socket_folder

ROLE = DATABASE = "spoolbook"
PATIENCE_SECONDS = 120
MAX_LOG_BYTES = 10_000_000
SETTINGS = {
    "listen_addresses": "",
    # Relative to PostgreSQL's data folder: the path of a socket must be short.
    "unix_socket_directories": "../run",
    "unix_socket_permissions": "0700",
    "port": str(SOCKET_PORT),
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "password_encryption": "scram-sha-256",
    # Statements hold values of the farm that they are of, and requests to all have one login, which
    # could read them in pg_stat_activity.
    "track_activities": "off",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
ACCESS = "local all all scram-sha-256\n"  # pg_hba.conf


@dataclass(frozen=True)
class Cluster:
    """The data folder `data` (an absolute path) and the server on it."""

    data: Path

    @property
    def pgdata(self) -> Path:
        return self.data / "postgres"

    @property
    def log(self) -> Path:
        return self.data / "postgres.log"

    @property
    def password_file(self) -> Path:
        return self.data / "password"

    @cached_property
    def account(self) -> Account:
        return account_for(self.data)

    def prepare(self) -> None:
        """Make the data folder and what the launcher needs in it, where missing."""
        with explained(self.data):
            account = self.account  # before there is a folder that root owns
            missing = [path for path in (self.data, *self.data.parents) if not path.exists()]
            for folder in (*reversed(missing), self.data / "run"):
                _private_folder(folder, account)
            for name in ("start.lock", "users.lock"):
                os.close(self.open(self.data / name))

    def open(self, path: Path) -> int:
        """Open a file of the data folder for appending; a new one is its owner's alone."""
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(path, flags, 0o600)
        if os.fstat(handle).st_uid == os.geteuid():
            self.account.own(handle)
        return handle

    def address(self) -> dict[str, str]:
        """Where clients reach the server, with the keys of Django's settings."""
        return {
            "NAME": DATABASE,
            "USER": ROLE,
            "PASSWORD": self.password_file.read_text().strip(),
            "HOST": str(socket_folder(self.data)),
            "PORT": str(SOCKET_PORT),
        }

    def ensure_running(self) -> None:
        """Wait until the server takes connections; start it first if it does not run."""
        server = postmaster.running(self.pgdata)
        if server and not self.password_file.exists():
            self.stop()
            server = None
        with explained(self.data):
            if not self._await(server):
                self._start()

    def stop(self) -> bool:
        """Stop the server; open transactions are rolled back. False if none ran."""
        if not postmaster.running(self.pgdata):
            return False
        self._pg_ctl("stop", "-m", "fast")
        if (link := socket_folder(self.data)) != self.data / "run":
            link.unlink()
        return True

    # Creating it ---------------------------------------------------------------

    def _create(self) -> None:
        for leftover in self.data.glob("postgres.new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        # In a temporary folder, renamed when complete: after a kill there is no half cluster, even
        # while an orphaned initdb still writes.
        draft = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.data))
        self.account.own(draft)
        try:
            self._initdb(draft)
            (draft / "pg_hba.conf").write_text(ACCESS)
            self._write_password(secrets.token_urlsafe(32), draft, create=True)
            draft.rename(self.pgdata)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _initdb(self, draft: Path) -> None:
        # The superuser gets no password, so ACCESS, written before a server ever starts, refuses
        # it: single-user mode is the only way to be superuser.
        arguments = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        arguments += [] if is_durable() else ["--no-sync"]
        self._run("initdb", *arguments, "--pgdata", draft)

    def _write_password(self, password: str, pgdata: Path, *, create: bool = False) -> None:
        # In single-user mode, one statement a line: it needs no server and no superuser's password.
        lines = [f"ALTER ROLE {ROLE} PASSWORD '{password}';"]
        if create:
            lines.insert(0, f"CREATE ROLE {ROLE} LOGIN CREATEROLE CREATEDB;")
            lines.append(f"CREATE DATABASE {DATABASE} OWNER {ROLE};")
        script = "\n".join(lines) + "\n"
        output = self._run("postgres", "--single", "-D", pgdata, "postgres", text=script)
        if "ERROR:" in output:
            raise EmbeddedPostgresError(
                f"The embedded PostgreSQL can't be set up: {output.strip()}"
            )
        draft = self.data / "password.new"
        draft.unlink(missing_ok=True)
        with open(self.open(draft), "w") as file:
            file.write(password + "\n")
        draft.rename(self.password_file)

    # Starting it -------------------------------------------------------------

    def _start(self) -> None:
        self._check_version()
        if not (self.pgdata / "PG_VERSION").exists():
            self._create()
        # No server runs, so these name a process that is gone, or another one with its number,
        # at which PostgreSQL would refuse to start.
        for claim in (self.pgdata / "postmaster.pid", *self.data.glob("run/.s.PGSQL.*")):
            claim.unlink(missing_ok=True)
        if not self.password_file.exists():
            self._write_password(secrets.token_urlsafe(32), self.pgdata)
        self._rotate_log()
        self._launch()
        if not postmaster.running(self.pgdata):
            raise EmbeddedPostgresError(f"PostgreSQL stopped again at once:\n{self._end_of_log()}")

    def _check_version(self) -> None:
        try:
            found = (self.pgdata / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return
        if found != major_version():
            raise EmbeddedPostgresError(
                f"The data folder {self.data} was made by PostgreSQL {found}, and this is "
                f"PostgreSQL {major_version()}. Dump it with version {found} and restore it into a "
                "new data folder (make run DATA=...)."
            )

    def _launch(self) -> None:
        settings = SETTINGS if is_durable() else SETTINGS | NOT_DURABLE
        options = shlex.join(f"--{name}={value}" for name, value in settings.items())
        deadline = time.monotonic() + 15
        while True:
            size = self.log.stat().st_size
            try:
                return self._pg_ctl("start", "-l", self.log.name, "-o", options)
            except EmbeddedPostgresError:
                reason = self._end_of_log(size)
                if not reason:  # no server was started
                    raise
                # The last children of a killed server take a moment to end.
                if "shared memory block" not in reason or time.monotonic() > deadline:
                    raise _failed_start(self, reason) from None
            time.sleep(0.2)

    def _await(self, server: Postmaster | None) -> bool:
        """Wait until a running server is ready; False if it ends instead."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        size = self.log.stat().st_size if self.log.exists() else 0
        while server and not (server.is_ready and server.answers()):
            if time.monotonic() > deadline:
                raise _failed_start(self, self._end_of_log(size))
            time.sleep(0.05)
            server = postmaster.running(self.pgdata)
        return bool(server)

    def _rotate_log(self) -> None:
        if self.log.exists() and self.log.stat().st_size > MAX_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        os.close(self.open(self.log))

    def _end_of_log(self, since: int = 0, lines: int = 12) -> str:
        with open(self.log, "rb") as file:
            file.seek(since)
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])

    # Running PostgreSQL's programs -------------------------------------------

    def _pg_ctl(self, verb: str, *arguments: str) -> None:
        # Names relative to the folder: pg_ctl puts them into a shell command without quoting.
        wait = ("-w", "-t", str(PATIENCE_SECONDS))
        self._run("pg_ctl", verb, "-D", self.pgdata.name, *wait, *arguments)

    def _run(self, program: str, *arguments: str | Path, text: str = "") -> str:
        """Run one program in the data folder as the server's user; returns its stderr."""
        command = [*self.account.prefix(self.data), binary(program), *arguments]
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        answer = subprocess.run(
            command, cwd=self.data, env=environment, input=text, text=True, capture_output=True
        )
        if answer.returncode:
            message = (answer.stderr or answer.stdout).strip()
            if DISK_FULL in message:
                raise OSError(28, DISK_FULL)
            raise EmbeddedPostgresError(f"PostgreSQL's {program} failed: {message}")
        return answer.stderr


def is_durable() -> bool:
    """Whether a commit survives the server's death and a power cut; tests do without, for speed."""
    return os.environ.get("SPOOLBOOK_DURABLE", "1") != "0"


def _failed_start(cluster: Cluster, log: str) -> EmbeddedPostgresError:
    if DISK_FULL in log:
        return EmbeddedPostgresError(f"The disk is full: PostgreSQL can't start in {cluster.data}.")
    reason = re.sub(r"(?m)^", "  ", log) or "  (it is empty)"
    return EmbeddedPostgresError(
        f"PostgreSQL does not start in {cluster.data}. The end of {cluster.log}:\n{reason}"
    )


def _private_folder(folder: Path, owner: Account) -> None:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not folder.is_dir():
            raise
    else:
        owner.own(folder)
