"""The PostgreSQL server that comes with Spoolbook: one for each data folder, for one machine.

Most callers need `connect()` alone. The server runs while a process uses it: each holds a shared
lock on users.lock, and the last one to leave stops the server. A killed process loses its lock;
the server it leaves behind is found by the next.
"""

import atexit
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from . import postmaster
from .binaries import binary
from .cluster import Cluster
from .errors import EmbeddedPostgresError, explained

__all__ = ["EmbeddedPostgresError", "binary", "connect", "is_in_use", "release", "stop", "url"]

KEEP_RUNNING = "keep-running"
_claims: dict[Path, int] = {}
_one_thread = threading.RLock()


def connect(data: Path | str) -> dict[str, str]:
    """Keep the server of a data folder running while this process does; returns its address.

    The address has Django's keys NAME, USER, PASSWORD, HOST and PORT. Another call in the same
    process costs little, and restarts a server that has died. Raises EmbeddedPostgresError.
    """
    cluster = _cluster(data)
    with _one_thread:
        cluster.prepare()
        with _locked(cluster):
            cluster.ensure_running()
            if cluster.data not in _claims:
                _claims[cluster.data] = _claim(cluster)
            return cluster.address()


def url(data: Path | str) -> str:
    """`connect()`, with the address as postgresql:// for DATABASE_URL and for psql."""
    parts = {key: quote(value, safe="") for key, value in connect(data).items()}
    return "postgresql://{USER}:{PASSWORD}@/{NAME}?host={HOST}&port={PORT}".format(**parts)


def release(data: Path | str) -> bool:
    """Give up this process's claim on the server; True if it was the last, and stopped it."""
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
    """Stop the server, whoever uses it, and end `keep_running`; False if none ran."""
    cluster = _cluster(data)
    if not cluster.pgdata.exists():
        return False
    with _locked(cluster):
        (cluster.data / KEEP_RUNNING).unlink(missing_ok=True)
        return cluster.stop()


def keep_running(data: Path | str) -> None:
    """Leave the server running until `stop`, also when no process uses it."""
    cluster = _cluster(data)
    with explained(cluster.data):
        os.close(cluster.open(cluster.data / KEEP_RUNNING))


def is_in_use(data: Path | str) -> bool:
    cluster = _cluster(data)
    users = cluster.data / "users.lock"
    if not users.exists():
        return False
    # Under the lock, or a process that leaves meanwhile would not know that it is the last.
    with _locked(cluster), explained(users), open(users) as file:
        return not _try_lock(file.fileno())


def is_running(data: Path | str) -> bool:
    return postmaster.running(_cluster(data).pgdata) is not None


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
        stays = (cluster.data / KEEP_RUNNING).exists()
        return not stays and _try_lock(claim) and cluster.stop()


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@atexit.register
def _release_all() -> None:
    for data in list(_claims):
        with suppress(EmbeddedPostgresError, OSError):  # the next start repairs it
            release(data)


def _forget_claims() -> None:
    # A fork shares its parent's lock and must not stop the parent's server when it exits.
    for handle in _claims.values():
        os.close(handle)
    _claims.clear()


os.register_at_fork(after_in_child=_forget_claims)
