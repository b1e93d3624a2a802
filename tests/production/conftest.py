"""A program at the farm, signed in as its manager."""

import pytest


@pytest.fixture
def api(api_client, manager):
    api_client.force_authenticate(manager)
    return api_client


@pytest.fixture
def floor(farm_client, operator):
    """A browser on the floor, the operator signed in."""
    farm_client.force_login(operator)
    return farm_client
