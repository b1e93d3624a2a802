"""Reports of printers over HTTP: python -m benchmarks.metering [--printers=200 --seconds=60]

Serves the project by gunicorn with a database of its own, and the same statements in a bare view
beside it. They take turns: in each round 32 clients report what they used of one spool, or of 400.
The result is the median of reports per second, and its ratio to that of the bare view (bar: 0.6).
With ``--agent=Moonraker`` each client is a printer that may repeat reports: the last one is kept.

With ``--printers``, so many report every 5 s of so many ``--seconds``, and the farm is read again:
how long a report takes, and that each is in the balances. With ``--kill``, a worker of gunicorn is
killed every few seconds meanwhile: what was answered must be there.
"""

# ruff: noqa: PLC0415 - the process that makes the rows sets Django up first

import argparse
import http.client
import itertools
import json
import os
import signal
import statistics
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

HERE = str(Path(__file__).resolve())
ROOT = Path(__file__).resolve().parent.parent
CLIENTS, PORT, INTERVAL = 32, 8690, 5
MM = 10


def main(arguments=()):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--requests", type=int, default=1600)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--agent", default="benchmark")
    parser.add_argument("--printers", type=int, default=0)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--kill", action="store_true")
    options = parser.parse_args(arguments)
    if options.printers:
        _simulate(options)
    else:
        _compare(options)


def _compare(options):
    from benchmarks.one_spool import served

    with ExitStack() as stack:
        ours = stack.enter_context(served(ROOT, PORT, HERE))
        bare = {"DJANGO_SETTINGS_MODULE": "benchmarks.bare_settings"}
        bare = stack.enter_context(served(ROOT, PORT + 1, HERE, bare))
        for count in (1, 400):
            made = [side("spools", count) for side in (bare, ours)]
            rates = [[], []]
            for _ in range(options.rounds + 1):
                for side, rows, found in zip((bare, ours), made, rates, strict=True):
                    found.append(options.requests / _seconds(side.port, rows, options))
            middle = [statistics.median(found[1:]) for found in rates]  # the first warms up
            print(
                f"{count:3} spools: bare {middle[0]:6.1f}, ours {middle[1]:6.1f} a second  "
                f"x {middle[1] / middle[0]:.2f}   (load {os.getloadavg()[0]:.1f})",
                flush=True,
            )


