"""Who is answered beside slow clients and a busy farm: python -m benchmarks availability

Serves two farms by gunicorn, two processes each: by the worker of `config/web_server` and by
gunicorn's own `gthread` with two threads. Both stand while they are measured in turns.

- Requests a second of sixteen clients, and their CPU time: lists of 50 runs, and completions.
- Answers within a second, of a client of one farm that asks four times a second over connections
  of its own, beside each of `benchmarks.slow_clients`.
"""

import argparse
import secrets
import statistics
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from django.conf import settings
from django.db import connection
from django_tenants.utils import tenant_context

from benchmarks.http_client import PersistentClient, Shared, in_threads, request
from benchmarks.slow_clients import ATTACKS
from inventory.models import Location
from tenants.accounts.models import User
from tenants.farms import services
from tenants.schemas import prepare
from tests.factories import a_filament, a_running_run, a_spool, make_token
from tests.serving import database_logins, serving
from tests.timing import cpu_of

GTHREAD = ("--worker-class=gthread", "--threads=2")
WORKERS = {"before": GTHREAD, "after": ()}
CLIENTS, COMPLETIONS = 16, 80
LIST = "/api/v1/production-runs/"
EXPORT = "/api/v1/locations/?format=csv"


def main(arguments=()):
    parser = argparse.ArgumentParser(
        prog="benchmarks availability", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement")
    parser.add_argument("--threads", type=int, help="of a process, after")
    parser.add_argument("--only", choices=["speed", "slow"])
    options = parser.parse_args(arguments)
    if options.threads:
        WORKERS["after"] = (f"--threads={options.threads}",)
    with two_farms(options.rounds) as farms:
        if options.only != "slow":
            speed(farms, options.rounds, options.seconds)
        if options.only != "speed":
            for name, attack in ATTACKS.items():
                beside(name, attack, farms, options.seconds)


@contextmanager
def served(farms, way):
    flags, quiet = WORKERS[way], {"SPOOLBOOK_LOG_LEVEL": "ERROR"}
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), *flags, **quiet) as server:
        yield SimpleNamespace(url=server.url, pid=server.pid, **vars(farms))


# --- Requests a second ---------------------------------------------------------------------------


def speed(farms, rounds, seconds):
    figures = {way: {"list of 50": [], "completion": []} for way in WORKERS}
    with served(farms, "before") as before, served(farms, "after") as after:
        servers = {"before": before, "after": after}
        for server in servers.values():
            rates_of(server, seconds, COMPLETIONS)  # warm: each thread opens a connection
        for number in range(rounds):
            order = list(servers.items())[:: -1 if number % 2 else 1]
            for way, server in order:
                for what, figure in rates_of(server, seconds, COMPLETIONS).items():
                    figures[way][what].append(figure)
    for what, before in figures["before"].items():
        after = figures["after"][what]
        for number, name in enumerate(("a second", "ms of CPU each")):
            pairs = [(a[number], b[number]) for a, b in zip(before, after, strict=True)]
            ratio = statistics.median(b / a for a, b in pairs)
            medians = [f"{statistics.median(each):6.1f}" for each in zip(*pairs, strict=True)]
            print(f"{what:<12} {name:<15} before {medians[0]}  after {medians[1]}  x {ratio:.3f}")


def rates_of(server, seconds, completions):
    """Requests a second, of each kind, and milliseconds of CPU that one costs gunicorn."""
    until = time.perf_counter() + seconds
    lists = iter(lambda: time.perf_counter() < until and ("GET", LIST, b""), False)
    runs = [server.runs.pop() for _ in range(completions)]
    complete = [("POST", f"{LIST}{run}/complete/", b'{"as_planned": true}') for run in runs]
    return {"list of 50": rate(server, lists), "completion": rate(server, complete)}


def rate(server, requests):
    requests, statuses = Shared(requests), []

    def ask():
        client = PersistentClient(server, server.south)
        statuses.extend(client.status(*each) for each in requests)

    used = cpu_of(server.pid)
    seconds = in_threads(ask, CLIENTS)
    used = cpu_of(server.pid) - used
    assert set(statuses) == {200}, set(statuses)
    return len(statuses) / seconds, used / len(statuses) * 1000


# --- Beside others -------------------------------------------------------------------------------


def beside(name, attack, farms, seconds):
    for way in WORKERS:
        with served(farms, way) as server:
            in_threads(lambda: polite(server, 1), 4)  # warm  # noqa: B023
            with attack(server):
                time.sleep(1)
                times = polite(server, seconds)
        answered = sum(each <= 1 for each in times)
        print(
            f"{name:<26} {way:<7} within a second {answered:3} of {len(times):3}"
            f"   median {statistics.median(times) * 1000:6.0f} ms  longest {max(times):5.2f} s",
            flush=True,
        )


def polite(server, seconds):
    """Seconds to each answer; 10, where there was none."""
    times = []

    def ask(path):
        try:
            status, took = request(server, "GET", path, server.south, timeout=10)
        except OSError:
            status, took = 0, 10
        times.append(took if status == 200 else 10)

    threads = []
    for number in range(int(seconds * 4)):
        path = (LIST, "/api/v1/me/")[number % 2]
        threads.append(threading.Thread(target=ask, args=[path]))
        threads[-1].start()
        time.sleep(0.25)
    for thread in threads:
        thread.join()
    return times


# --- Farms ---------------------------------------------------------------------------------------


@contextmanager
def two_farms(rounds):
    """A farm with an export of 15 MB, and one with runs to list and to complete."""
    connection.ensure_connection()  # which starts the embedded server
    settings.DATABASE_LOGINS = database_logins()
    prepare.prepare()
    slugs = [f"bench-{secrets.token_hex(4)}" for _ in range(2)]
    farms = [services.add_farm(slug=slug, name=slug, password="benchmark-1") for slug in slugs]
    tokens, runs = [], []
    try:
        for tenant, fill in zip(farms, (fill_export, fill_runs), strict=True):
            with tenant_context(tenant):
                tokens.append((f"{tenant.slug}.localhost", make_token(User.objects.get())))
                fill(runs, 60 + 2 * (rounds + 1) * COMPLETIONS)
        yield SimpleNamespace(north=tokens[0], south=tokens[1], runs=runs, export=EXPORT)
    finally:
        for tenant in farms:
            services.drop_farm(tenant, by=None)


def fill_export(runs, count):
    a_filament("Red", net_grams=1000)
    Location.objects.bulk_create(
        Location(name=f"Shelf {number}", comment="x" * 950) for number in range(15_000)
    )
    fill_runs([], 60)


def fill_runs(runs, count):

    filament = a_filament()
    runs += [a_running_run((a_spool(filament=filament), 10)).pk for _ in range(count)]
