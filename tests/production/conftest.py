"""A browser on the floor, what it is about, and a run whose printer reports."""

import pytest

from tenants.accounts import roles
from tests.conftest import at_slug, rolled_back
from tests.factories import (
    a_filament,
    a_material_type,
    a_printer,
    a_printer_token,
    a_product,
    a_running_run,
    a_spool,
    make_user,
)
from tests.production import admin_rows


@pytest.fixture(scope="module")
def furnished_admin(django_db_setup, django_db_blocker):
    """Alpha has a row for each model of the admin while the module's tests run, each of which is
    rolled back to here: the manager who made them, and ``{model name: row}``."""
    with rolled_back(django_db_blocker):
        with at_slug("alpha"):
            manager = make_user(role=roles.MANAGER, username="mona", name="Mona Manager")
            rows = admin_rows.set_up(by=manager)
        yield manager, rows


@pytest.fixture
def floor(farm_client, operator):
    """A browser on the floor, the operator signed in."""
    farm_client.force_login(operator)
    return farm_client


@pytest.fixture
def galaxy(farm):
    return a_filament("Galaxy")


@pytest.fixture
def pla(farm):
    return a_material_type("PLA")


@pytest.fixture
def hook(farm):
    return a_product("HK", name="Wall hook")


@pytest.fixture
def token(manager):
    """Of a printer's Moonraker."""
    return a_printer_token(manager, kind="moonraker")


@pytest.fixture
def spool(farm):
    return a_spool(1000)


@pytest.fixture
def run(spool, operator):
    """It prints 100 g from the spool."""
    return a_running_run((spool, 100), printer=a_printer(), by=operator)
