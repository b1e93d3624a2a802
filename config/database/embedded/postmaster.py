"""Which server process holds a data folder, if any: postmaster.pid, never simply believed."""

import errno
import os
import socket
from dataclasses import dataclass
from pathlib import Path

LOCALHOST = "127.0.0.1"


@dataclass(frozen=True)
class Postmaster:
    """What postmaster.pid says: a claim that a server which was killed leaves behind."""

    pgdata: Path
    pid: int
    port: int
    has_socket: bool
    state: str

    @property
    def is_ready(self) -> bool:
        return self.state == "ready"

    def is_alive(self) -> bool:
        """Whether that process is there and is the server of this very folder."""
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
        # it keeps the answer from us (a server that holds a capability, asked by its own user).
        process = Path("/proc", str(self.pid))
        try:
            name = (process / "comm").read_text().strip()
            return name == "postgres" and (process / "cwd").samefile(self.pgdata)
        except OSError as error:
            gone = error.errno in (errno.ENOENT, errno.ESRCH) and Path("/proc/self").exists()
            return False if gone else None

    def answers(self) -> bool:
        """Whether something takes connections where this server would."""
        # A server opens its socket before it recovers; only its own user can make one there.
        family = socket.AF_UNIX if self.has_socket else socket.AF_INET
        path = str(self.pgdata.parent / "run" / f".s.PGSQL.{self.port}")
        with socket.socket(family) as client:
            client.settimeout(5)
            return client.connect_ex(path if self.has_socket else (LOCALHOST, self.port)) == 0


def claimed(pgdata: Path) -> Postmaster | None:
    """The server that postmaster.pid names, alive or not."""
    try:
        lines = (pgdata / "postmaster.pid").read_text().split("\n")
    except FileNotFoundError:
        return None
    try:
        state = lines[7].strip() if len(lines) > 7 else ""
        return Postmaster(pgdata, abs(int(lines[0])), int(lines[3]), bool(lines[4]), state)
    except (IndexError, ValueError):
        # Half written: by a server that starts this moment, or was killed while it did.
        return None


def running(pgdata: Path) -> Postmaster | None:
    """The server that really runs on the data folder."""
    postmaster = claimed(pgdata)
    return postmaster if postmaster and postmaster.is_alive() else None
