"""How much CPU this machine takes for what is known of another one: see `scale`."""

# ruff: noqa: PLC0415 - the process that measures sets Django up first

import json
import os
import statistics
import time

# A page of 50 spools that PostgreSQL writes as JSON, in process: from the view, in a farm that was
# entered, to the bytes; without middleware and token, its statement not prepared.
KNOWN_MS, ROUNDS, REQUESTS = 2.0, 5, 100
ADDRESS = "/api/v1/spools/"


def scale(side):
    """How many times as much CPU it takes as there, application and PostgreSQL; measured now, in a
    process of its own on the data of a side (see ``served``)."""
    return side("machine", 0)["ms"] / KNOWN_MS


def measure():
    """In the process of a side: the milliseconds, as JSON."""
    os.environ |= {"SPOOLBOOK_PREPARE_STATEMENTS": "0"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.urls import resolve
    from rest_framework.test import APIRequestFactory, force_authenticate

    from benchmarks.farm import enter_farm
    from benchmarks.one_spool import cpu_of
    from tenants.accounts import roles
    from tenants.accounts.models import User

    settings.DEBUG = False  # statements are not logged
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

    cost()  # fills caches
    print(json.dumps({"ms": statistics.median(cost() for _ in range(ROUNDS))}))
