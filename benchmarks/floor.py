"""The floor's pages at a farm of 10,000 spools and 100,000 runs, compared with one of a hundredth.

Goal: at most 12 queries, the same number at both farms.
"""

from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_tenants.utils import tenant_context

from benchmarks.farm import enter_farm
from benchmarks.reports import best_of
from tests.browser import stage
from tests.browser.pages import FLOOR, floor_path
from tests.conftest import FarmClient
from tests.factories import make_user

SIZES = {"small": (1_000, 100), "large": (100_000, 10_000)}


def main():
    settings.ALLOWED_HOSTS = ["*"]
    measured = {name: _measured(*size) for name, size in SIZES.items()}
    print("Pages of the floor: queries; milliseconds; ratio to the small farm")
    for name in FLOOR:
        (few, before), (many, after) = (measured[size][name] for size in SIZES)
        queries = f"{many}" if few == many else f"{few} -> {many}"
        print(f"  {name:<18} {queries:>3}   {after * 1000:6.1f} ms   {after / before:5.2f}")


def _measured(runs, spools):
    """Queries and seconds of each page, in a transaction that is rolled back."""
    tenant = enter_farm(runs, spools)
    with tenant_context(tenant), transaction.atomic():
        user = make_user()
        scene = stage.set_up(by=user)
        paths = {name: floor_path(name, scene) for name in FLOOR}
        client = FarmClient(host=f"{tenant.slug}.localhost")
        client.force_login(user)
        seconds = best_of(
            {name: lambda path=path: client.get(path) for name, path in paths.items()}
        )
        queries = {name: _count_queries(client, path) for name, path in paths.items()}
        transaction.set_rollback(True)
    return {name: (queries[name], seconds[name]) for name in FLOOR}


def _count_queries(client, path):
    client.get(path)  # the farm is in the cache
    with CaptureQueriesContext(connection) as context:
        assert client.get(path).status_code == 200
    return sum(query["sql"].startswith(("SELECT", "(SELECT")) for query in context.captured_queries)
