"""The cost of logs and traces: python -m benchmarks.operations [--runs 200] [--rounds 5]

Completes runs through the service in a farm of its own, dropped afterwards, in these ways:

- bare      the verb in its transaction: no span, no measurement, no log line
- off       @operation, nothing exported: the default
- ratio 0   the SDK on, Django and psycopg instrumented, nothing traced, metrics kept
- ratio 1   the same, every span recorded and kept in memory

Bare and off take turns, run by run, in one process; the others have a process each, as the SDK
can't be removed again. The result is medians, as ratios to bare: of all completions, and of the
best round.
"""

# ruff: noqa: PLC0415 - each process sets telemetry up first, then Django, then imports the rest

import argparse
import json
import os
import secrets
import statistics
import subprocess
import sys
import time

import django

RATIOS = ("0", "1")


def main(arguments=()):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ratio", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.ratio is not None:
        print(json.dumps(_measure(options.ratio, options.runs)))
        return
    rounds = []
    for _ in range(options.rounds):
        times = _in_a_process("", 2 * options.runs)
        times |= {f"ratio {each}": _in_a_process(each, options.runs)["off"] for each in RATIOS}
        rounds.append(times)
    print(f"{options.rounds} rounds of {options.runs} completions each; ratios to bare")
    bare = _figures([each["bare"] for each in rounds])
    for way in rounds[0]:
        median, best = _figures([each[way] for each in rounds])
        print(
            f"{way:<8} median {median * 1000:6.2f} ms  x {median / bare[0]:.3f}"
            f"   best round {best * 1000:6.2f} ms  x {best / bare[1]:.3f}"
        )


def _figures(rounds):
    """The median of all completions, and that of the best round, in seconds."""
    every = [seconds for each in rounds for seconds in each]
    return statistics.median(every), min(statistics.median(each) for each in rounds)


def _in_a_process(ratio, runs):
    command = [sys.executable, "-m", "benchmarks.operations", f"--ratio={ratio}", f"--runs={runs}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _measure(ratio, runs):
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["SPOOLBOOK_LOG_LEVEL"] = "INFO"
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - log lines are written, and not displayed
    if ratio:
        _start_telemetry(ratio)
    django.setup()
    return _completions(runs, ["off"] if ratio else ["bare", "off"])


def _start_telemetry(ratio):
    from opentelemetry import metrics, trace
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from config.telemetry import export

    os.environ |= {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio"}
    os.environ |= {"OTEL_TRACES_SAMPLER_ARG": ratio}
    trace.set_tracer_provider(export.tracer_provider(InMemorySpanExporter()))
    metrics.set_meter_provider(MeterProvider([InMemoryMetricReader()]))
    export.instrument()


def _completions(runs, ways):
    from django_tenants.utils import tenant_context

    from tenants.farms import services
    from tenants.schemas import prepare
    from tests.factories import a_running_run, a_spool

    prepare.prepare()
    slug = f"bench-{secrets.token_hex(4)}"
    farm = services.add_farm(slug=slug, name=slug)
    try:
        with tenant_context(farm):
            spool = a_spool(runs * 10)
            return _times([a_running_run((spool, 10)) for _ in range(runs)], ways)
    finally:
        services.drop_farm(farm, by=None)


def _times(runs, ways):
    """Seconds of each completion, by way; the ways take turns."""
    from production.services import completion
    from tenants.operations.operation import in_transaction

    bare = completion.complete.__wrapped__.__wrapped__  # without dry run, without @operation
    verbs = {
        "bare": lambda run, **kwargs: in_transaction(lambda: bare(run, **kwargs)),
        "off": completion.complete,
    }
    times = {way: [] for way in ways}
    for number, run in enumerate(runs):
        way = ways[number % len(ways)]
        started = time.perf_counter()
        verbs[way](run, by=None, as_planned=True)
        times[way].append(time.perf_counter() - started)
    # Without the first ones, which include what is done once.
    return {way: seconds[len(seconds) // 10 :] for way, seconds in times.items()}


if __name__ == "__main__":
    main(sys.argv[1:])
