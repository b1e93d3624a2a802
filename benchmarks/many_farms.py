"""A request at each of many farms in turn, against as many at one; and memory of PostgreSQL."""

import os
import statistics
from concurrent.futures import ThreadPoolExecutor

from benchmarks.load import measure, message, middle
from benchmarks.rows import GIGABYTES, Measured
from benchmarks.serving import served

IN_TURN = "a request at each farm in turn"
MEMORY = "PostgreSQL, after a request at each farm"
PATH, CLIENTS, LEAST, TIMES = "/api/v1/spools/", 16, 2000, 4


def measured(options):
    with served(options.port, data=options.folder("farms")) as side:
        accounts = _made(side, max(options.farms))
    with served(options.port, data=options.folder("farms")) as side:  # with its memory unused
        for count in options.farms:
            yield from visited(side, count, accounts, options)


def _made(side, count):
    """The accounts of so many farms, which are made on each core."""
    size = 50
    side.make("farms", first=0, count=1)  # and what the others are copies of
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = pool.map(
            lambda first: side.make("farms", first=first, count=min(size, count - first)),
            range(0, count, size),
        )
        return [account for part in parts for account in part]


def visited(side, count, accounts, options):
    """Each of so many farms, ``count``, several times, one after another: after the first round
    each process of the server has been at each of them."""
    times = max(TIMES, -(-LEAST // count))
    visits = [message("GET", PATH, account) for account in accounts[:count]] * times
    one = [visits[0]] * len(visits)
    alone, turns = [], []
    for number in range(options.rounds + 1):
        for messages, found in ((one, alone), (visits, turns))[:: -1 if number % 2 else 1]:
            load = measure(side, messages, clients=CLIENTS)
            if number:
                found.append(load)
    ratio = statistics.median(b.cpu / a.cpu for a, b in zip(alone, turns, strict=True))
    memory, limit = side.memory(), f"{middle(alone).cpu:.2f} ms at one"
    text, several = f"{count:,} farms", middle(turns)
    yield Measured(IN_TURN, ratio, several, memory, limit=limit, more=text)
    connections = len(side.connections())
    text += f", {connections} connections, {memory[1] / connections / 1e6:.0f} MB each"
    yield Measured(MEMORY, memory[1] / 1e9, None, memory, more=text, unit=GIGABYTES)
