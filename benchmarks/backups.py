"""A backup of a small farm among many: python -m benchmarks.backups [--farms 1000] [--rounds 9]

Backs up a farm of its own, with a few months of runs, before and after the schemas of so many other
farms were made, as PostgreSQL's catalogue is one for all of them. The schemas are copies of the
template, without rows of their own but the first ones. All are dropped afterwards.
"""

import argparse
import secrets
import statistics
import sys
import tempfile
import time

from django.db import connection
from django_tenants.utils import tenant_context

from production.services import completion
from tenants.farms import backups, services
from tenants.schemas import migrating, prepare, template
from tests.factories import a_running_run, a_spool

SPOOLS, RUNS = 30, 100


def main(arguments=()):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--farms", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args(arguments)
    prepare.prepare()
    name = f"bench-{secrets.token_hex(4)}"
    farm = services.add_farm(slug=name, name=name)
    others = [f"{name.replace('-', '_')}_{number}" for number in range(options.farms)]
    try:
        _fill(farm)
        _report("alone", _times(farm, options.rounds))
        _make(others)
        _report(f"among {options.farms:,}", _times(farm, options.rounds))
    finally:
        for schema in others:
            migrating.drop(schema)
        services.drop_farm(farm, by=None)


def _fill(farm):
    with tenant_context(farm):
        spools = [a_spool(1000) for _ in range(SPOOLS)]
        for number in range(RUNS):
            run = a_running_run((spools[number % SPOOLS], 10))
            completion.complete(run, by=None, as_planned=True)


def _make(schemas):
    script = template.load()
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    for schema in schemas:
        services.make_schema(schema, script)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE pg_class, pg_attribute, pg_index, pg_namespace")


def _times(farm, rounds):
    """Seconds of each backup, and its bytes."""
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            started = time.perf_counter()
            path = backups.back_up(farm, folder)
            seconds.append(time.perf_counter() - started)
        return seconds, path.stat().st_size


def _report(name, measured):
    seconds, size = measured
    print(
        f"{name:<12} median {statistics.median(seconds):.3f} s, longest {max(seconds):.3f} s"
        f"  {size:,} bytes"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
