"""What pages cost: python -m benchmarks pages

At a farm of 60 printers, 4,000 spools and 100,000 runs, in process, from the request to the bytes,
as a manager who has signed in: milliseconds of CPU of the application and of PostgreSQL, medians,
worst first; statements; kB. The pages are those that tests look over (tests/browser/pages.py), and
of each model of the admin its list, its first row and its form for a new one. The two first pages
have bars in the table of `make bench`.
"""

# ruff: noqa: PLC0415 - Django is set up first

import argparse
import logging
import statistics
import time
from pathlib import Path

RUNS, SPOOLS = 100_000, 4_000


def main(arguments=()):
    parser = argparse.ArgumentParser(prog="benchmarks.pages", description=__doc__.split("\n")[0])
    parser.add_argument("--names", nargs="*", help="parts of the names of pages")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=6, help="of each measurement")
    parser.add_argument("--save", help="a folder for what the pages are")
    options = parser.parse_args(arguments)
    from django.conf import settings
    from django.db import connection, transaction
    from django_tenants.utils import tenant_context

    from benchmarks.farm import enter_farm
    from tests.conftest import FarmClient
    from tests.factories import make_user

    settings.ALLOWED_HOSTS = ["*"]
    logging.getLogger("django.request").setLevel("ERROR")  # of pages that answer 403 or 404
    tenant = enter_farm(RUNS, SPOOLS)
    with tenant_context(tenant), transaction.atomic():
        user = make_user(role="manager")
        paths = _paths(user, options.names)
        client = FarmClient(host=f"{tenant.slug}.localhost")
        client.force_login(user)
        found = {name: [] for name in paths}
        pages = {name: _look(client, path) for name, path in paths.items()}
        for _ in range(options.rounds):
            for name, path in paths.items():
                found[name].append(_cost(client, path, options.requests, connection))
        transaction.set_rollback(True)
    if options.save:
        _save(pages, Path(options.save))
    _print(found, pages)


def _paths(user, names):
    from django.urls import reverse

    from tenants.accounts import roles
    from tenants.site.site import farm_site
    from tests.browser import pages, sample_farm

    sample, granted = sample_farm.set_up(by=user), roles.permissions(user.role)
    paths = {f"floor: {name}": pages.floor_path(name, sample) for name in pages.FLOOR}
    paths |= {f"admin: {name}": pages.admin_path(name, sample) for name in pages.ADMIN}
    for model in farm_site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        called, row = model._meta.verbose_name, model._default_manager.order_by("pk").first()
        paths[f"admin: all of {called}"] = reverse(f"{name}_changelist")
        if row:
            paths[f"admin: first {called}"] = reverse(f"{name}_change", args=[row.pk])
        if f"{model._meta.app_label}.add_{model._meta.model_name}" in granted:
            paths[f"admin: new {called}"] = reverse(f"{name}_add")
    return {name: path for name, path in paths.items() if _is_meant(name, names)}


def _is_meant(name, parts):
    return not parts or any(each in name for each in parts)


def _look(client, path):
    """The page, and how many statements it takes, the second time."""
    from django.db import connection

    client.get(path)
    count = []

    def note(execute, *arguments):
        count.append(1)
        return execute(*arguments)

    with connection.execute_wrapper(note):
        answer = client.get(path)
    return answer, len(count)


def _cost(client, path, requests, connection):
    database = connection.connection.info.backend_pid
    started, of_database = time.process_time(), cpu_of(database)
    for _ in range(requests):
        b"".join(client.get(path))
    used, of_database = time.process_time() - started, cpu_of(database) - of_database
    return used / requests * 1000, of_database / requests * 1000


def cpu_of(pid):
    """CPU seconds of a process of one thread, in nanoseconds by the scheduler."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def _save(pages, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, (answer, _) in pages.items():
        (folder / f"{name.replace('/', '_')}.html").write_bytes(b"".join(answer))


def _print(found, pages):
    rows = []
    for name, costs in found.items():
        application, database = (statistics.median(each) for each in zip(*costs, strict=True))
        rows.append((application + database, application, database, name))
    print(f"{'page':<34} {'status':>6}  application + PostgreSQL ms   statements   kB")
    for total, application, database, name in sorted(rows, reverse=True):
        answer, statements = pages[name]
        size = len(b"".join(answer)) / 1000
        costs = f"{application:6.1f} + {database:5.1f} = {total:6.1f}"
        print(f"{name:<34} {answer.status_code:>6}  {costs}   {statements:>3}   {size:6.1f}")