def _seconds(port, rows, options):
    """How long the clients take for so many reports. Each has spools, or a part of them, and a
    token of its own, and reports less each time: no report contains the one before."""
    from benchmarks.http_client import Shared, in_threads

    places, refused, numbers = Shared(range(CLIENTS)), [], rows["numbers"]

    def client():
        place = next(places)
        token, own = rows["tokens"][place], itertools.cycle(numbers[place::CLIENTS] or numbers)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        for number, mm in zip(own, range(options.requests // CLIENTS, 0, -1), strict=False):
            status = _report(connection, rows, token, number, agent=options.agent, mm=mm)
            if status != 200:
                refused.append(status)

    seconds = in_threads(client, CLIENTS)
    if refused:
        raise SystemExit(f"{len(refused)} were refused, such as with {refused[0]}")
    return seconds


def _report(connection, rows, token, number, *, agent, mm=MM):
    headers = {"Host": rows["host"], "Authorization": f"Token {token}", "User-Agent": agent}
    body = json.dumps({"use_length": mm})
    connection.request("PUT", f"/api/v1/spool/{number}/use", body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def _simulate(options):
    from benchmarks.http_client import Shared, in_threads
    from benchmarks.one_spool import served

    with served(ROOT, PORT, HERE) as server:
        rows = server("printers", options.printers)
        seconds, answered, lost = [], Counter(), Counter()
        ends_at = time.monotonic() + options.seconds
        if options.kill:
            threading.Thread(target=_kill_workers, args=(server, ends_at), daemon=True).start()

        places = Shared(range(options.printers))

        def printer():
            place = next(places)
            number, token = rows["numbers"][place], rows["tokens"][place]
            at = time.monotonic() + INTERVAL * place / options.printers
            while at < ends_at:
                time.sleep(max(at - time.monotonic(), 0))
                at += INTERVAL
                started = time.perf_counter()
                try:
                    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
                    status = _report(connection, rows, token, number, agent=options.agent)
                    connection.close()
                except OSError:
                    lost[number] += 1
                    continue
                seconds.append((time.perf_counter() - started, time.monotonic()))
                if status == 200:
                    answered[number] += 1
                else:
                    lost[number] += 1

        in_threads(printer, options.printers)
        _judge(server, options, seconds, answered, lost)


def _judge(server, options, seconds, answered, lost):
    counted = server("counted", 0)
    wrong = [
        number
        for number, reports in counted["reports"].items()
        if not answered[int(number)] <= reports <= answered[int(number)] + lost[int(number)]
    ]
    began = min(at for _taken, at in seconds)
    ranked = sorted(taken for taken, _at in seconds)
    warm = sorted(taken for taken, at in seconds if at > began + 2 * INTERVAL)
    p50, p99 = (ranked[int(len(ranked) * share)] * 1000 for share in (0.5, 0.99))
    later = warm[int(len(warm) * 0.99)] * 1000
    print(
        f"{options.printers} printers, {options.seconds} s: {len(seconds)} answered, "
        f"{sum(lost.values())} not; p50 {p50:.0f} ms, p99 {p99:.0f} ms, most "
        f"{ranked[-1] * 1000:.0f} ms; after 10 s p99 {later:.0f} ms, most "
        f"{warm[-1] * 1000:.0f} ms; {len(wrong)} balances wrong, "
        f"{counted['violations']} invariants violated   (load {os.getloadavg()[0]:.1f})",
        flush=True,
    )
    if wrong or counted["violations"]:
        raise SystemExit(1)


def _kill_workers(server, ends_at):
    while time.monotonic() < ends_at - 10:
        time.sleep(7)
        if workers := _workers_of(server.pid):
            os.kill(workers[0], signal.SIGKILL)


def _workers_of(pid):
    """The processes below gunicorn's first one."""
    found = []
    for child in _children(pid):
        words = Path(f"/proc/{child}/cmdline").read_bytes()
        if b"gunicorn" in words and b"config.wsgi" in words:
            found += _children(child)
        found += _workers_of(child)
    return list(dict.fromkeys(found))


def _children(pid):
    place = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(each) for each in place.read_text().split()] if place.exists() else []


def _make(what, count):
    """In a process of the server: rows to report on, or what was reported, as JSON."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from django_tenants.utils import tenant_context

    from tenants.farms import services
    from tenants.models import Tenant

    if what == "counted":
        with tenant_context(Tenant.objects.get(slug="metering-printers")):
            print(json.dumps(_counted()))
        return
    from tests.factories import a_filament, make_token, make_user

    slug = f"metering-{what}" if what == "printers" else f"metering-{os.getpid()}"
    farm = services.add_farm(slug=slug, name=slug)
    with tenant_context(farm):
        user = make_user(role="manager")
        tokens = [
            make_token(user, scope="printer", kind="moonraker")
            for _ in range(count if what != "spools" else CLIENTS)
        ]
        numbers = _spools(a_filament(), count)
    rows = {"numbers": numbers, "tokens": tokens, "host": f"{slug}.localhost"}
    print(json.dumps(rows))


def _spools(filament, count):
    from inventory.models import Spool
    from inventory.services import receiving

    for start in range(0, count, receiving.MAX_AT_ONCE):
        some = min(count - start, receiving.MAX_AT_ONCE)
        receiving.receive_many(filament=filament, count=some, initial_grams=1000, by=None)
    return list(Spool.objects.order_by("number").values_list("number", flat=True))


def _counted():
    from django.db.models import Sum

    from inventory.models import Spool, UsageMeter
    from production.services import invariants

    meters = UsageMeter.objects.values_list("spool__number").annotate(Sum("reports"), Sum("grams"))
    each = {}
    for number, reports, grams in meters.order_by():
        spool = Spool.objects.select_related("filament").get(number=number)
        one = _grams_of_a_report(spool.filament)
        used = spool.initial_grams - spool.remaining_grams + spool.metered_grams
        if abs(used - one * reports) > len(str(reports)) * 10**-6 or grams != one * reports:
            reports = -1
        each[number] = reports
    return {"reports": each, "violations": len(list(invariants.violations()))}


def _grams_of_a_report(filament):
    from inventory.services.metering import OF_ROUND, PLACES
    from tenants.operations.quantities import rounded

    area = filament.density_g_cm3 * filament.diameter_mm**2 * OF_ROUND
    return rounded(MM * area, digits=40, places=PLACES, field="grams")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"]:
        _make(sys.argv[2], int(sys.argv[3]))
    else:
        main(sys.argv[1:])
