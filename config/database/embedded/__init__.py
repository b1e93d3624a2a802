"""The PostgreSQL that comes with Spoolbook: one server for each data folder, for one machine.

`connect()` is all most callers need. The server runs while somebody uses it: every process that
connected holds a shared lock on users.lock, and the last one to leave stops the server. A process
that is killed loses its lock with its life; the server it leaves behind is found by the next.
"""

import atexit
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from . import postmaster
from .binaries import binary
from .cluster import Cluster
from .errors import EmbeddedPostgresError, explained

__all__ = ["EmbeddedPostgresError", "binary", "connect", "is_in_use", "release", "stop", "url"]

KEEP = "keep-running"
_claims: dict[Path, int] = {}
_one_thread = threading.RLock()


def connect(data: Path | str) -> dict[str, str]:
    """Make sure that the server of a data folder runs while this process does, and say where.

    The answer has Django's keys NAME, USER, PASSWORD, HOST and PORT. Again in the same process it
    costs little, and restarts a server that has died. Raises EmbeddedPostgresError.
    """
    cluster = _cluster(data)
    with _one_thread:
        cluster.prepare()
        with _locked(cluster):
            server = cluster.ensure_running()
            if cluster.data not in _claims:
                _claims[cluster.data] = _claim(cluster)
            return cluster.address(server)


def url(data: Path | str) -> str:
    """`connect()`, answered as a postgresql:// address, for DATABASE_URL and for psql."""
    address = {key: quote(value, safe="") for key, value in connect(data).items()}
    return _spelled(**address)


def release(data: Path | str) -> bool:
    """Take back this process's claim on the server; the last one stops it (then True)."""
    cluster = _cluster(data)
    with _one_thread:
        claim = _claims.pop(cluster.data, None)
        if claim is None:
            return False
        try:
            return _leave(cluster, claim)
        finally:
            os.close(claim)


def stop(data: Path | str) -> bool:
    """Stop the server, whoever uses it, and forget `keep_running`; False if none ran."""
    cluster = _cluster(data)
    if not cluster.pgdata.exists():
        return False
    with _locked(cluster):
        (cluster.data / KEEP).unlink(missing_ok=True)
        return cluster.stop()


def keep_running(data: Path | str) -> None:
    """Leave the server running until `stop`, also when nobody uses it."""
    cluster = _cluster(data)
    with explained(cluster.data):
        os.close(cluster.open(cluster.data / KEEP))


def is_in_use(data: Path | str) -> bool:
    """Whether a process has a claim on the server."""
    cluster = _cluster(data)
    users = cluster.data / "users.lock"
    if not users.exists():
        return False
    # Under the lock, or a process that leaves meanwhile would not know that it is the last.
    with _locked(cluster), explained(users), open(users) as file:
        return not _try_lock(file.fileno())


def is_running(data: Path | str) -> bool:
    """Whether the folder's server runs."""
    return postmaster.running(_cluster(data).pgdata) is not None


def _spelled(NAME: str, USER: str, PASSWORD: str, HOST: str, PORT: str) -> str:
    start = f"postgresql://{USER}:{PASSWORD}@"
    if HOST.startswith("%2F"):
        return f"{start}/{NAME}?host={HOST}&port={PORT}"
    return f"{start}{HOST}:{PORT}/{NAME}"


def _cluster(data: Path | str) -> Cluster:
    return Cluster(Path(data).expanduser().resolve())


@contextmanager
def _locked(cluster: Cluster) -> Iterator[None]:
    """One process at a time starts or stops the server of a folder."""
    with explained(cluster.data):
        handle = cluster.open(cluster.data / "start.lock")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _claim(cluster: Cluster) -> int:
    with explained(cluster.data):
        handle = cluster.open(cluster.data / "users.lock")
        fcntl.flock(handle, fcntl.LOCK_SH)
        return handle


def _leave(cluster: Cluster, claim: int) -> bool:
    if not cluster.data.exists():
        return False
    with _locked(cluster):
        kept = (cluster.data / KEEP).exists()
        return not kept and _try_lock(claim) and cluster.stop()


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@atexit.register
def _release_all() -> None:
    for data in list(_claims):
        try:
            release(data)
        except (EmbeddedPostgresError, OSError):
            # Nobody is left to tell, and the next start puts it right.
            continue


def _forget() -> None:
    # A fork shares its parent's lock and must not stop the parent's server when it exits.
    for handle in _claims.values():
        os.close(handle)
    _claims.clear()


os.register_at_fork(after_in_child=_forget)
