"""Requests of the API and pages over HTTP, beside the same statements in a bare view of Django.

The statements of each request are recorded, with their parameters, from the project served on a
copy of the data. Then the project and a bare view of Django, behind the same web server with the
same settings, take turns: the view enters the farm, sends those statements for those rows, and
answers with the same JSON. Or, with ``--against``, the project and a revision of it take turns.
"""

import copy
import http.client
import statistics
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import machine
from benchmarks.load import Load, Unexpected, measure, message, middle
from benchmarks.rows import Measured, Missing
from benchmarks.serving import served
from benchmarks.size import checkout
from benchmarks.workloads import API

READS = 100  # different requests of a measurement


def measured(options):
    with both_served(options) as sides:
        ours, scales = sides["ours"], []
        for name, workload in API.items():
            if workload.is_read:
                scales.append(machine.scale(ours))
            some = sides if workload.account != "browser" else {"ours": ours}
            found = in_turns(workload, some, options)
            scale = statistics.median(scales)
            row = of_read if workload.is_read else of_verb
            yield row(name, found, options, scale=scale, memory=ours.memory())
        yield unchanged(ours, options, scale)
        yield transfers(ours, options)


UNCHANGED, TRANSFERS = "list of 50 runs, unchanged since", "transfers between two balances"


def unchanged(side, options, scale):
    """A list with the ETag of a former answer."""
    workload = API["list of 50 runs with items and materials"]
    tag = _tag_of(side, workload)
    text = message("GET", workload.path, side.rows["account"], **{"If-None-Match": tag or "-"})
    try:
        loads = [
            measure(side, [text], clients=options.clients[0], seconds=options.seconds, status=304)
            for _ in range(options.rounds + 1)
        ]
    except Unexpected as error:
        return Missing(UNCHANGED, str(error))
    load = middle(loads[1:])
    return Measured(UNCHANGED, load.cpu, load, side.memory(), scale=scale)


def _tag_of(side, workload):
    host, credential = side.rows["account"]
    connection = http.client.HTTPConnection(urlsplit(side.url).netloc)
    connection.request("GET", workload.path, headers={"Host": host, **credential})
    answer = connection.getresponse()
    answer.read()
    return answer.getheader("ETag")


def transfers(side, options):
    """What PostgreSQL takes for the least that moves amounts between balances."""
    few = {"clients": options.clients[0], "seconds": options.seconds, "rounds": options.rounds}
    found = side.make("transfers", **few)
    load = Load(found["rate"], 0, found["ms"], [])
    more = "a limit for writes: two balances locked, two entries, in PostgreSQL alone"
    return Measured(TRANSFERS, load.cpu, load, more=more)


def of_read(name, found, options, **more):
    loads = {each: middle(found["ours", each]) for each in options.clients}
    few = loads[options.clients[0]]
    rates = ", ".join(f"{each}: {load.cpu:.2f} ms" for each, load in loads.items())
    limit = ""
    if ("bare", options.clients[0]) in found:
        bare = middle(found["bare", options.clients[0]]).cpu
        limit = f"{bare:.2f} ms, x {few.cpu / bare:.2f}"
    return Measured(name, few.cpu, few, limit=limit, more=f"by clients {rates}", **more)


def of_verb(name, found, options, **more):
    shares, costs = {}, {}
    for clients in options.clients:
        pairs = list(zip(found["bare", clients], found["ours", clients], strict=True))
        shares[clients] = statistics.median(ours.rate / bare.rate for bare, ours in pairs)
        costs[clients] = statistics.median(bare.cpu / ours.cpu for bare, ours in pairs)
    each = ", ".join(f"{clients}: {share:.2f}" for clients, share in shares.items())
    by_cpu = ", ".join(f"{share:.2f}" for share in costs.values())
    few = options.clients[0]
    bare, ours = middle(found["bare", few]), middle(found["ours", few])
    limit = f"{bare.rate:,.0f} a second, {bare.cpu:.2f} ms"
    text = f"by clients {each}; by CPU {by_cpu}"
    return Measured(name, min(shares.values()), ours, limit=limit, more=text, **more)


