"""The floor's pages at a farm of 10,000 spools and 100,000 runs, against one of a hundredth.

Bar: at most 12 questions to the database, as many at either farm.
"""

from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_tenants.utils import tenant_context

from benchmarks.farm import filled
from benchmarks.reports import best_of
from tests.browser import stage
from tests.browser.pages import FLOOR, floor_path
from tests.conftest import FarmClient
from tests.factories import make_user

SIZES = {"small": (1_000, 100), "large": (100_000, 10_000)}


def main():
    settings.ALLOWED_HOSTS = ["*"]
    measured = {name: _measured(*size) for name, size in SIZES.items()}
    print("Pages of the floor: questions; milliseconds; the small farm is 1")
    for name in FLOOR:
        (few, before), (many, after) = (measured[size][name] for size in SIZES)
        asked = f"{many}" if few == many else f"{few} -> {many}"
        print(f"  {name:<18} {asked:>3}   {after * 1000:6.1f} ms   {after / before:5.2f}")


def _measured(runs, spools):
    """Questions and seconds of each page, of a stage that is taken away again."""
    tenant = filled(runs, spools)
    with tenant_context(tenant), transaction.atomic():
        user = make_user()
        scene = stage.set_up(by=user)
        paths = {name: floor_path(name, scene) for name in FLOOR}
        client = FarmClient(host=f"{tenant.slug}.localhost")
        client.force_login(user)
        taken = best_of({name: lambda path=path: client.get(path) for name, path in paths.items()})
        asked = {name: _questions(client, path) for name, path in paths.items()}
        transaction.set_rollback(True)
    return {name: (asked[name], taken[name]) for name in FLOOR}


def _questions(client, path):
    client.get(path)  # the farm is in the cache
    with CaptureQueriesContext(connection) as seen:
        assert client.get(path).status_code == 200
    return sum(query["sql"].startswith(("SELECT", "(SELECT")) for query in seen.captured_queries)
