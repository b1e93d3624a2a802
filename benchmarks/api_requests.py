"""Requests with a token over HTTP: python -m benchmarks.api_requests [REVISION ...]

Serves the project, and each revision, with a database of its own; they take turns. For each
request: how many a second for 8 clients and for 32, and what one costs, in milliseconds of CPU, the
application and PostgreSQL. Medians; then the ratio of the costs to those of the first revision.
Where there is a bar, it is printed for this machine as it was meanwhile (see `benchmarks.machine`).
The farm has 1,000 spools and 1,000 runs; a completion is of two spools and two items.
"""

# ruff: noqa: PLC0415 - the process that makes the rows sets Django up first

import argparse
import itertools
import json
import os
import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path

HERE = str(Path(__file__).resolve())
PORT, CLIENTS = 8810, (8, 32)
VERBS = {
    "complete": ("production-runs/{}/complete/", b'{"as_planned": true}'),
    "use, of 400 spools": ("spools/{}/use/", b'{"grams": "0.01"}'),
    "weigh, on the shelf": ("spools/{}/weigh/", b'{"gross_grams": "1100", "confirm": true}'),
}
READS = {
    "list of 50 spools": ("spools/", None),
    "list of 50 runs": ("production-runs/", None),
    "one spool": ("spools/{}/", "spools"),
    "one run": ("production-runs/{}/", "runs"),
}
# Milliseconds of CPU, of the machine that `benchmarks.machine` knows.
BARS = {"list of 50 spools": 2.4, "list of 50 runs": 5, "one spool": 1.5, "one run": 1.7}


def main(arguments=()):
    parser = argparse.ArgumentParser(
        prog="benchmarks.api_requests", description=__doc__.split("\n")[0]
    )
    parser.add_argument("revisions", nargs="*")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement")
    parser.add_argument("--completions", type=int, default=150, help="of each measurement")
    options = parser.parse_args(arguments)
    from benchmarks.one_spool import served
    from benchmarks.size import checkout

    names = [*options.revisions, "here"]
    with ExitStack() as stack:
        roots = [stack.enter_context(checkout(each)) for each in [*options.revisions, None]]
        sides = [stack.enter_context(served(r, PORT + n, HERE)) for n, r in enumerate(roots)]
        count = options.completions * (options.rounds + 1) * len(CLIENTS)
        for side in sides:
            side.rows = side("rows", count)
        for what in [*READS, *VERBS]:
            _compare(what, dict(zip(names, sides, strict=True)), options)


def _compare(what, sides, options):
    from benchmarks import machine

    found, scales = {(name, clients): [] for name in sides for clients in CLIENTS}, []
    for number in range(options.rounds + 1):
        if what in BARS:
            scales.append(machine.scale(sides["here"]))
        for name, side in sides.items():
            for clients in CLIENTS:
                figures = _measure(what, side, clients, options)
                if number:  # the first fills caches, and opens connections
                    found[name, clients].append(figures)
    for clients in CLIENTS:
        first = None
        for name in sides:
            middle = [statistics.median(each) for each in zip(*found[name, clients], strict=True)]
            cost = middle[1] + middle[2]
            first = first or cost
            print(
                f"{what:<20} {clients:>2} clients  {name:<10} {middle[0]:7.1f} a second   "
                f"{middle[1]:5.2f} + {middle[2]:5.2f} ms   x {cost / first:.2f}",
                flush=True,
            )
    if scales:
        times = statistics.median(scales)
        known = f"{BARS[what]} ms, of a machine where 2.0 ms are {times * 2:.2f} here"
        print(f"{what:<20} bar: {BARS[what] * times:.2f} ms ({known})", flush=True)


def _measure(what, side, clients, options):
    """Requests a second; milliseconds of CPU of the application and of PostgreSQL for each."""
    from benchmarks.http_client import PersistentClient, Shared, in_threads

    requests, statuses = Shared(_requests(what, side.rows, options)), []

    def ask():
        client = PersistentClient(side, (side.rows["host"], side.rows["token"]))
        statuses.extend(client.status(*each) for each in requests)

    before = side.cpu()
    seconds, after = in_threads(ask, clients), side.cpu()
    if set(statuses) != {200}:
        raise SystemExit(f"{what}: answered {set(statuses)}")
    costs = [(b - a) * 1000 / len(statuses) for a, b in zip(before, after, strict=True)]
    return len(statuses) / seconds, *costs


def _requests(what, rows, options):
    if what == "complete":
        path, body = VERBS[what]
        for _ in range(options.completions):
            yield "POST", f"/api/v1/{path.format(rows['open'].pop())}", body
        return
    until = time.perf_counter() + options.seconds
    if what in VERBS:
        method, (path, body), ids = "POST", VERBS[what], rows["full"]
    else:
        (path, kind), method, body = READS[what], "GET", b""
        ids = rows[kind] if kind else [None]
    for pk in itertools.cycle(ids):
        if time.perf_counter() > until:
            return
        yield method, f"/api/v1/{path.format(pk)}", body


def _make(count):
    """In the process of a revision: rows to work on, and a token, as JSON."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from benchmarks.farm import enter_farm
    from inventory.models import Spool
    from production.models import ProductionRun
    from tests.factories import a_product, a_running_run, a_spool, make_token, make_user

    farm = enter_farm(1000, 1000)
    host = f"{farm.slug}.localhost"
    ids = {
        "spools": list(Spool.objects.values_list("pk", flat=True)),
        "runs": list(ProductionRun.objects.live().values_list("pk", flat=True)),
    }
    full = [a_spool(1000) for _ in range(400)]
    items = [(a_product(f"BENCH-{n}"), 1) for n in range(2)]
    opened = []
    for number in range(count):
        takes = [(full[(number + each) % 400], 1) for each in range(2)]
        opened.append(a_running_run(*takes, items=items, planned_minutes=9).pk)
    token = make_token(make_user(role="manager", username="bench"))
    made = {"full": [spool.pk for spool in full], "open": opened, "token": token, "host": host}
    print(json.dumps(ids | made))


if __name__ == "__main__":
    if sys.argv[1:3] == ["--make", "machine"]:
        from benchmarks import machine

        machine.measure()
    elif sys.argv[1:2] == ["--make"]:
        _make(int(sys.argv[3]))
    else:
        main(sys.argv[1:])
