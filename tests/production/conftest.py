"""A program at the farm, signed in as its manager."""

import pytest


@pytest.fixture
def api(api_client, manager):
    api_client.force_authenticate(manager)
    return api_client
