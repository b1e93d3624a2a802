"""Verbs over HTTP, against their statements in a bare view: python -m benchmarks.verbs

The statements of each request are recorded, with their parameters, from the project served on a
copy of the data. Then the project and a bare view of Django, behind the same web server with the
same settings, take turns: the view enters the farm, sends those statements for those rows, and
answers with the same JSON. For 8 clients, and for 32: requests a second, milliseconds of CPU of the
application and of PostgreSQL for each; then the ratios of the rounds, of the requests a second
(bar: 0.6) and of the requests that a second of CPU answers: their median, least and most.
"""

# ruff: noqa: PLC0415 - the process that makes the rows sets Django up first

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

HERE = str(Path(__file__).resolve())
ROOT = Path(__file__).resolve().parent.parent
PORT, CLIENTS = 8830, (8, 32)
VERBS = {
    "complete": ("production-runs/{}/complete/", b'{"as_planned": true}'),
    "use": ("spools/{}/use/", b'{"grams": "12.5"}'),
    "weigh": ("spools/{}/weigh/", b'{"gross_grams": "1100", "confirm": true}'),
}


def main(arguments=()):
    parser = argparse.ArgumentParser(prog="benchmarks.verbs", description=__doc__.split("\n")[0])
    parser.add_argument("--requests", type=int, default=80, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    count = options.requests * (options.rounds + 1) * len(CLIENTS)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        rows, bare, ours = _served_twice(stack, Path(folder), count)
        for verb in VERBS:
            _compare(verb, rows, {"bare": bare, "ours": ours}, options)


def _served_twice(stack, folder, count):
    """The rows, the bare view and the project, on a copy of the same data each."""
    from benchmarks.one_spool import served

    data = {name: folder / name for name in ("rows", "recorded", "bare", "ours")}
    statements = folder / "statements"
    statements.mkdir()
    data["rows"].mkdir()
    with served(ROOT, PORT, HERE, data=data["rows"]) as side:
        rows = side("rows", count)
    for name in ("recorded", "bare", "ours"):
        # With its owner: the embedded server runs as one of its own where root starts it.
        subprocess.run(["cp", "-a", data["rows"], data[name]], check=True)
    more = {"DJANGO_SETTINGS_MODULE": "benchmarks.replaying_settings"}
    more |= {"RECORDED_STATEMENTS": str(statements)}
    with served(ROOT, PORT + 1, HERE, more, data=data["recorded"]) as side:
        for verb in VERBS:
            _ask(side, 1, rows, list(_requests(verb, rows[verb])))
    more |= {"REPLAY": "1"}
    bare = stack.enter_context(served(ROOT, PORT + 2, HERE, more, data=data["bare"]))
    ours = stack.enter_context(served(ROOT, PORT + 3, HERE, data=data["ours"]))
    return rows, bare, ours


def _compare(verb, rows, sides, options):
    found = {(name, clients): [] for name in sides for clients in CLIENTS}
    left = iter(list(_requests(verb, rows[verb])))
    for number in range(options.rounds + 1):
        for clients in CLIENTS:
            some = [next(left) for _ in range(options.requests)]
            for name, side in sides.items():
                figures = _measure(side, clients, rows, some)
                if number:  # the first fills caches, and opens connections
                    found[name, clients].append(figures)
    for clients in CLIENTS:
        for name in sides:
            rate, *costs = map(statistics.median, zip(*found[name, clients], strict=True))
            costs = f"{costs[0]:5.2f} + {costs[1]:4.2f} ms"
            print(f"{verb:<9} {clients:2} clients  {name}  {rate:6.1f} a second  {costs}")
        pairs = list(zip(*(found[name, clients] for name in sides), strict=True))
        rates = [ours[0] / bare[0] for bare, ours in pairs]
        costs = [sum(bare[1:]) / sum(ours[1:]) for bare, ours in pairs]
        print(
            f"{verb:<9} {clients:2} clients  x {statistics.median(rates):.2f} "
            f"({min(rates):.2f} to {max(rates):.2f}), by CPU {statistics.median(costs):.2f} "
            f"({min(costs):.2f} to {max(costs):.2f})   (load {os.getloadavg()[0]:.1f})",
            flush=True,
        )


def _measure(side, clients, rows, some):
    """Requests a second; milliseconds of CPU of the application and of PostgreSQL for each."""
    before = side.cpu()
    seconds = _ask(side, clients, rows, some)
    after = side.cpu()
    costs = [(b - a) * 1000 / len(some) for a, b in zip(before, after, strict=True)]
    return len(some) / seconds, *costs


def _ask(side, clients, rows, some):
    from benchmarks.http_client import PersistentClient, Shared, in_threads

    requests, statuses = Shared(some), []

    def ask():
        client = PersistentClient(side, (rows["host"], rows["token"]))
        statuses.extend(client.status(*each) for each in requests)

    seconds = in_threads(ask, clients)
    if set(statuses) != {200}:
        raise SystemExit(f"{some[0][1]}: answered {set(statuses)}")
    return seconds


def _requests(verb, ids):
    address, body = VERBS[verb]
    return [("POST", f"/api/v1/{address.format(pk)}", body) for pk in ids]


def _make(count):
    """In a process of the server: rows to work on, and a token, as JSON."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from benchmarks.farm import enter_farm
    from tests.factories import a_filament, a_product, a_running_run, make_token, make_user

    farm = enter_farm(1000, 1000)
    spools = _spools(a_filament(), 4 * count)
    items = [(a_product(f"BENCH-{n}"), 1) for n in range(2)]
    takes = list(zip(spools[::4], spools[1::4], strict=True))
    runs = [
        a_running_run(*((spool, 1) for spool in pair), items=items, planned_minutes=9)
        for pair in takes
    ]
    made = {
        "complete": [run.pk for run in runs],
        "use": [spool.pk for spool in spools[2::4]],
        "weigh": [spool.pk for spool in spools[3::4]],
        "token": make_token(make_user(role="manager", username="bench")),
        "host": f"{farm.slug}.localhost",
    }
    print(json.dumps(made))


def _spools(filament, count):
    from inventory.services import receiving

    spools, most = [], receiving.MAX_AT_ONCE
    while missing := count - len(spools):
        more = {"count": min(missing, most), "initial_grams": 1000, "by": None}
        spools += receiving.receive_many(filament=filament, **more)
    return spools


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"]:
        _make(int(sys.argv[3]))
    else:
        main(sys.argv[1:])