def in_turns(workload, sides, options):
    """``{(side, clients): [Load, ...]}``, without the first round, which fills caches."""
    found = {(name, clients): [] for name in sides for clients in options.clients}
    for number in range(options.rounds + 1):
        for clients in options.clients:
            for name, side in list(sides.items())[:: -1 if number % 2 else 1]:
                count = READS if workload.is_read else options.requests
                messages = workload.messages(side.rows, count)
                seconds = options.seconds if workload.is_read else None
                load = measure(side, messages, clients=clients, seconds=seconds)
                if number:
                    found[name, clients].append(load)
    return found


# --- Against a revision --------------------------------------------------------------------------


def compared(options):
    """Lines with the CPU of each request here, and its ratio to that of a revision."""
    with (
        checkout(options.against) as root,
        served(options.port, root=root) as before,
        served(options.port + 1) as after,
    ):
        for side in (before, after):
            side.rows = side.make("requests", count=_needed(options))
        for name, workload in API.items():
            found = in_turns(workload, {"before": before, "ours": after}, options)
            for clients in options.clients:
                yield _comparison(name, clients, found)


def _comparison(name, clients, found):
    pairs = list(zip(found["before", clients], found["ours", clients], strict=True))
    before, after = middle(found["before", clients]), middle(found["ours", clients])
    costs = statistics.median(after.cpu / before.cpu for before, after in pairs)
    rates = statistics.median(after.rate / before.rate for before, after in pairs)
    return (
        f"{name:<42} {clients:>2} clients  CPU {before.cpu:6.2f} to {after.cpu:6.2f} ms  "
        f"x {costs:.2f}   a second {before.rate:6.1f} to {after.rate:6.1f}  x {rates:.2f}"
    )


def _needed(options):
    return options.requests * (options.rounds + 1) * len(options.clients)


# --- Beside a bare view --------------------------------------------------------------------------


@contextmanager
def both_served(options):
    """The bare view and the project, on a copy of the same data each. Copies keep their owner: the
    embedded server runs as one of its own where root starts it."""
    with tempfile.TemporaryDirectory() as folder:
        data = {name: Path(folder) / name for name in ("rows", "recorded", "bare", "ours")}
        statements = Path(folder) / "statements"
        statements.mkdir()
        subprocess.run(["cp", "-a", _farms(options), data["rows"]], check=True)
        with served(options.port, data=data["rows"]) as side:
            rows = side.make("requests", count=_needed(options))
        for name in ("recorded", "bare", "ours"):
            subprocess.run(["cp", "-a", data["rows"], data[name]], check=True)
        more = {"DJANGO_SETTINGS_MODULE": "benchmarks.replaying_settings"}
        more |= {"RECORDED_STATEMENTS": str(statements)}
        with served(options.port, data=data["recorded"], more=more) as side:
            _record(side, copy.deepcopy(rows), options)
        more |= {"REPLAY": "1"}
        with (
            served(options.port, data=data["bare"], more=more) as bare,
            served(options.port + 1, data=data["ours"]) as ours,
        ):
            bare.rows, ours.rows = copy.deepcopy(rows), copy.deepcopy(rows)
            yield {"bare": bare, "ours": ours}


def _farms(options):
    """The folder with the farms that the rows are added to; made the first time."""
    folder = options.folder("requests")
    if not (folder / "complete").exists():
        with served(options.port, data=folder) as side:
            side.make("farms_of_requests")
        (folder / "complete").touch()
    return folder


def _record(side, rows, options):
    for workload in API.values():
        if workload.account != "browser":
            count = READS if workload.is_read else _needed(options)
            measure(side, workload.messages(rows, count), clients=4)
