"""Many clients on one spool, over HTTP: python -m benchmarks.one_spool [REVISION ...]

Serves the project, and each revision, by gunicorn with a database of its own. They take turns:
in each round 32 clients complete runs that all take from one spool, or post its use. The result is
the median of requests per second, and its ratio to that of the first revision.
"""

# ruff: noqa: PLC0415 - the process that makes the runs sets Django up first

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

HERE = str(Path(__file__).resolve())
CLIENTS, PORT = 32, 8790
COMPLETE, USE = "production-runs/{}/complete/", "spools/{}/use/"


def main(arguments=()):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("revisions", nargs="*")
    parser.add_argument("--requests", type=int, default=192)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    from benchmarks.size import checkout

    with ExitStack() as stack:
        roots = [stack.enter_context(checkout(name)) for name in [*options.revisions, None]]
        sides = [
            stack.enter_context(served(root, PORT + place)) for place, root in enumerate(roots)
        ]
        for path in (COMPLETE, USE):
            _compare(path, [*options.revisions, "here"], sides, options)


def _compare(path, names, sides, options):
    rates = [[] for _ in sides]
    for _ in range(options.rounds):
        for side, found in zip(sides, rates, strict=True):
            ids = side("runs" if path == COMPLETE else "spool", options.requests)
            found.append(len(ids["ids"]) / _seconds(path, ids, side.port))
    first = statistics.median(rates[0])
    for name, found in zip(names, rates, strict=True):
        middle = statistics.median(found)
        print(f"{path:<34} {name:<10} {middle:7.1f} a second  x {middle / first:.2f}", flush=True)


def _seconds(path, ids, port):
    """How long the clients take for all of the ids, one after the other each."""
    from benchmarks.http_client import Shared, in_threads

    work, answers = Shared(ids["ids"]), []
    headers = {"Host": ids["host"], "Authorization": f"Token {ids['token']}"}
    headers |= {"Content-Type": "application/json"}
    body = json.dumps({"as_planned": True} if path == COMPLETE else {"grams": "0.5"})

    def client():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        for pk in work:
            connection.request("POST", f"/api/v1/{path.format(pk)}", body, headers)
            answer = connection.getresponse()
            answers.append((answer.status, answer.read()))

    seconds = in_threads(client, CLIENTS)
    if wrong := [each for each in answers if each[0] != 200]:
        raise SystemExit(f"{len(wrong)} of {len(answers)} were refused, such as {wrong[0]}")
    return seconds


@contextmanager
def served(root, port, maker=HERE, more=None, data=None):
    """Serve the project at ``root``, with ``more`` in its environment; yields a function that makes
    rows of its farm, by ``maker``. The folder ``data`` has its database, by default a new one.

    The function's ``pid`` is of the process that serves; its ``cpu()`` are the CPU seconds of the
    application and of PostgreSQL so far.
    """
    with nullcontext(data) if data else tempfile.TemporaryDirectory() as data:
        environment = os.environ | {"PYTHONPATH": str(root), "SPOOLBOOK_DATA": str(data)}
        environment |= {"SPOOLBOOK_API_RATE": "0", "SPOOLBOOK_FARM_RATE": "0"}
        environment |= {"SPOOLBOOK_LOG_LEVEL": "ERROR"} | (more or {})
        run = {"cwd": root, "env": environment}
        command = ["-m", "config.serve", f"--port={port}", "--no-demo"]
        with subprocess.Popen(
            [sys.executable, *command], stdout=subprocess.DEVNULL, **run
        ) as server:
            try:
                _wait(port)

                def make(what, count):
                    words = [sys.executable, maker, "--make", what, str(count)]
                    done = subprocess.run(words, stdout=subprocess.PIPE, check=True, **run)
                    return json.loads(done.stdout.splitlines()[-1])

                make.pid = server.pid
                make.port, make.url = port, f"http://127.0.0.1:{port}"
                make.cpu = lambda: (cpu_of(server.pid), cpu_of(_postmaster(data)))
                yield make
            finally:
                server.terminate()


def _postmaster(data):
    return int((Path(data) / "postgres" / "postmaster.pid").read_text().split()[0])


def cpu_of(pid):
    """CPU seconds of a process, its descendants, and those of them that have ended."""
    place = Path(f"/proc/{pid}")
    fields = (place / "stat").read_text().rpartition(")")[2].split()
    used = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return used + sum(map(cpu_of, (place / "task" / str(pid) / "children").read_text().split()))


def _wait(port):
    for _ in range(600):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz", headers={"Host": "localhost"})
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit("The server did not start.")


def _make(what, count):
    """In the process of a revision: rows to work on, and a token, as JSON."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django_tenants.utils import tenant_context

    from tenants.farms import services
    from tests.factories import a_product, a_running_run, a_spool, make_token, make_user

    slug = f"one-spool-{os.getpid()}"
    farm = services.add_farm(slug=slug, name=slug)
    with tenant_context(farm):
        token = make_token(make_user(role="manager"))
        spool = a_spool(count * 10)
        ids = [spool.pk] * count
        if what == "runs":
            items = [(a_product(f"P{spool.pk}"), 1)]
            ids = [a_running_run((spool, 10), items=items, planned_minutes=9).pk for _ in ids]
    print(json.dumps({"ids": ids, "token": token, "host": f"{slug}.localhost"}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"]:
        _make(sys.argv[2], int(sys.argv[3]))
    else:
        main(sys.argv[1:])
