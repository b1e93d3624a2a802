"""A browser on the floor, and what it is about."""

import pytest

from tests.factories import a_filament, a_product


@pytest.fixture
def floor(farm_client, operator):
    """A browser on the floor, the operator signed in."""
    farm_client.force_login(operator)
    return farm_client


@pytest.fixture
def galaxy(farm):
    return a_filament("Galaxy")


@pytest.fixture
def hook(farm):
    return a_product("HK", name="Wall hook")
