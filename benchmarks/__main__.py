"""python -m benchmarks [NAME ...] [--option=value ...]: the table of docs/performance.md.

Without a name, all groups of the table: api, growth, reports, exports, farms. The others print
figures of their own. Of everything, the table goes into docs/performance.md as well.
"""

import argparse
import importlib
import os
import sys
import time

from benchmarks import folders, machine, page, rows

GROUPS = {
    "api": "benchmarks.api",
    "growth": "benchmarks.growth",
    "reports": "benchmarks.reports",
    "exports": "benchmarks.exports",
    "farms": "benchmarks.many_farms",
}
OTHERS = ("operations", "availability", "sliced_files", "finding", "best_fit", "pages")
QUICK = {"runs": [1000, 20_000], "farms": [1, 20], "rounds": 2, "seconds": 0.5, "requests": 20}


def main(arguments):
    names = [each for each in arguments if not each.startswith("-")]
    if others := [each for each in names if each in OTHERS]:
        return _others(others, [each for each in arguments if each.startswith("-")])
    options = _options(arguments)
    if options.against:
        from benchmarks import api  # noqa: PLC0415

        for line in api.compared(options):
            print(line, flush=True)
        return 0
    found = list(_measured(options))
    print(f"\n{rows.table(found)}\n\nMeasured {machine.facts()}")
    if not options.names and not options.quick:
        page.write(found)
    return any(isinstance(row, rows.Missing) for row in found)


def _options(arguments):
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__.partition(": ")[2]
    )
    parser.add_argument("names", nargs="*", help=", ".join([*GROUPS, *OTHERS]))
    parser.add_argument("--quick", action="store_true", help="in a few minutes, at small sizes")
    parser.add_argument("--runs", type=_numbers, help="of the farms of the growth: 1000,1000000")
    parser.add_argument("--farms", type=_numbers, help="that are visited in turn: 1,100,1000")
    parser.add_argument("--clients", type=_numbers, default=[8, 32])
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of each measurement of reads")
    parser.add_argument("--requests", type=int, help="of each measurement of a verb")
    parser.add_argument("--port", type=int, default=8810)
    parser.add_argument("--against", metavar="REVISION", help="compare requests with a revision")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - {*GROUPS}:
        parser.error(f"There is no {', '.join(unknown)}.")
    whole = {"runs": [1000, 100_000, 1_000_000], "farms": [1, 100, 1000]}
    whole |= {"rounds": 4, "seconds": 1.0, "requests": 60}
    for name, value in (QUICK if options.quick else whole).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    options.folder = folders.folder
    return options


def _numbers(text):
    return [int(each) for each in text.split(",")]


def _measured(options):
    for name in options.names or GROUPS:
        print(f"\n{name}: load {os.getloadavg()[0]:.1f}", flush=True)
        if os.getloadavg()[0] > os.cpu_count():
            print("The machine is busy: ratios differ more than they should.", flush=True)
        started = time.monotonic()
        try:
            for row in importlib.import_module(GROUPS[name]).measured(options):
                print(rows.line(row), flush=True)
                yield row
        except (Exception, SystemExit) as error:  # the other groups are measured all the same
            print(f"{name} failed", flush=True)
            yield rows.Missing(name, repr(error))
        print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)


def _others(names, flags):
    import django  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("SPOOLBOOK_DATA", ".data/bench")
    os.environ.setdefault("SPOOLBOOK_LOG_LEVEL", "ERROR")
    django.setup()
    settings.DEBUG = False  # else statements are logged, and none is prepared
    for name in names:
        importlib.import_module(f"benchmarks.{name}").main(*[flags] if flags else [])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
