"""The project as it is served, on a data folder, and what its processes use."""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAKER = str(ROOT / "benchmarks" / "making.py")
TICKS = os.sysconf("SC_CLK_TCK")
QUIET = {"SPOOLBOOK_API_RATE": "0", "SPOOLBOOK_FARM_RATE": "0", "SPOOLBOOK_LOG_LEVEL": "ERROR"}


@dataclass
class Side:
    """A server that is measured: its address, and the processes of gunicorn and of PostgreSQL.

    ``make(name, **parameters)`` calls a function of `benchmarks.making` on its data.
    """

    url: str
    pid: int
    postmaster: int
    make: object = None
    rows: dict = field(default_factory=dict)

    def cpu(self):
        """CPU seconds so far, of the application and of PostgreSQL."""
        return cpu_of(self.pid), cpu_of(self.postmaster)

    def memory(self):
        """Bytes of the application and of PostgreSQL; what processes share counts once."""
        return sum(map(memory_of, tree(self.pid))), sum(map(memory_of, tree(self.postmaster)))

    def connections(self):
        """The processes of PostgreSQL that serve one."""
        return [each for each in tree(self.postmaster) if b"[local]" in _command(each)]


@contextmanager
def served(port, *, data=None, root=ROOT, more=None):
    """Serve the project at ``root``, with ``more`` in its environment, as `make run` does. The
    folder ``data`` has its database, by default a new one. Jobs wait meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        run = environment(data or folder, root, more)
        command = [sys.executable, "-m", "config.serve", f"--port={port}", "--no-demo"]
        with (
            Path(data or folder, "log").open("wb") as log,
            subprocess.Popen(command, stdout=log, stderr=log, **run) as server,
        ):
            jobs = None
            try:
                _wait(port, server)
                web = _process_of(server, b"gunicorn")
                jobs = _process_of(server, b"config.run_jobs")
                os.kill(jobs, signal.SIGSTOP)
                yield Side(
                    url=f"http://127.0.0.1:{port}",
                    pid=web,
                    postmaster=_postmaster(data or folder),
                    make=lambda name, **parameters: make(run, name, parameters),
                )
            finally:
                if jobs:
                    os.kill(jobs, signal.SIGCONT)
                server.terminate()


def environment(data, root=ROOT, more=None):
    """How a process of the project at ``root`` is run on a data folder."""
    own = {"PYTHONPATH": str(root), "SPOOLBOOK_DATA": str(data)}
    return {"cwd": root, "env": {**os.environ, **own, **QUIET, **(more or {})}}


def make(run, name, parameters):
    """What a function of `benchmarks.making` returns in a process of its own."""
    command = [sys.executable, "-P", MAKER, name, json.dumps(parameters)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, **run)
    return json.loads(done.stdout.splitlines()[-1])


def tree(pid):
    """A process and its descendants."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(each for child in children for each in tree(int(child)))]


def cpu_of(pid):
    """CPU seconds of a process, its descendants, and those of them that have ended."""
    used = 0
    for each in tree(pid):
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended, and counts with its parent
            continue
        used += sum(map(int, fields[11:15])) / TICKS
    return used


def memory_of(pid):
    """Bytes of a process; of what it shares with n others, an nth."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return int(text.partition("\nPss:")[2].split()[0]) * 1024


def _process_of(server, name):
    for _ in range(150):  # the web server answers before the last one is started
        for pid in tree(server.pid):
            if name in _command(pid):
                return pid
        time.sleep(0.2)
    raise SystemExit("Another server answers at this port.")


def _command(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _postmaster(data):
    return int((Path(data) / "postgres" / "postmaster.pid").read_text().split()[0])


def _wait(port, server, seconds=180):
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz", headers={"Host": "localhost"})
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit("The server did not start.")
