"""The server process of a data folder: postmaster.pid is verified, never trusted."""

import errno
import hashlib
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .errors import EmbeddedPostgresError

SOCKET_PORT = 5432
# The operating systems allow 104 to 108 bytes.
MAX_SOCKET_PATH_LENGTH = 90


@dataclass(frozen=True)
class Postmaster:
    """The contents of postmaster.pid, which a killed server leaves behind."""

    pgdata: Path
    pid: int
    state: str

    @property
    def is_ready(self) -> bool:
        return self.state == "ready"

    def is_alive(self) -> bool:
        """Whether that process exists and is the server of this very folder."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        proved = self._proved_by_proc()
        return self.answers() if proved is None else proved

    def _proved_by_proc(self) -> bool | None:
        # A server's working directory is its data folder. None where there is no /proc, or where
        # it is not readable (a server with a capability, for a process of its own user).
        process = Path("/proc", str(self.pid))
        try:
            name = (process / "comm").read_text().strip()
            return name == "postgres" and (process / "cwd").samefile(self.pgdata)
        except OSError as error:
            gone = error.errno in (errno.ENOENT, errno.ESRCH) and Path("/proc/self").exists()
            return False if gone else None

    def answers(self) -> bool:
        # A server opens its socket before it recovers; only its own user can make one there.
        path = socket_folder(self.pgdata.parent) / f".s.PGSQL.{SOCKET_PORT}"
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            return client.connect_ex(str(path)) == 0


def claimed(pgdata: Path) -> Postmaster | None:
    """The server that postmaster.pid names, alive or not."""
    try:
        lines = (pgdata / "postmaster.pid").read_text().split("\n")
        return Postmaster(pgdata, abs(int(lines[0])), lines[7].strip() if len(lines) > 7 else "")
    except (FileNotFoundError, ValueError):
        # A file that is half written: the server is just starting, or was killed while it did.
        return None


def running(pgdata: Path) -> Postmaster | None:
    """The server that really runs on the data folder."""
    postmaster = claimed(pgdata)
    return postmaster if postmaster and postmaster.is_alive() else None


def socket_folder(data: Path) -> Path:
    """Where clients reach the server's socket: `data`/run, or a short link to it.

    A socket's path is limited to about 100 bytes, and libpq splits a host at commas.
    """
    folder = data / "run"
    path = os.fsencode(folder / f".s.PGSQL.{SOCKET_PORT}")
    if len(path) < MAX_SOCKET_PATH_LENGTH and b"," not in path:
        return folder
    link = Path("/tmp", f"spoolbook-{os.geteuid()}-{hashlib.sha256(path).hexdigest()[:16]}")  # nosec B108
    with suppress(FileExistsError):
        link.symlink_to(folder)
    # In /tmp only its owner and root can replace the link; the kernel may refuse to follow others'.
    if link.lstat().st_uid != os.geteuid() or os.readlink(link) != str(folder):
        raise EmbeddedPostgresError(
            f"{link} is not a link of yours to {folder}: remove it, or choose a data folder with a "
            f"path of less than {MAX_SOCKET_PATH_LENGTH} characters."
        )
    return link
