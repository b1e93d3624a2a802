"""Fixtures: the program with its websockets."""

import pytest

from tenants.live import listeners
from tests.config.sockets.live import Device, live_server


@pytest.fixture(scope="session")
def live(django_db_setup, tmp_path_factory):
    with live_server(tmp_path_factory.mktemp("live")) as server:
        yield server


@pytest.fixture(autouse=True)
def _beside_the_process(request, settings):
    """What the test itself changes is announced as by a worker of the same machine."""
    for name in ("live", "web"):
        if name in request.fixturenames:
            settings.SOCKETS = request.getfixturevalue(name).folder / "sockets"
    listeners.forget()
    yield
    listeners.forget()


@pytest.fixture
def device(live, committed_farm):
    """A printer of the farm, with a manager's token."""
    return Device(live, committed_farm)
