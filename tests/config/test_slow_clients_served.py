"""Clients that are answered beside 300 half-sent requests, slow readers and a busy farm."""

import statistics
from types import SimpleNamespace

import pytest

from benchmarks.availability import polite, two_farms
from benchmarks.slow_clients import ATTACKS
from tests.budgets import deep


@pytest.fixture(scope="module")
def farms(server, django_db_blocker):
    with django_db_blocker.unblock(), two_farms(0) as farms:
        yield SimpleNamespace(url=server.url, **vars(farms))


@deep
@pytest.mark.parametrize("name", ATTACKS)
def test_a_farm_is_answered_beside_others(farms, name):
    """Each request, and half of them within a second on any machine: on an idle one, all."""
    polite(farms, 2)
    with ATTACKS[name](farms):
        times = polite(farms, 5)
    assert max(times) < 10
    assert statistics.median(times) < 1
