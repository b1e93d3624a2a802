"""How much CPU this machine takes for what is known of another one: see `scale`."""

# ruff: noqa: PLC0415 - the process that measures sets Django up first

import os
import statistics
import time

# A page of 50 spools that PostgreSQL writes as JSON, in process: from the view, in a farm that was
# entered, to the bytes; without middleware and token, its statement not prepared.
KNOWN_MS, ROUNDS, REQUESTS = 2.0, 5, 100
ADDRESS = "/api/v1/spools/"


_known = {"scales": [], "postgresql": "?"}


def scale(side):
    """How many times as much CPU it takes as there, application and PostgreSQL; measured now, in a
    process of its own on the data of a side."""
    found = side.make("machine")
    _known["postgresql"] = found["postgresql"]
    _known["scales"].append(found["ms"] / KNOWN_MS)
    return _known["scales"][-1]


def facts():
    """What figures of this machine are of: the end of a sentence."""
    cores, scales = f"on {os.cpu_count()} cores", [each * KNOWN_MS for each in _known["scales"]]
    if not scales:
        return f"{cores}."
    return (
        f"{cores} with PostgreSQL {_known['postgresql']}, where 2.0 ms of the known machine took "
        f"{statistics.median(scales):.1f} ms ({min(scales):.1f} to {max(scales):.1f})."
    )


def measured():
    """In the process of a side: the milliseconds, and the version of PostgreSQL."""
    from django.db import connection, transaction
    from django.urls import resolve
    from rest_framework.test import APIRequestFactory, force_authenticate

    from benchmarks.farm import enter_farm
    from benchmarks.serving import cpu_of
    from tenants.accounts import roles
    from tenants.accounts.models import User

    host = f"{enter_farm(1000, 1000).slug}.localhost"
    view, user = resolve(ADDRESS).func, User(pk=1, role=roles.VIEWER)
    database = connection.connection.info.backend_pid

    def cost():
        started, of_database = time.process_time(), cpu_of(database)
        for _ in range(REQUESTS):
            request = APIRequestFactory().get(ADDRESS, headers={"host": host})
            force_authenticate(request, user)
            view(request).render()
        used = time.process_time() - started + cpu_of(database) - of_database
        return used / REQUESTS * 1000

    version = connection.pg_version
    with transaction.atomic():  # in which no list is remembered
        cost()  # fills caches
        costs = [cost() for _ in range(ROUNDS)]
    return {
        "ms": statistics.median(costs),
        "postgresql": f"{version // 10_000}.{version % 10_000}",
    }
