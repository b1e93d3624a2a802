"""Websockets while printers report: python -m benchmarks.sockets URL [--sockets 200] [--farms 1]

Against a server that runs, on the data folder SPOOLBOOK_DATA of it: farms are made, and dropped
again. Each websocket hears of all spools of its farm; reports come at 40 a second of as many spools
that each is told. A wait is from the request of a report to its event at one of the websockets.
"""

import argparse
import asyncio
import json
import os
import secrets
import socket
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import connect

GRAMS = 0.5
LAST_SECONDS = 20  # for the last events
THREADS = 8
TOKENS = 20  # of a farm: none may have all of its websockets


@dataclass
class Place:
    """A farm with its printers: ``bases`` are addresses of the API with the tokens in them."""

    host: str
    bases: list
    spools: list


@dataclass
class Measured:
    """Seconds, and how many frames came of those that should."""

    opened: float = 0
    expected: int = 0
    uses: list = field(default_factory=list)
    waits: list = field(default_factory=list)
    foreign: int = 0  # events of a spool of another farm

    def __str__(self):
        uses, waits = _in_ms(self.uses), _in_ms(self.waits)
        return (
            f"opened in {self.opened:.2f} s; frames {len(self.waits)} of {self.expected}, "
            f"{self.foreign} of other farms; use p50 {uses[0]:.1f} p99 {uses[1]:.1f} ms; "
            f"event p50 {waits[0]:.1f} p99 {waits[1]:.1f} ms"
        )


def measure(url, places, *, sockets, rate, seconds):
    """So many websockets in all of the Places, and reports a second; returns what was Measured."""
    found, heard, started = Measured(), [], {}
    ready, over = threading.Event(), threading.Event()

    def listen():
        asyncio.run(_listen(url, places, sockets, found, heard, ready, over))

    thread = threading.Thread(target=listen)
    thread.start()
    if not ready.wait(60):
        raise TimeoutError("The websockets were not opened.")
    each = sockets // len(places)
    _report(url, places, rate, seconds, started, found)
    found.expected = len(started) * each
    until = time.monotonic() + LAST_SECONDS
    while len(heard) < found.expected and time.monotonic() < until:
        time.sleep(0.05)
    over.set()
    thread.join()
    for host, number, used, at in heard:
        began = started.get((host, number, used))
        if began is None:
            found.foreign += number not in _numbers(places, host)
        else:
            found.waits.append(at - began)
    return found


def _numbers(places, host):
    return next(place.spools for place in places if place.host == host)


async def _listen(url, places, sockets, found, heard, ready, over):
    where = urlsplit(url)

    async def one(place, number):
        sock = socket.create_connection((where.hostname, where.port))
        address = f"ws://{place.host}{place.bases[number % len(place.bases)]}/spool"
        return await connect(address, sock=sock, proxy=None, open_timeout=30, compression=None)

    async def hear(place, websocket):
        async for text in websocket:
            at, payload = time.perf_counter(), json.loads(text)["payload"]
            heard.append((place.host, payload["id"], payload["used_weight"], at))

    begun = time.perf_counter()
    async with AsyncExitStack() as stack:
        tasks = []
        for place in places:
            for number in range(sockets // len(places)):
                websocket = await one(place, number)
                stack.push_async_callback(websocket.close)
                tasks.append(asyncio.create_task(hear(place, websocket)))
        found.opened = time.perf_counter() - begun
        ready.set()
        await asyncio.to_thread(over.wait)
        for task in tasks:
            task.cancel()


def _report(url, places, rate, seconds, started, found):
    """Reports at a rate, by several clients, of each spool in turn."""
    turns = [
        (place, place.spools[number]) for number in range(len(places[0].spools)) for place in places
    ]
    begun = time.perf_counter()
    clients = threading.local()

    def one(number):
        time.sleep(max(0, begun + number / rate - time.perf_counter()))
        if not hasattr(clients, "http"):
            clients.http = httpx.Client(base_url=url, timeout=30)
        place, spool = turns[number % len(turns)]
        at = time.perf_counter()
        answer = clients.http.put(
            f"{place.bases[0]}/spool/{spool}/use",
            headers={"Host": place.host},
            json={"use_weight": GRAMS},
        )
        answer.raise_for_status()
        found.uses.append(time.perf_counter() - at)
        started[place.host, spool, answer.json()["used_weight"]] = at

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(int(rate * seconds))))


def _in_ms(seconds):
    if len(seconds) < 2:
        return 0, 0
    parts = statistics.quantiles(seconds, n=100)
    return parts[49] * 1000, parts[98] * 1000


# --- Farms, made for it ----------------------------------------------------------------------


@contextmanager
def a_place(spools):
    """A farm of its own, with so many spools."""
    from django.db import connection  # noqa: PLC0415 - once Django is set up
    from django_tenants.utils import tenant_context  # noqa: PLC0415

    from inventory.models import Filament, MaterialType  # noqa: PLC0415
    from inventory.services import receiving  # noqa: PLC0415
    from tenants.accounts.models import User  # noqa: PLC0415
    from tenants.accounts.services import issue_token  # noqa: PLC0415
    from tenants.farms import services  # noqa: PLC0415

    slug = f"bench-{secrets.token_hex(4)}"
    tenant = services.add_farm(slug=slug, name=slug, password=secrets.token_urlsafe(12))
    try:
        with tenant_context(tenant):
            user = User.objects.get()
            kind = MaterialType.objects.first()
            filament = Filament.objects.create(
                name="Any", material_type=kind, density_g_cm3=kind.density_g_cm3, net_grams=1000
            )
            made = [
                receiving.receive(filament=filament, initial_grams=1000, by=user)
                for _ in range(spools)
            ]
            for each in made:
                each.refresh_from_db(fields=["number"])
            issued = [
                issue_token(user, name=f"printer {number}", scope="printer", by=user)
                for number in range(TOKENS)
            ]
        bases = [f"/d/{secret}/api/v1" for _token, secret in issued]
        yield Place(f"{slug}.localhost", bases, [each.number for each in made])
    finally:
        services.drop_farm(tenant, by=None)
        connection.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("url")
    for name, default in (("sockets", 200), ("farms", 1), ("rate", 40), ("seconds", 15)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django  # noqa: PLC0415

    django.setup()
    spools = max(2 * options.rate // options.farms, 1)
    with ExitStack() as stack:
        places = [stack.enter_context(a_place(spools)) for _ in range(options.farms)]
        how = {name: getattr(options, name) for name in ("sockets", "rate", "seconds")}
        print(measure(options.url, places, **how), flush=True)


if __name__ == "__main__":
    main()
