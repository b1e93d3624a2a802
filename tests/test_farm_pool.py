"""A farm to commit in is lent again as it was made, or not at all."""

import pytest
from django.db import connection

from inventory.models import InventoryTransaction, Spool
from production.models import Reason
from tenants.accounts.models import User
from tenants.farms import services
from tenants.models import Tenant
from tests import farm_pool
from tests.conftest import go_out, go_to
from tests.factories import a_running_run, a_spool, make_user
from tests.production.completed_runs import printed


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


CHANGES = {
    "a first row changed": lambda _: User.objects.update(name="Changed"),
    "a first row gone": lambda _: Reason.objects.last().delete(),
    "a trigger": lambda _: execute(
        f"ALTER TABLE {farm_pool.LEDGER} DISABLE TRIGGER ledger_rows_stay"
    ),
    "a table": lambda _: execute("CREATE TABLE more (id bigint)"),
    "a column": lambda _: execute("ALTER TABLE inventory_location ADD COLUMN more text"),
    "a privilege": lambda farm: execute(f"REVOKE USAGE ON SCHEMA {farm.schema_name} FROM PUBLIC"),
    "suspended and resumed": lambda farm: [
        services.suspend_farm(farm, by=None),
        services.resume_farm(farm, by=None),
    ],
}


def lent_after(change):
    """The farm that was changed, and the one that is lent next; it is entered."""
    farm = farm_pool.lend()
    go_to(farm)
    change(farm)
    go_out()
    farm_pool.give_back(farm)
    following = farm_pool.lend()
    go_to(following)
    return farm, following


@pytest.fixture
def _returned(django_db_setup, django_db_blocker):
    """What a test has borrowed goes back."""
    with django_db_blocker.unblock():
        yield
        go_out()
        for farm in list(farm_pool._lent.values()):
            farm_pool.give_back(farm.tenant)


@pytest.mark.usefixtures("_returned")
def test_a_farm_with_new_rows_is_lent_again_without_them():
    def work(_):
        a_running_run((a_spool(), 10))
        printed((a_spool(), 10))
        make_user()

    farm, following = lent_after(work)
    assert following == farm
    assert not Spool.objects.exists()
    assert not InventoryTransaction.objects.exists()
    assert [user.username for user in User.objects.all()] == ["manager"]
    assert Reason.objects.exists()


@pytest.mark.usefixtures("_returned")
def test_a_farm_changed_otherwise_is_not_lent_again():
    for what, change in CHANGES.items():
        farm, following = lent_after(change)
        assert following.pk != farm.pk, what
        go_out()
        assert not Tenant.objects.filter(pk=farm.pk).exists(), what
        farm_pool.give_back(following)
